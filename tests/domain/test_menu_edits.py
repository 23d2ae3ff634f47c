"""A menu edited: what changes, what stays, and what cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SettingInvalid
from domain.menu import menu_from_dict, menu_to_dict
from domain.menu_edits import (
    NEW,
    change_drink,
    change_group,
    move_drink,
    remove_drink,
    remove_group,
    write_options,
)
from tests.builders import NOW, a_shop

SHOP = a_shop()
CHAI = {
    "name": "Chai Latte",
    "hint": "spiced",
    "icon": "tea",
    "groups": ["milk"],
    "allergens": ["milk"],
}


def ids(shop) -> list[str]:
    return [drink.id for drink in shop.menu.drinks]


def test_a_drink_is_added_at_the_end_under_an_id_made_from_its_name():
    shop = change_drink(SHOP, NEW, CHAI)
    drink = shop.menu.drink("chai-latte")
    assert ids(shop) == [*ids(SHOP), "chai-latte"]
    assert (drink.hint, drink.groups, drink.allergens) == ("spiced", ("milk",), ("milk",))


@pytest.mark.parametrize("name", ["New", "name", "¡¿", "Drink"])
def test_no_id_is_one_that_means_something_else(name):
    shop = change_drink(SHOP, NEW, CHAI | {"name": name})
    assert ids(shop)[-1] not in {"new", "name", "drink", ""}


def test_a_renamed_drink_stays_where_it_is_under_its_id_and_as_sold_out_as_it_was():
    sold_out = change_drink(SHOP, NEW, CHAI)
    sold_out = a_shop(menu=sold_out.menu.with_sold_out("latte", True, until=NOW))
    shop = change_drink(sold_out, "latte", CHAI | {"name": "Caffè latte"})
    assert ids(shop) == ids(sold_out)
    drink = shop.menu.drink("latte")
    assert (drink.name, drink.is_sold_out, drink.sold_out_until) == ("Caffè latte", True, NOW)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "x" * 25}),
        ("name", {"name": "latte"}),
        ("icon", {"icon": "teapot"}),
        ("allergens", {"allergens": ["love"]}),
    ],
)
def test_a_drink_that_cannot_be_names_its_field(field, values):
    with pytest.raises(SettingInvalid) as refused:
        change_drink(SHOP, NEW, CHAI | values)
    assert refused.value.field == field


def test_the_last_drink_and_an_endless_menu_are_refused():
    shop = SHOP
    for drink_id in ids(SHOP)[1:]:
        shop = remove_drink(shop, drink_id)
    with pytest.raises(SettingInvalid):
        remove_drink(shop, ids(SHOP)[0])
    with pytest.raises(SettingInvalid):
        for number in range(30):
            shop = change_drink(shop, NEW, CHAI | {"name": f"Chai {number}"})


def test_what_is_gone_already_is_said():
    for act in (
        lambda: remove_drink(SHOP, "beer"),
        lambda: change_drink(SHOP, "beer", CHAI),
        lambda: remove_group(SHOP, "size"),
        lambda: move_drink(SHOP, "beer", 1),
    ):
        with pytest.raises(SettingInvalid, match="not on the menu any more"):
            act()


@given(places=st.integers(-20, 20), drink_id=st.sampled_from(ids(SHOP)))
def test_a_moved_drink_takes_nobody_with_it(places, drink_id):
    shop = move_drink(SHOP, drink_id, places)
    others = [one for one in ids(SHOP) if one != drink_id]
    assert [one for one in ids(shop) if one != drink_id] == others
    at = ids(SHOP).index(drink_id) + places
    assert ids(shop).index(drink_id) == min(max(at, 0), len(others))


def test_options_are_a_line_each_and_keep_their_ids_and_stock():
    menu = SHOP.menu.with_sold_out("oat", True, "milk")
    shop = change_group(
        a_shop(menu=menu), "milk", {"name": "Milk", "options": "Oat (gluten)\nRegular (milk)\nPea"}
    )
    group = shop.menu.groups[0]
    assert [option.id for option in group.options] == ["oat", "regular", "pea"]
    assert group.default.is_sold_out and group.default.allergens == ("gluten",)
    assert write_options(group) == "Oat (gluten)\nRegular (milk)\nPea"
    assert menu_from_dict(menu_to_dict(shop.menu)) == shop.menu


@pytest.mark.parametrize(
    "options",
    ["", "Oat\noat", "Oat (love)", "Oat)", "x" * 25, "\n".join(f"o{n}" for n in range(13))],
)
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(SettingInvalid) as refused:
        change_group(SHOP, "milk", {"name": "Milk", "options": options})
    assert refused.value.field == "options"


def test_a_group_that_goes_leaves_every_drink():
    shop = remove_group(SHOP, "milk")
    assert [group.id for group in shop.menu.groups] == ["strength"]
    assert all("milk" not in drink.groups for drink in shop.menu.drinks)
    assert shop.menu.check_choice("latte", {}).options[0].group == "strength"


def test_a_drink_is_taken_off_but_not_the_last_one():
    shop = a_shop()
    first, *others = shop.menu.drinks
    assert remove_drink(shop, first.id).menu.drinks == tuple(others)
    alone = replace(shop, menu=replace(shop.menu, drinks=(first,)))
    words = r"^A menu needs one drink at least\.$"
    with pytest.raises(SettingInvalid, match=words) as refused:
        remove_drink(alone, first.id)
    assert refused.value.field == "name"
    with pytest.raises(SettingInvalid, match=r"^This drink is not on the menu any more\.$"):
        remove_drink(shop, "nothing")
