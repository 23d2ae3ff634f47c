"""What a phone shows fits it, whatever its size and fonts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from scripts.screens import get_place, place_order, tap

_ROOM_BESIDE_WORDS = """chips => chips.map(chip =>
    chip.getBoundingClientRect().right - chip.querySelector('b').getBoundingClientRect().right)"""

_HINTS = """words => document.querySelectorAll('.tile small').forEach(hint => {
    hint.textContent = words
})"""
_ROOM_BESIDE_HINT = """tiles => tiles.map(tile => {
    const words = document.createRange()
    words.selectNodeContents(tile.querySelector('small'))
    return tile.getBoundingClientRect().right - words.getBoundingClientRect().right
})"""


@pytest.fixture
def narrow_phone(bar):
    return bar.scan(bar.tv(), viewport={"width": 320, "height": 640})


def test_a_long_drink_is_collected_on_the_narrowest_phone(bar, narrow_phone):
    get_place(narrow_phone)
    number = place_order(narrow_phone, "Hot Chocolate")
    tablet = bar.tablet()
    for button in ("Make", "Complete", "Collected"):
        tap(tablet, number, button)

    expect(narrow_phone.get_by_role("heading", name="Collected")).to_be_visible()
    assert narrow_phone.evaluate("document.documentElement.scrollWidth") == 320


def test_an_options_words_keep_off_its_border_in_a_wide_font(bar):
    phone = bar.scan(bar.tv())
    get_place(phone)
    phone.evaluate("document.documentElement.style.fontFamily = 'DejaVu Sans'")
    rooms = phone.locator(".chip").evaluate_all(_ROOM_BESIDE_WORDS)
    assert len(rooms) == 6 and min(rooms) >= 10


def test_a_drinks_hint_keeps_off_its_border_in_a_wide_font(bar):
    phone = bar.scan(bar.tv())
    get_place(phone)
    phone.evaluate("document.documentElement.style.fontFamily = 'DejaVu Sans'")
    phone.evaluate(_HINTS, "mit Schokolade")
    rooms = phone.locator(".tile").evaluate_all(_ROOM_BESIDE_HINT)
    assert len(rooms) == 8 and min(rooms) >= 5


def test_the_drink_chosen_by_keyboard_never_hides_behind_the_bar_below(narrow_phone):
    get_place(narrow_phone)
    narrow_phone.get_by_role("radio", name="Espresso").focus()
    for _ in range(7):
        narrow_phone.keyboard.press("ArrowDown")
        chosen = narrow_phone.locator("[name=drink]:checked").bounding_box()
        assert chosen["y"] + chosen["height"] <= _top_of_the_bar(narrow_phone)
    expect(narrow_phone.get_by_role("radio", name="Hot Chocolate")).to_be_checked()


def test_with_letters_twice_as_large_nothing_runs_out_of_the_page(bar):
    phone = bar.scan(bar.tv(), viewport={"width": 195, "height": 422})
    get_place(phone)
    widths = [_width(phone)]
    number = place_order(phone, "Hot Chocolate")
    widths.append(_width(phone))
    tablet = bar.tablet("Rui")
    for button, state in (
        ("Make", "MAKING"),
        ("Complete", "COMPLETED"),
        ("Collected", "COLLECTED"),
    ):
        tap(tablet, number, button)
        phone.locator(f"#order-status[data-state={state}]").wait_for()
        widths.append(_width(phone))
    assert widths == [195] * 5


def _width(phone) -> int:
    return phone.evaluate("document.documentElement.scrollWidth")


def _top_of_the_bar(phone) -> float:
    return phone.locator(".foot:visible").bounding_box()["y"]
