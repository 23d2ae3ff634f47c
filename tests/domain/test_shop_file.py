"""A shop's settings as a file: what is written is read again, and what is wrong is said where."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import SettingInvalid
from domain.hours import hours_from_dict
from domain.menu_edits import NEW, change_drink
from domain.shop_file import read_shop, write_shop
from domain.texts import clean_text
from tests.builders import NOW, a_shop

RICH = replace(
    change_drink(
        a_shop(name="Café “Nord” \\ 1"),
        NEW,
        {"name": "Chai", "icon": "tea", "groups": ["milk"], "allergens": ["milk", "soy"]},
    ),
    hours=hours_from_dict({"friday": "18:00-02:00", "exceptions": {"2026-12-25": "closed"}}),
    languages=("de", "en"),
    accent="#5a1a6b",
    capacity=7,
    timezone="Europe/Berlin",
)


def test_what_is_written_is_read_into_any_other_shop():
    other = a_shop(id="annex", version=9)
    read = read_shop(other, write_shop(RICH))
    assert read == replace(RICH, id="annex", version=9)


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_any_name_survives_the_file(text):
    shop = a_shop(name=clean_text(text, 40) or "x")
    assert read_shop(a_shop(id="annex"), write_shop(shop)).name == shop.name


def test_a_file_may_leave_parts_out():
    shop = read_shop(RICH, "format = 1\n[intake]\ncapacity = 3\n")
    assert shop == replace(RICH, capacity=3)


def test_what_is_sold_out_now_stays_so():
    menu = RICH.menu.with_sold_out("latte", True, until=NOW).with_sold_out("oat", True, "milk")
    shop = read_shop(replace(RICH, menu=menu), write_shop(RICH))
    assert shop.menu == menu


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "format = 1"),
        ("format = 2", "format = 1"),
        ("format = [", "not a settings file"),
        (f"format = {'9' * 5000}", "a number is too long"),
        (f"format = 1\n[bar]\nname = 0x{'f' * 5000}", "a number is too long"),
        (f"format = 1\nx = {'[' * 15_000}", "nested too deeply"),
        ("format = 1\ncolour = 1", "“colour”"),
        ("format = 1\n[bar]\ncolour = 1", "[bar]"),
        ("format = 1\nbar = 3", "[bar] is a table"),
        ("format = 1\n[intake]\ncapacity = 0", "1 to 500"),
        ("format = 1\n[intake]\ncapacity = true", "a text or a number"),
        ("format = 1\n[bar]\nlanguages = 'en'", "list of texts"),
        ("format = 1\n[hours]\nmonday = 'soon'", "[hours] monday"),
        ("format = 1\n[hours]\nmonday = ['08:00-12:00']", "[hours] monday is a text"),
        ("format = 1\n[hours]\nexceptions = 'never'", "table of dates"),
        ("format = 1\n[look]\naccent = '#ffcc00'", "darker colour"),
        ("format = 1\ndrinks = 'all'", "list of tables"),
        ("format = 1\ndrinks = []", "one drink at least"),
        ("format = 1\n[[drinks]]\nid = 'A B'\nname = 'Tea'\nicon = 'tea'", "small letters"),
        ("format = 1\n[[drinks]]\nid = 'tea'\nname = 'Tea'\nicon = 'pot'", "[[drinks]] tea"),
        (
            "format = 1\n[[drinks]]\nid = 'tea'\nname = 'Tea'\nicon = 'tea'\ngroups = ['size']",
            "“size”",
        ),
        ("format = 1\n[[drinks]]\nid = 'tea'\nname = 'Tea'\nicon = 'tea'\nprice = 3", "“price”"),
        ("format = 1\n[[groups]]\nid = 'milk'\nname = 'Milk'\noptions = [3]", "list of texts"),
        ("format = 1\n[[groups]]\nid = 'drink'\nname = 'Size'\noptions = ['S']", "“drink” means"),
    ],
)
def test_what_a_file_cannot_say_is_refused_with_the_place(text, said):
    with pytest.raises(SettingInvalid, match=re.escape(said)):
        read_shop(RICH, text)
