"""Drinks and options by their names in the languages of the bar."""

from __future__ import annotations

import pytest

from domain.errors import SettingInvalid
from domain.menu import ChosenOption, DrinkOrder, menu_from_dict, menu_to_dict
from domain.menu_edits import NEW, change_drink, change_group, write_option_names
from domain.settings import PARTS
from domain.shop_file import read_shop, write_shop
from tests.builders import a_shop

_LATTE = {"name": "Latte", "hint": "tall", "icon": "latte", "groups": ["milk"]}
_MILK = {"name": "Milk", "options": "Regular\nOat\nSoy"}


def german(name, names):
    return names.get("de", name)


@pytest.fixture
def shop():
    shop = change_drink(a_shop(), "latte", _LATTE | {"name_de": "Milchkaffee", "hint_de": "groß"})
    return change_group(shop, "milk", _MILK | {"name_de": "Milch", "options_de": "Normal\n\nSoja"})


def test_the_menu_is_said_in_another_language_as_far_as_it_is_translated(shop):
    menu = shop.menu.said(german)
    latte = menu.drink("latte")
    assert (latte.name, latte.hint) == ("Milchkaffee", "groß")
    assert menu.drink("tea").name == "Tea"
    assert [option.name for option in menu.groups[0].options] == ["Normal", "Oat", "Soja"]
    assert menu.groups[0].name == "Milch"


def test_what_was_ordered_is_said_in_another_language(shop):
    ordered = shop.menu.check_choice("latte", {"milk": "soy"})
    assert ordered.name == "Latte"
    said = shop.menu.order_said(ordered, german)
    assert (said.name, said.differences) == ("Milchkaffee", ("Soja",))


def test_what_the_menu_calls_by_another_name_now_is_said_as_it_was_ordered(shop):
    ordered = DrinkOrder("latte", "Old latte", "latte", (ChosenOption("milk", "Pea", False),))
    assert shop.menu.order_said(ordered, german) == ordered


def test_translations_are_stored_with_the_menu(shop):
    assert menu_from_dict(menu_to_dict(shop.menu)) == shop.menu


def test_a_menu_without_translations_is_stored_as_before():
    assert "names" not in str(menu_to_dict(a_shop().menu))


def test_a_form_of_fewer_languages_keeps_the_translations_of_the_others(shop):
    changed = change_drink(shop, "latte", _LATTE | {"name_fr": "Café au lait"})
    assert changed.menu.drink("latte").names == {"de": "Milchkaffee", "fr": "Café au lait"}
    assert changed.menu.drink("latte").hints == {"de": "groß"}


def test_an_empty_translation_is_taken_away(shop):
    changed = change_drink(shop, "latte", _LATTE | {"name_de": "  "})
    assert changed.menu.drink("latte").names == {}


def test_an_options_translation_stays_when_only_its_place_changes(shop):
    changed = change_group(shop, "milk", _MILK | {"options": "Soy\nRegular"})
    assert write_option_names(changed.menu.groups[0], "de") == "Soja\nNormal"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name_de": "x" * 25}, "name_de"),
        ({"options_de": "1\n2\n3\n4"}, "options_de"),
        ({"options_de": "x" * 25}, "options_de"),
    ],
)
def test_a_translation_that_cannot_be_is_refused_at_its_field(shop, values, field):
    with pytest.raises(SettingInvalid) as refused:
        change_group(shop, "milk", _MILK | values)
    assert refused.value.field == field


def test_a_settings_file_holds_the_translations(shop):
    text = write_shop(shop)
    assert 'names = { de = "Milchkaffee" }' in text
    assert read_shop(a_shop(), text).menu == shop.menu


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('names = "Milchkaffee"', "is a table by language"),
        ('names = { tlh = "qa\'vIn" }', "there is no language “tlh”"),
        ("names = { de = 1 }", "names.de is a text"),
    ],
)
def test_a_settings_file_with_a_wrong_translation_is_refused(line, said):
    text = f"format = 1\n[[drinks]]\nid = 'latte'\nname = 'Latte'\nicon = 'latte'\n{line}\n"
    with pytest.raises(SettingInvalid, match=said):
        read_shop(a_shop(), text)


def test_a_new_drink_may_have_translations_at_once():
    shop = change_drink(a_shop(), NEW, _LATTE | {"name": "Chai", "name_de": "Gewürztee"})
    assert shop.menu.drinks[-1].names == {"de": "Gewürztee"}


def test_the_place_to_collect_has_its_name_in_each_language():
    shop = PARTS["bar"](a_shop(), {"pickup_place_de": " am  Fenster ", "pickup_place_fr": ""})
    assert shop.pickup_places == {"de": "am Fenster"}
    text = write_shop(shop)
    assert 'pickup_places = { de = "am Fenster" }' in text
    assert read_shop(a_shop(), text).pickup_places == shop.pickup_places
