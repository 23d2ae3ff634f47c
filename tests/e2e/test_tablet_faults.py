"""What fails on a tablet or a TV is told where it is seen, and costs nothing that was typed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from domain.languages import LANGUAGES
from scripts.screens import get_place
from tests.builders import a_shop
from webapp.presenters.display import tv_words
from webapp.words import in_locale

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


_ADMIN_PATHS = (
    "admin",
    "admin/settings",
    "admin/menu",
    "admin/menu/drinks/latte",
    "admin/devices",
    "admin/people",
    "admin/screens",
    "admin/shop",
    "admin/customer-sign-in",
    "metrics",
)
_OUTSIDE_ITS_CARD = """parts => parts.filter(part => part.type !== 'hidden').filter(part => {
    const [own, card] = [part, part.closest('.card')].map(one => one.getBoundingClientRect())
    return own.left < card.left || own.right > card.right
}).map(part => part.textContent.trim())"""


def test_whatever_can_be_pressed_stays_within_its_card_on_the_teams_pages(bar):
    admin = bar.signed_in("tablet", "admin")
    outside = {}
    for path in _ADMIN_PATHS:
        admin.goto(f"{bar.stack.base_url}/main/{path}")
        outside[path] = admin.locator(".card :is(a, button, input)").evaluate_all(_OUTSIDE_ITS_CARD)
    assert outside == {key: [] for key in _ADMIN_PATHS}


_LONGEST = (
    "A part of the bar did not answer, so this may not have been done. Look at the page, and "
    "press again if it was not: nothing is done twice."
)


_SIZES = ((1180, 820), (820, 1180), (390, 844), (320, 640))


def test_the_longest_message_is_whole_on_every_size_of_tablet(bar, tablet):
    said = f'<p id="toast" class="toast" role="status" hx-swap-oob="true">{_LONGEST}</p>'
    tablet.route("**/barista/close", lambda route: route.fulfill(status=503, body=said))
    tablet.get_by_role("button", name="Close shop").click()
    toast = tablet.locator("#toast")
    expect(toast).to_have_text(_LONGEST)
    assert _whole_at(toast) == dict.fromkeys(_SIZES, True)
    bar.complaints.clear()  # htmx tells the console, too


def test_who_is_at_the_tablet_is_asked_within_the_screen_of_every_size(tablet):
    tablet.locator(".who summary").click()
    assert _whole_at(tablet.locator(".who form")) == dict.fromkeys(_SIZES, True)


def test_the_header_of_an_upright_tablet_takes_no_more_room_than_it_needs(tablet):
    tablet.set_viewport_size({"width": 820, "height": 1180})
    parts = tablet.locator(".head, .tools").all()
    assert [part.bounding_box()["height"] <= 90 for part in parts] == [True, True]


_MOVED = "part => Promise.all(part.getAnimations().map(one => one.finished)).then(() => 0)"


def _whole_at(part) -> dict[tuple[int, int], bool]:
    """Whether all of it lies within a screen of each size."""
    found = {}
    for width, height in _SIZES:
        part.page.set_viewport_size({"width": width, "height": height})
        part.evaluate(_MOVED)
        box = part.bounding_box()
        right, bottom = box["x"] + box["width"], box["y"] + box["height"]
        found[width, height] = min(box["x"], box["y"]) >= 0 and right <= width and bottom <= height
    return found


_FITS = """([state, words]) => {
    const panel = document.getElementById('code-panel')
    const heading = panel.querySelector('h1')
    panel.dataset.state = state
    heading.textContent = words
    return heading.scrollWidth <= heading.clientWidth
}"""


def test_each_heading_over_the_code_fits_the_tv_in_every_language_and_a_wide_font(bar):
    tv = bar.tv()
    tv.evaluate("document.documentElement.style.fontFamily = 'DejaVu Sans'")
    too_wide = [
        (language, words)
        for language in LANGUAGES
        for state in ("open", "used_up", "full", "paused", "closed")
        if not tv.evaluate(_FITS, [state, words := _heading(language, state)])
    ]
    assert too_wide == []


def _heading(language: str, state: str) -> str:
    with in_locale(language):
        return tv_words(a_shop(languages=(language,)))[state]["own"]
