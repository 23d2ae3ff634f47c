"""scripts/serve --tls: the bar over https, with the cookies that only https allows."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from scripts.local.stack import LocalStack
from scripts.machine import StackError
from scripts.own_certificate import make_certificate
from scripts.screens import get_place
from tests.e2e.conftest import Bar

_COOKIES = {"__Host-browser", "__Host-session", "__Host-staff"}


class HttpsBar(Bar):
    def context(self, kind: str, **options):
        # Of our own making: a person would have told their browser to trust it.
        return super().context(kind, ignore_https_errors=True, **options)


def test_an_order_over_https_with_cookies_bound_to_this_host(browser, tmp_path):
    hours = 6 * 3600
    with (
        ExitStack() as contexts,
        LocalStack(
            data=tmp_path / "bar",
            tls=make_certificate(tmp_path),
            code_window_seconds=hours,
            code_seconds=hours,
            scans_per_code=9,
        ) as stack,
    ):
        assert stack.base_url.startswith("https://")
        bar = HttpsBar(browser, stack, contexts)
        tv = bar.tv()
        expect(tv.get_by_text("9 of 9 left")).to_be_visible()
        phone = bar.scan(tv)
        get_place(phone)
        # Pushed: the event stream goes through TLS too.
        expect(tv.get_by_text("8 of 9 left")).to_be_visible()
        cookies = [*tv.context.cookies(), *phone.context.cookies()]
        assert {cookie["name"] for cookie in cookies} == _COOKIES
        for cookie in cookies:
            assert cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax"
        assert bar.complaints == []


def test_a_certificate_that_does_not_fit_its_key_is_one_line_of_advice(tmp_path):
    (tmp_path / "a").mkdir()
    certificate, _ = make_certificate(tmp_path)
    _, key = make_certificate(tmp_path / "a")
    with pytest.raises(StackError, match="cannot be used as certificate and key"):
        LocalStack(data=tmp_path / "bar", tls=(certificate, key)).start()
