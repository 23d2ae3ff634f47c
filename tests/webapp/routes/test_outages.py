"""While a part of the bar is down every address says "one moment", and none says that we failed."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from botocore import exceptions
from botocore.endpoint import Endpoint
from botocore.parsers import ResponseParserError

from tests.webapp.routes.conftest import claim, sign_in
from webapp.cloud.outages import outage_in

_URL = "http://127.0.0.1:1/"


def _answer(status: int, code: str):
    error = {"Code": code, "Message": "not now"}
    parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
    return (SimpleNamespace(status_code=status, headers={}), parsed), None


def _failure(error: Exception):
    return None, error


OUTAGES = {
    "nobody listens": _failure(exceptions.EndpointConnectionError(endpoint_url=_URL)),
    "it does not answer": _failure(exceptions.ReadTimeoutError(endpoint_url=_URL)),
    "it cannot be reached": _failure(exceptions.ConnectTimeoutError(endpoint_url=_URL)),
    "it hung up": _failure(exceptions.ConnectionClosedError(endpoint_url=_URL)),
    "it broke off": _failure(exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2)),
    "it answers nonsense": _failure(ResponseParserError("not json")),
    "it answers 500": _answer(500, "InternalFailure"),
    "a proxy answers 502": _answer(502, "502"),
    "it has too much to do": _answer(400, "ProvisionedThroughputExceededException"),
    "its tables are not there yet": _answer(400, "ResourceNotFoundException"),
}

_NEED_NO_TABLE = {"static", "api.openapi", "look.accent"}
"""They answer as ever."""
_ANSWERS_IN_ITS_OWN_WAY = {"health.healthz"}


@pytest.fixture
def go_down(monkeypatch):
    """From the call on, each call to AWS ends like this."""

    def down(outage: str) -> None:
        monkeypatch.setattr(Endpoint, "_needs_retry", lambda *_: False)
        monkeypatch.setattr(Endpoint, "_get_response", lambda *_: OUTAGES[outage])

    return down


@pytest.fixture
def pages(app, services, code_path):
    """Asks for every address of the app, as somebody who may have it."""
    phone, admin = app.test_client(), sign_in(app, services, "admin")
    values = {
        "order_id": claim(phone, code_path).rpartition("/")[2],
        "code": code_path.rpartition("/")[2],
        "shop_id": "main",
    }
    staff_only = re.compile(r"/<shop_id>/(admin|barista|display|metrics|printouts|sign-out)\b")

    def part(found: re.Match) -> str:
        if found["one_of"]:
            return found["one_of"].split(",")[0]
        return values.get(found["name"], "1.png" if rule.endpoint == "look.logo" else "1")

    asked = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in _NEED_NO_TABLE | _ANSWERS_IN_ITS_OWN_WAY:
            continue
        path = re.sub(r"<(?:any\((?P<one_of>.*?)\):|\w+:)?(?P<name>\w+)>", part, rule.rule)
        client = admin if staff_only.match(rule.rule) else phone
        methods = sorted(rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"})
        asked += [(rule, method, path, client) for method in methods]
    return asked


@pytest.mark.parametrize("outage", ["nobody listens", "it answers 500"])
def test_every_address_says_one_moment_while_the_tables_do_not_answer(pages, go_down, outage):
    go_down(outage)
    wrong = []
    for rule, method, path, client in pages:
        is_api = "/api/" in rule.rule
        headers = {"Authorization": "Bearer x"} if is_api else {}
        answer = client.open(path, method=method, headers=headers, json={} if is_api else None)
        text = answer.get_data(as_text=True)
        if answer.status_code != 503 or answer.headers.get("Retry-After") != "2":
            wrong.append((method, path, answer.status_code))
        elif is_api:
            assert answer.mimetype == "application/problem+json"
        else:
            assert "<h1>One moment, please</h1>" in text, path
            assert '<noscript><meta http-equiv="refresh"' in text, path
            assert "data-go-on=" in text, path
    assert wrong == []
    assert len(pages) > 100


@pytest.mark.parametrize("outage", OUTAGES)
def test_whatever_a_part_that_is_down_answers_a_page_says_one_moment(phone, go_down, outage):
    go_down(outage)
    answer = phone.get("/main/")
    assert answer.status_code == 503
    assert "This page goes on by itself." in answer.get_data(as_text=True)


def test_what_we_asked_wrongly_stays_a_fault(phone, monkeypatch):
    monkeypatch.setitem(OUTAGES, "refused", _answer(400, "ValidationException"))
    monkeypatch.setattr(Endpoint, "_get_response", lambda *_: OUTAGES["refused"])
    assert phone.get("/main/").status_code == 500


def test_an_error_that_names_itself_as_its_cause_is_looked_at_once():
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert outage_in(one) is None
    other.__cause__ = ConnectionRefusedError()
    assert outage_in(one) is other.__cause__


def test_a_page_goes_on_at_its_own_address_and_a_form_goes_back_to_where_it_stood(
    app, phone, code_path, go_down
):
    order = claim(phone, code_path)
    go_down("nobody listens")
    # The page's own address is not written into it: it may hold a code's proof.
    page = phone.get(code_path).get_data(as_text=True)
    assert 'data-go-on=""' in page and 'content="2">' in page
    assert '<a class="button" href="">' in page

    def after(path: str, referrer: str) -> str:
        headers = {"Referer": referrer} if referrer else {}
        answer = phone.post(path, headers=headers).get_data(as_text=True)
        assert "nothing is done twice" in answer
        address = re.search(r'data-go-on="([^"]*)"', answer)[1]
        assert f'content="8;url={address}"' in answer or (not address and 'content="8"' in answer)
        return address

    form = f"{order}/submit"
    assert after(form, f"http://localhost{order}?lang=de") == f"{order}?lang=de"
    assert after("/main/scan", f"http://localhost{code_path}") == ""
    for elsewhere in (
        "",
        "https://evil.example/x",
        "http://localhost//evil.example/",
        "nonsense",
        "http://[",
    ):
        assert after(form, elsewhere) == "/"


def test_a_tap_is_told_in_a_sentence_that_it_may_not_have_been_done(
    screen, phone, code_path, go_down
):
    order = claim(phone, code_path)
    barista = screen("barista")
    go_down("it does not answer")
    htmx = {"HX-Request": "true", "Accept-Language": "de"}
    tapped = phone.post(f"{order}/cancel", headers=htmx)
    assert tapped.status_code == 503
    assert "vielleicht ist das nicht geschehen" in tapped.get_data(as_text=True)
    assert 'id="toast"' in tapped.get_data(as_text=True)
    opened = barista.get("/main/barista/sold-out", headers=htmx).get_data(as_text=True)
    assert "Please try again in a moment" in opened and "goes on by itself" not in opened


@pytest.mark.parametrize(
    "page, words, direction",
    [
        ("/main/", "لحظة", "rtl"),
        ("/main/display", "لحظة", "rtl"),
        ("/main/barista", "One moment", "ltr"),
    ],
)
def test_it_is_said_in_the_readers_language_to_the_team_in_english(
    screen, go_down, page, words, direction
):
    admin = screen("admin")
    go_down("nobody listens")
    answer = admin.get(page, headers={"Accept-Language": "ar"}).get_data(as_text=True)
    assert words in answer and f'dir="{direction}"' in answer
    assert ('class="trouble"' in answer) == ("display" in page)


def test_an_order_that_is_not_there_is_told_with_the_way_on(app, phone, code_path):
    own = claim(phone, code_path)
    for page in (own, f"{own}/journey"):
        stranger = app.test_client().get(page, headers={"Accept-Language": "de"})
        assert stranger.status_code == 404
        text = stranger.get_data(as_text=True)
        assert "Diese Bestellung ist nicht hier" in text and 'href="/main/"' in text
    read = app.test_client().get(f"{own}/panel", headers={"HX-Request": "true"})
    assert read.status_code == 404
    # By this a page knows that the bar itself said so.
    assert 'id="toast"' in read.get_data(as_text=True)
