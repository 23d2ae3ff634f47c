"""The bar goes on where it stopped, with the same data folder."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from scripts.local.stack import LocalStack
from scripts.own_certificate import make_certificate
from scripts.screens import card, get_place, place_order, tap
from tests.e2e.conftest import Bar


def test_open_orders_go_on_after_a_restart(browser, tmp_path):
    with ExitStack() as contexts:
        with LocalStack(data=tmp_path) as stack:
            bar = Bar(browser, stack, contexts)
            tv, tablet = bar.tv(), bar.tablet("Rui")
            choosing, waiting = bar.scan(tv), bar.scan(tv)
            get_place(choosing)
            get_place(waiting)
            number = place_order(waiting, "Latte")
            expect(card(tablet, number)).to_be_visible()
            port = stack.port

        with LocalStack(data=tmp_path, port=port) as stack:
            expect(tablet.get_by_text("Reconnecting")).to_be_hidden()
            next_number = place_order(choosing, "Tea")
            assert int(next_number) == int(number) + 1
            tap(tablet, next_number, "Make")
            expect(choosing.get_by_role("heading", name="Rui is making it now")).to_be_visible()
            tap(tablet, number, "Make")
            tap(tablet, number, "Complete")
            expect(waiting.get_by_role("heading", name="Ready")).to_be_visible()


@pytest.mark.parametrize("is_https", [False, True])
def test_who_asks_while_the_web_process_is_started_again_waits_and_is_not_refused(
    tmp_path, is_https
):
    tls = make_certificate(tmp_path) if is_https else None
    with LocalStack(data=tmp_path / "bar", tls=tls) as stack:
        os.kill(stack.web_process_id, signal.SIGKILL)
        stack._web.wait()
        waiting = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
        waiting.connect()
        if is_https:
            assert stack.revive() == ["The web process"]
            context = ssl.create_default_context(cafile=tls[0])
            waiting.sock = context.wrap_socket(waiting.sock, server_hostname="127.0.0.1")
            waiting.request("GET", "/healthz")
        else:
            waiting.request("GET", "/healthz")
            assert stack.revive() == ["The web process"]
        assert waiting.getresponse().status == 200
