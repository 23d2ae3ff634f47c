"""What a shop's settings may be, and colours that can be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.admission import check_intake
from domain.colours import TEXT_CONTRAST, contrast, read_accent, shades
from domain.errors import SettingInvalid, ShopPaused
from domain.menu import DEFAULT_MENU
from domain.settings import PARTS, read_shop_id
from tests.builders import NOW, a_shop


@pytest.mark.parametrize("part", PARTS)
def test_nothing_said_changes_nothing(part):
    assert PARTS[part](a_shop(), {}) == a_shop()


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("bar", "name", "  "),
        ("bar", "name", "x" * 41),
        ("bar", "pickup_place", ""),
        ("bar", "timezone", "Mars/Olympus"),
        ("bar", "languages", ["tlh"]),
        ("bar", "languages", []),
        ("intake", "capacity", "0"),
        ("intake", "capacity", "501"),
        ("intake", "capacity", "many"),
        ("intake", "capacity", "²"),
        ("intake", "capacity", "0000000019999"),
        ("intake", "capacity", ""),
        ("intake", "auto_pause_at", "0" * 5000),
        ("intake", "auto_pause_at", "21"),
        ("intake", "auto_pause_at", "-1"),
        ("intake", "scans_per_code", "9" * 40),
        ("hours", "monday", "late"),
        ("look", "accent", "blue"),
        ("look", "accent", "#ffcc00"),
    ],
)
def test_a_value_that_cannot_be_names_its_field(part, field, value):
    with pytest.raises(SettingInvalid) as refused:
        PARTS[part](a_shop(), {field: value})
    assert refused.value.field == field


def test_a_code_is_not_shown_longer_than_its_scans_last():
    with pytest.raises(SettingInvalid) as refused:
        PARTS["intake"](a_shop(), {"code_seconds": "120", "window_seconds": "60"})
    assert refused.value.field == "code_seconds"


def test_a_part_changes_what_it_is_about():
    shop = PARTS["bar"](a_shop(), {"name": " Hall \n 2 ", "languages": ["de", "en", "de"]})
    assert (shop.name, shop.languages) == ("Hall 2", ("de", "en"))
    assert PARTS["intake"](a_shop(), {"capacity": "7"}).capacity == 7


def test_changed_hours_decide_at_once():
    shop = a_shop(door_at=NOW)
    assert PARTS["hours"](shop, {"monday": "09:00-10:00"}).door_at is None
    assert PARTS["hours"](shop, {}).door_at == NOW


@pytest.mark.parametrize("text", ["", "Hall 2", "-a", "static", "healthz", "a" * 33, "ä"])
def test_an_address_is_plain_and_not_one_of_the_bars_own(text):
    with pytest.raises(SettingInvalid):
        read_shop_id(text)


def test_a_pause_refuses_scans_and_ends_by_the_clock():
    shop = a_shop(paused_until=NOW + timedelta(minutes=10), pause_is_automatic=True)
    with pytest.raises(ShopPaused) as refused:
        check_intake(shop.at(NOW), 0)
    assert refused.value.until == NOW + timedelta(minutes=10)
    later = shop.at(NOW + timedelta(minutes=10))
    assert check_intake(later, 0) is None
    assert not later.pause_is_automatic


def test_what_is_sold_out_for_a_while_comes_back_by_itself():
    menu = DEFAULT_MENU.with_sold_out("latte", True, until=NOW).with_sold_out("oat", True, "milk")
    assert menu.at(NOW - timedelta(seconds=1)) is menu
    back = menu.at(NOW)
    assert not back.drink("latte").is_sold_out
    assert back.groups[0].option("oat").is_sold_out
    assert back.at(NOW) is back


colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#2437b0", "#ffffff") == pytest.approx(9.3, abs=0.05)


@given(colour=colours)
def test_every_colour_is_taken_exactly_when_white_words_on_it_can_be_read(colour):
    if contrast(colour, "#ffffff") >= TEXT_CONTRAST:
        assert read_accent(colour.upper()[1:]) in (colour, "")
    else:
        with pytest.raises(SettingInvalid):
            read_accent(colour)


@given(colour=colours)
def test_all_words_on_an_accent_and_its_shades_can_be_read(colour):
    assume(contrast(colour, "#ffffff") >= TEXT_CONTRAST)
    for tokens, card in zip(shades(colour), ("#ffffff", "#281b14")):
        for words, ground in (
            ("on-accent", "accent"),
            ("accent-ink", "accent-soft"),
            ("on-panel", "panel"),
            ("panel2", "panel"),
        ):
            assert contrast(tokens[words], tokens[ground]) >= TEXT_CONTRAST, (words, ground)
        assert contrast(tokens["accent"], card) >= 3


@pytest.mark.parametrize(
    "typed, shop_id", [(" Hall-2 ", "hall-2"), ("a", "a"), ("9" * 32, "9" * 32)]
)
def test_an_address_is_read_in_small_letters(typed, shop_id):
    assert read_shop_id(typed) == shop_id


@pytest.mark.parametrize("typed", ["", "-a", "a_b", "a b", "é", "9" * 33, "api", "Static", "look"])
def test_an_address_that_cannot_be_is_refused_in_full(typed):
    with pytest.raises(SettingInvalid) as refused:
        read_shop_id(typed)
    assert refused.value.field == "shop_id"
    assert refused.value.sentence == (
        "The address is made of small letters, digits and hyphens, such as hall-2; "
        "at most 32, and none that the bar's own pages use."
    )
