"""What fails on a tablet or a TV is told where it is seen, and costs nothing that was typed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import get_place

_KEEP_THE_SOUND_AT_HAND = """window.AudioContext = class extends AudioContext {
    constructor() { super(); window.sound = this }
}"""

_NO_CODE_IS_LEFT = """() => {
    const panel = document.getElementById('code-panel')
    panel.querySelectorAll('template').forEach(next => next.remove())
    Object.assign(panel.dataset, { renew: 0, goodUntil: 0 })
}"""


def _box(element) -> tuple[float, float]:
    box = element.bounding_box()
    return box["x"], box["x"] + box["width"]


@pytest.fixture
def tablet(bar):
    return bar.tablet("Rui")


def test_what_did_not_reach_the_bar_is_told_in_the_dialog_over_the_page(bar, tablet):
    tablet.locator("#stock").click()
    dialog = tablet.get_by_role("dialog")
    tablet.route("**/sold-out", lambda route: route.abort())
    dialog.get_by_role("button", name="Sold out").first.click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "That did not reach the bar. Please try again."
    )
    dialog.get_by_role("link", name="Done").click()
    expect(tablet.locator("dialog .toast")).to_have_count(0)
    bar.complaints.clear()  # htmx tells the console, too


def test_a_walk_up_that_met_a_fault_is_still_there_to_be_placed_again(bar, tablet):
    tablet.get_by_role("link", name="+ Walk-up").click()
    dialog = tablet.get_by_role("dialog")
    dialog.get_by_role("radio", name="Latte").check()
    dialog.get_by_label("Name, if you like").fill("Ana")
    tablet.route("**/walk-up", lambda route: route.fulfill(status=500, body="a fault"))
    dialog.get_by_role("button", name="Place").click()
    expect(dialog.get_by_role("alert")).to_have_text("That did not work. Please try again.")
    expect(dialog.get_by_label("Name, if you like")).to_have_value("Ana")

    bar.complaints.clear()  # htmx tells the console, too
    tablet.unroute("**/walk-up")
    dialog.get_by_role("button", name="Place").click()
    expect(tablet.locator("#waiting").get_by_text("Ana")).to_be_visible()
    expect(dialog).to_be_hidden()


def test_sound_that_the_browser_took_away_is_shown_as_off_and_comes_back_with_a_tap(tablet):
    tablet.add_init_script(_KEEP_THE_SOUND_AT_HAND)
    tablet.reload()
    button = tablet.locator("#sound")
    tablet.locator("h1").click()
    expect(button).to_have_text("Sound on")
    tablet.evaluate("sound.suspend()")
    expect(button).to_have_text("Sound off")
    tablet.locator("h1").click()
    expect(button).to_have_text("Sound on")


def test_a_long_name_stays_within_the_card_of_the_drink_in_hand(bar, tablet):
    tablet.get_by_role("link", name="+ Walk-up").click()
    dialog = tablet.get_by_role("dialog")
    dialog.get_by_role("radio", name="Americano").check()
    dialog.get_by_role("radio", name="Extra shot").check()
    dialog.get_by_label("Name, if you like").fill("Maximiliane-Charlotte W.")
    dialog.get_by_role("button", name="Place").click()
    name = re.compile("Maximiliane")
    waiting = tablet.locator("#waiting article").filter(has_text=name)
    waiting.get_by_role("button", name="Make", exact=True).click()

    card = tablet.locator("#making article").filter(has_text=name)
    start, end = _box(card)
    for part in (card.locator(".pill"), card.get_by_role("button", name="Cancel order")):
        assert start < _box(part)[0] and _box(part)[1] <= end - 14


def test_a_toast_is_there_before_it_says_something(bar, tablet):
    """A live region that comes together with its words is not read out."""
    phone = bar.scan(bar.tv())
    get_place(phone)
    for page in (phone, tablet):
        assert page.locator("#toast").evaluate("line => getComputedStyle(line).display") == "block"


def test_a_tv_without_a_next_code_asks_every_few_seconds_only(bar):
    tv = bar.tv()
    tv.clock.install()
    tv.reload()
    asked = []

    def no_code(route):
        asked.append(route.request.url)
        route.fulfill(status=503, body="")

    tv.route("**/display/code", no_code)
    tv.evaluate(_NO_CODE_IS_LEFT)
    for _ in range(60):
        tv.clock.run_for(1000)
    expect(tv.get_by_text("The next code is on its way.")).to_be_visible()
    assert 5 < len(asked) < 30


@pytest.mark.parametrize("path", ["admin/menu", "admin/settings", "admin/shop", "barista/walk-up"])
def test_the_teams_pages_fit_the_narrowest_phone(bar, path):
    admin = bar.signed_in("phone", "admin")
    admin.set_viewport_size({"width": 320, "height": 640})
    admin.goto(f"{bar.stack.base_url}/main/{path}")
    admin.evaluate("document.documentElement.style.fontFamily = 'DejaVu Sans'")
    assert admin.evaluate("document.documentElement.scrollWidth") == 320
