"""What can be ordered, and what a choice becomes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ChoiceInvalid, SoldOut
from domain.menu import (
    DEFAULT_MENU,
    ChosenOption,
    Drink,
    Menu,
    Option,
    OptionGroup,
    menu_from_dict,
    menu_to_dict,
)


def test_the_default_menu_is_the_one_of_the_issue():
    assert [drink.name for drink in DEFAULT_MENU.drinks] == [
        "Espresso",
        "Americano",
        "Cappuccino",
        "Latte",
        "Flat White",
        "Mocha",
        "Tea",
        "Hot Chocolate",
    ]
    assert [(g.name, [o.name for o in g.options]) for g in DEFAULT_MENU.groups] == [
        ("Milk", ["Regular", "Oat", "Soy"]),
        ("Strength", ["Regular", "Decaf", "Extra shot"]),
    ]


@pytest.mark.parametrize(
    "drink_id, groups",
    [
        ("espresso", ["strength"]),
        ("latte", ["milk", "strength"]),
        ("hot-chocolate", ["milk"]),
        ("tea", []),
    ],
)
def test_a_drink_is_offered_only_the_groups_that_suit_it(drink_id, groups):
    drink = DEFAULT_MENU.drink(drink_id)
    assert [group.id for group in DEFAULT_MENU.groups_for(drink)] == groups


def test_every_group_a_drink_names_is_on_the_menu():
    known = {group.id for group in DEFAULT_MENU.groups}
    assert all(set(drink.groups) <= known for drink in DEFAULT_MENU.drinks)


def test_a_choice_keeps_the_names_of_that_moment():
    order = DEFAULT_MENU.check_choice("latte", {"milk": "oat", "strength": "extra-shot"})
    assert (order.drink, order.name, order.icon) == ("latte", "Latte", "latte")
    assert order.options == (
        ChosenOption("milk", "Oat", False),
        ChosenOption("strength", "Extra shot", False),
    )


def test_what_differs_from_the_default_can_be_read_off():
    assert DEFAULT_MENU.check_choice("latte", {"milk": "oat"}).differences == ("Oat",)
    assert DEFAULT_MENU.check_choice("latte", {"milk": "regular"}).differences == ()


def test_a_group_left_out_gets_its_default():
    order = DEFAULT_MENU.check_choice("latte", {})
    assert [option.name for option in order.options] == ["Regular", "Regular"]
    assert all(option.is_default for option in order.options)


def test_a_group_that_does_not_suit_the_drink_is_ignored():
    order = DEFAULT_MENU.check_choice("tea", {"milk": "oat", "strength": "decaf"})
    assert order.options == ()


@pytest.mark.parametrize(
    "drink_id, choices, sentence",
    [
        ("", {}, "Choose a drink first."),
        ("beer", {}, "This drink is not on the menu"),
        ("latte", {"milk": "whisky"}, "Milk is not offered like that here"),
        ("tea", {"milk": "whisky"}, "Milk is not offered like that here"),
        ("latte", {"syrup": "vanilla"}, "There is nothing called “syrup”"),
        ("latte", {"milk": ""}, "Milk is not offered like that here"),
    ],
)
def test_a_choice_that_is_not_offered_is_refused_with_a_sentence(drink_id, choices, sentence):
    with pytest.raises(ChoiceInvalid, match=sentence):
        DEFAULT_MENU.check_choice(drink_id, choices)


def test_a_hostile_group_name_is_cut_in_the_sentence():
    with pytest.raises(ChoiceInvalid) as refused:
        DEFAULT_MENU.check_choice("latte", {"x" * 10_000: "y"})
    assert len(refused.value.sentence) < 100


# Sold out


def test_a_sold_out_drink_is_refused_by_its_name():
    menu = DEFAULT_MENU.with_sold_out("mocha", True)
    with pytest.raises(SoldOut, match="Mocha has just sold out.") as refused:
        menu.check_choice("mocha", {})
    assert refused.value.name == "Mocha"


def test_a_sold_out_option_is_refused_by_its_name():
    menu = DEFAULT_MENU.with_sold_out("oat", True, "milk")
    with pytest.raises(SoldOut, match="Oat has just sold out."):
        menu.check_choice("latte", {"milk": "oat"})


def test_a_sold_out_option_does_not_stop_a_drink_without_it():
    menu = DEFAULT_MENU.with_sold_out("oat", True, "milk")
    assert menu.check_choice("latte", {"milk": "soy"}).differences == ("Soy",)
    assert menu.check_choice("tea", {"milk": "oat"}).options == ()


def test_a_sold_out_default_stops_who_does_not_choose_another():
    menu = DEFAULT_MENU.with_sold_out("regular", True, "milk")
    with pytest.raises(SoldOut, match="Regular"):
        menu.check_choice("latte", {})
    assert menu.check_choice("latte", {"milk": "oat"}).differences == ("Oat",)


def test_options_of_one_name_are_sold_out_each_for_itself():
    menu = DEFAULT_MENU.with_sold_out("regular", True, "strength")
    assert menu.check_choice("hot-chocolate", {"milk": "regular"}).name == "Hot Chocolate"
    with pytest.raises(SoldOut):
        menu.check_choice("espresso", {})


def test_what_was_sold_out_can_come_back():
    menu = DEFAULT_MENU.with_sold_out("mocha", True).with_sold_out("mocha", False)
    assert menu == DEFAULT_MENU


@pytest.mark.parametrize(
    "item_id, group_id", [("beer", ""), ("whisky", "milk"), ("oat", "strength"), ("oat", "syrup")]
)
def test_what_is_not_on_the_menu_cannot_sell_out(item_id, group_id):
    with pytest.raises(ChoiceInvalid):
        DEFAULT_MENU.with_sold_out(item_id, True, group_id)


# Any menu

_ids = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
_names = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8)


@st.composite
def menus(draw) -> Menu:
    groups = draw(
        st.lists(
            st.builds(
                OptionGroup,
                _ids,
                _names,
                st.lists(
                    st.builds(Option, _ids, _names, st.booleans()),
                    min_size=1,
                    max_size=3,
                    unique_by=lambda option: option.id,
                ).map(tuple),
            ),
            max_size=3,
            unique_by=lambda group: group.id,
        )
    )
    group_ids = [group.id for group in groups]
    some = st.lists(st.sampled_from(group_ids), unique=True) if groups else st.just([])
    drinks = draw(
        st.lists(
            st.builds(Drink, _ids, _names, _names, _ids, some.map(tuple), st.booleans()),
            min_size=1,
            max_size=4,
            unique_by=lambda drink: drink.id,
        )
    )
    return Menu(tuple(drinks), tuple(groups))


_quickly = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@_quickly
@given(menus())
def test_a_menu_comes_back_from_its_stored_shape(menu):
    assert menu_from_dict(menu_to_dict(menu)) == menu


def test_a_stored_menu_of_a_later_version_can_be_read():
    data = menu_to_dict(DEFAULT_MENU)
    data["currency"] = "EUR"
    data["drinks"][0]["price"] = 3
    assert menu_from_dict(data) == DEFAULT_MENU


@_quickly
@given(menus(), st.data())
def test_a_drink_order_has_one_option_of_each_group_that_suits(menu, data):
    drink = data.draw(st.sampled_from(menu.drinks))
    choices = {
        group.id: data.draw(st.sampled_from(group.options)).id
        for group in menu.groups
        if data.draw(st.booleans())
    }
    suiting = menu.groups_for(drink)
    sold_out = drink.is_sold_out or any(
        (group.option(choices[group.id]) if group.id in choices else group.default).is_sold_out
        for group in suiting
    )
    if sold_out:
        with pytest.raises(SoldOut):
            menu.check_choice(drink.id, choices)
        return
    order = menu.check_choice(drink.id, choices)
    assert [option.group for option in order.options] == [group.id for group in suiting]
    for option, group in zip(order.options, suiting):
        chosen = choices.get(group.id, group.options[0].id)
        assert option.name == group.option(chosen).name
        assert option.is_default == (chosen == group.options[0].id)


@_quickly
@given(menus(), st.data())
def test_selling_out_touches_nothing_else(menu, data):
    drink = data.draw(st.sampled_from(menu.drinks))
    after = menu.with_sold_out(drink.id, True)
    assert after.groups == menu.groups
    assert [replace(d, is_sold_out=False) for d in after.drinks] == [
        replace(d, is_sold_out=False) for d in menu.drinks
    ]
    changed = [d.id for d, was in zip(after.drinks, menu.drinks) if d != was]
    assert changed == ([] if drink.is_sold_out else [drink.id])
