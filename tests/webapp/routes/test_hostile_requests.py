"""Whatever is sent to a route: a calm answer, and nothing is written unless it was asked properly.

The routes are those of the table in test_access.py, which has to hold the app's whole URL map; the
fields are those that the templates send and the routes read. So what is added later is tried, too.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.hostile_texts import XSS
from tests.webapp.routes.test_access import (  # noqa: F401
    FORMS,
    WHO_MAY,
    bar,
    built_bar,
    everything,
)

_some = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    # What fails is shown as it was sent: each try reads all tables, and smaller ones take minutes.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "9" * 400,
            "\x00",
            "\ud800",
            "\r\nSet-Cookie: x=1",
            "../../etc/passwd",
            "%00",
            "null",
            "[]",
            "NaN",
            "1e999",
            "٣",
            "2026-13-45",
            "24:61",
            *XSS,
        ]
    ),
)
_READ = re.compile(r'(?:form|args|values)(?:\.get(?:list)?\(|\[)"(\w+)"')
_SENT = re.compile(r'\sname="(\w+)"')
_NOBODYS = {"csrf_token", "state", "customer_id", "shop_id", "session_id", "__proto__", ""}


def _fields() -> list[str]:
    """The names of all fields of all forms, and some that no form has."""
    sent = (_SENT.findall(path.read_text()) for path in Path("templates").rglob("*.html"))
    read = (_READ.findall(path.read_text()) for path in Path("webapp/routes").glob("*.py"))
    return sorted(_NOBODYS.union(*sent, *read))


_FIELDS = st.sampled_from(_fields())
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


def _send(client, path: str, method: str, **what):
    try:
        return client.open(path, method=method, **what)
    except UnicodeEncodeError:
        # Such a thing cannot be put on a wire.
        return None


def _filled(rule: str, known: dict[str, str], other: str) -> str:
    return re.sub(r"<[^>]+>", lambda name: known.get(name[0], other), rule)


@pytest.mark.parametrize("route", WHO_MAY)
@_some
@given(
    part=_TEXTS,
    odd=st.dictionaries(_FIELDS, _TEXTS, max_size=4),
    htmx=st.booleans(),
    one=st.tuples(st.integers(0, 9), _TEXTS),
)
def test_no_input_is_a_fault_and_a_refusal_changes_nothing(bar, route, part, odd, htmx, one):  # noqa: F811
    # A good form of which one field is odd gets further than one that is odd all over.
    good = sorted(FORMS.get(route, {}).items())
    form = dict(good) | ({good[one[0] % len(good)][0]: one[1]} if good else {}) | odd
    method, rule = route.split(" ", 1)
    actor = "owner" if WHO_MAY[route] == {"owner"} else "admin"
    unknown = quote(part.encode("utf-8", "replace"), safe="") or "x"
    known = {
        "<shop_id>": "main",
        "<order_id>": bar.order_id,
        "<session_id>": bar.session_id,
        "<person_id>": bar.person_id,
        "<any(drinks, groups):kind>": "drinks",
        "<item_id>": "latte",
        "<part>": "bar",
    }
    before = everything()
    for values in (known, {}):
        path = _filled(rule, values, unknown)
        headers = {"HX-Request": "true"} if htmx else {}
        where = "query_string" if method == "GET" else "data"
        answer = _send(bar.browsers[actor], path, method, **{where: form}, headers=headers)
        if answer is None:
            continue
        assert answer.status_code < 500, (path, form)
        if answer.status_code >= 400:
            assert everything() == before, (path, form)
        else:
            before = everything()


@pytest.mark.parametrize("method", _METHODS)
def test_a_method_a_route_does_not_know_is_refused(bar, method):  # noqa: F811
    before = everything()
    for route in WHO_MAY:
        rule = route.split(" ", 1)[1]
        if f"{method} {rule}" in WHO_MAY or (method in ("HEAD", "OPTIONS")):
            continue
        path = rule.replace("<shop_id>", "main").replace("<order_id>", bar.order_id)
        answer = bar.browsers["admin"].open(path, method=method)
        assert answer.status_code in (404, 405), (method, path)
    assert everything() == before


@pytest.mark.parametrize(
    "content_type, body",
    [
        ("application/json", b'{"state": "COMPLETED"}'),
        ("application/x-www-form-urlencoded", b"%ff%fe=%00&=&&&===" + b"&a=b" * 300),
        ("multipart/form-data", b"no boundary at all"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
        ("text/plain", bytes(range(256))),
        ("", b"drink=latte"),
    ],
)
def test_an_odd_body_is_no_fault_and_changes_nothing(bar, content_type, body):  # noqa: F811
    before = everything()
    for route in (r for r in WHO_MAY if r.startswith("POST") and WHO_MAY[r] != {"admin"}):
        path = route[5:].replace("<shop_id>", "main").replace("<order_id>", bar.order_id)
        if "/phone" in path:  # This bar lets guests in; see test_phone.py.
            continue
        # These are told by their address alone.
        if path.endswith(
            ("/open", "/close", "/make", "/release", "/sign-out", "/cancel", "/erase")
        ):
            continue
        actor = "owner" if WHO_MAY[route] == {"owner"} else "barista"
        answer = bar.browsers[actor].post(path, data=body, content_type=content_type)
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
    assert everything() == before


def test_a_body_larger_than_any_order_is_turned_away_unread(bar):  # noqa: F811
    answer = bar.browsers["barista"].post("/main/barista/name", data={"name": "x" * 20_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("route", [r for r in WHO_MAY if r.startswith("POST")])
def test_without_the_pages_own_token_no_form_does_anything(bar, route):  # noqa: F811
    bar.app.config["WTF_CSRF_ENABLED"] = True
    before = everything()
    for actor in ("owner", "admin"):
        answer = bar.ask(actor, route)
        assert answer.status_code in (400, 401, 404), actor
    assert everything() == before
