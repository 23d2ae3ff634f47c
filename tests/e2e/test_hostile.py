"""People who try things out, in a real Chromium: nothing they write or publish runs."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from scripts.environment import ROOT
from scripts.screens import card, get_place, place_order, tap
from tests.canaries import CANARIES
from tests.e2e.conftest import publish
from tests.e2e.hostile_shop import SHOP, texts
from webapp.cloud.live_topics import barista_topic, board_topic, order_topic

ACTING = (
    '<script>fetch("/hostile")</script>',
    '<img src="/hostile" onerror="alert(1)">',
    '<svg onload="alert(1)"></svg>',
    '<iframe src="/hostile"></iframe>',
    '<p hx-get="/hostile" hx-trigger="load">x</p>',
    '<p data-hx-post="/main/barista/close" data-hx-trigger="load" '
    'data-hx-include="[name=csrf_token]">x</p>',
    '<div hx-ext="sse" sse-connect="/hostile"></div>',
    '<a href="/hostile" hx-boost="true">Hostile</a>',
    '<form action="/hostile" method="post"><button>Hostile</button></form>',
    '<i style="background:url(/hostile)">x</i>',
    '<meta http-equiv="refresh" content="0;url=/hostile">',
    '<link rel="stylesheet" href="/hostile">',
)
LATER = 9_999_999_999_999


def _publish(stack, topic: str, html: str) -> None:
    CANARIES.pardoned.add(html)
    publish(stack, topic, html)


def test_a_hostile_fragment_is_not_shown_let_alone_run(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    get_place(phone)
    number = place_order(phone, "Latte")
    order_id = phone.url.split("?")[0].rpartition("/")[2]
    screens = {
        phone: (order_topic("main", order_id), "order_status", "section", "order-status"),
        tv: (board_topic("main"), "display_board", "div", "display-board"),
        tablet: (barista_topic("main"), "board_changed", "i", "board-changed"),
    }
    asked = []
    for screen, (topic, event, tag, root) in screens.items():
        screen.on("request", lambda request: asked.append(request.url))
        head = f'<{tag} id="{root}" data-version="{LATER}" data-at="{LATER}" data-note="x">'
        for acting in ACTING:
            _publish(bar.stack, f"{topic}/{event}", f"{head}{acting}</{tag}>")
            _publish(bar.stack, f"{topic}/{event}", f"{head}</{tag}>{acting}")
        _publish(bar.stack, f"{topic}/{event}", f'<body onload="alert(1)">{head}</{tag}>')

    # What follows still arrives: the screens go on, and say what is so.
    tap(tablet, number, "Make")
    expect(phone.get_by_role("heading", name="Rui is making it now")).to_be_visible()
    expect(tv.get_by_role("region", name="Preparing").get_by_text("Making")).to_be_visible()
    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()
    for screen in screens:
        expect(screen.get_by_text("Hostile")).to_have_count(0)
        expect(screen.locator("iframe, [data-hx-post*=close], meta[http-equiv]")).to_have_count(0)
    assert not [url for url in asked if "hostile" in url or url.endswith("/close")]
    tap(tablet, number, "Collected")
    # Chromium has read them to find out that they act, and says what it would not have let them do.
    assert all("Content Security Policy" in said or "CSP report" in said for said in bar.complaints)
    bar.complaints.clear()


@pytest.fixture(scope="module")
def hostile_links(stack):
    """Sign-in links of a shop whose every text is hostile, for people who are called like that."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.hostile_shop"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | stack.environment,
    )
    assert done.returncode == 0, done.stderr
    names = {
        "barista": "<svg onload=alert(1)>",
        "admin": "'><script>alert(1)//",
        "display": "{{ 7*7 }}",
    }
    return {role: stack.link(role, shop=SHOP, name=name) for role, name in names.items()}


_WHAT_ACTS = """ours => [...document.querySelectorAll('*')].filter(one =>
    !ours.includes(one.textContent) && (
    one.localName === 'script' && !one.src.startsWith(location.origin + '/static/')
    || ['iframe', 'object', 'base', 'math', 'style', 'img'].includes(one.localName)
    || [...one.attributes].some(({ name, value }) => /^on|hx-on/.test(name)
        || /evil|javascript:|alert/.test(value)
        && /^(src|href|action|hx-(get|post)|style)$/.test(name)))
).map(one => one.outerHTML.slice(0, 200))"""


def _ours() -> list[str]:
    """What stands in pages, and their policy names by its hash."""
    built = ROOT / "webapp/static/dist"
    names = json.loads((built / "manifest.json").read_text())
    inside = ("phone.css", "phone.js", "again.js")
    return [gzip.decompress((built / f"{names[one]}.gz").read_bytes()).decode() for one in inside]


def _nothing_acts(*pages) -> None:
    for page in pages:
        assert page.evaluate(_WHAT_ACTS, _ours()) == []


def test_hostile_texts_are_shown_and_never_run(bar, hostile_links):
    screens = {}
    for role, size in (("admin", "phone"), ("display", "tv"), ("barista", "tablet")):
        page = screens[role] = bar.page(bar.context(size))
        page.goto(hostile_links[role])
        _nothing_acts(page)
        page.get_by_role("button", name="Sign in here").click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
    admin, tv, tablet = screens["admin"], screens["display"], screens["barista"]
    phone = bar.scan(tv)
    _nothing_acts(admin, tv, tablet, phone)
    phone.get_by_role("button", name="Get my place").click()
    phone.locator("input[name=drink]").first.wait_for()
    assert phone.locator("input[name=drink]").count() == len(texts())
    _nothing_acts(phone)

    phone.locator("input[name=drink][value=d7]").check(force=True)
    phone.locator("input[name=milk][value=o2]").check(force=True)
    phone.get_by_role("button", name="Place order").click()
    number = phone.get_by_label("Order number", exact=True)
    number.wait_for()
    number = number.inner_text().strip()
    expect(card(tablet, number)).to_be_visible()
    _nothing_acts(phone, tv, tablet)
    tap(tablet, number, "Make")
    expect(phone.get_by_role("heading", name="<svg onload=alert(1)> is making it")).to_be_visible()
    _nothing_acts(phone, tv, tablet)
    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()
    _nothing_acts(phone, tv, tablet)
    for path in ("barista/sold-out", "admin"):
        admin.goto(f"{bar.stack.base_url}/{SHOP}/{path}")
        _nothing_acts(admin)


def _htmx_request(page, act):
    with page.expect_request(lambda request: request.method == "POST") as sent:
        act()
    return sent.value


def test_the_form_token_is_really_sent_by_htmx(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    get_place(phone)
    number = place_order(phone, "Latte")
    request = _htmx_request(tablet, lambda: tap(tablet, number, "Make"))
    assert request.headers["hx-request"] == "true"
    assert re.search(r"(^|&)csrf_token=[\w.%-]{40,}(&|$)", request.post_data)
    tap(tablet, number, "Complete")
    tap(tablet, number, "Collected")


@pytest.mark.parametrize("token", ["none", "of another browser"])
def test_another_sites_form_does_nothing(bar, token):
    # It comes with the cookie, since for SameSite another port is the same site: not enough.
    tablet = bar.tablet()
    field = ""
    if token != "none":
        page = bar.scan(bar.tv()).content()
        value = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        field = f'<input name="csrf_token" value="{value}">'
    evil = "http://127.0.0.1:18999/evil"
    form = f'<form method="post" action="{bar.stack.base_url}/main/barista/close">{field}</form>'
    tablet.context.route(
        evil, lambda route: route.fulfill(content_type="text/html", body=f"{form}<p>Evil</p>")
    )
    page = bar.page(tablet.context)
    page.goto(evil)
    with page.expect_response("**/barista/close") as answer:
        page.evaluate("document.forms[0].submit()")
    assert answer.value.status == 400
    assert "staff=" in answer.value.request.all_headers()["cookie"]
    tablet.reload()
    expect(tablet.get_by_role("button", name="Close shop")).to_be_visible()
