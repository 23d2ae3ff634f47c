"""The menu with its drinks and option groups; checks a customer's choice against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.errors import ChoiceInvalid, SoldOut
from domain.texts import N_

FORM_NAMES = frozenset({"csrf_token", "drink", "form_key", "name"})
"""The names of the other fields in a form of the menu. No option group has such an id."""
ALLERGENS = ("gluten", "milk", "soy", "nuts", "peanuts", "egg", "sesame", "sulphites")
"""The allergens that a drink may be tagged with, out of the 14 that the European Union names."""


@dataclass(frozen=True)
class Option:
    """One way to have a drink, such as "Oat".

    sold_out_until: when the option comes back by the clock; None while it is sold out until a
        barista brings it back.
    names: the option's name in languages other than the shop's own, by language code.
    """

    id: str
    name: str
    is_sold_out: bool = False
    sold_out_until: datetime | None = None
    allergens: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class OptionGroup:
    """Options of which the customer chooses exactly one. The first one is the default."""

    id: str
    name: str
    options: tuple[Option, ...]
    names: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def default(self) -> Option:
        """Returns the option that a drink comes with when nobody chooses another one."""
        return self.options[0]

    def is_default(self, option: Option) -> bool:
        """Returns True for the option that a drink comes with when nobody chooses another one."""
        return option == self.default

    def option(self, option_id: str) -> Option:
        """Returns the option with this id. Raises ChoiceInvalid when there is none."""
        for option in self.options:
            if option.id == option_id:
                return option
        raise ChoiceInvalid(
            N_("%(name)s is not offered like that here. Choose again."), name=self.name
        )


@dataclass(frozen=True)
class Drink:
    """A drink and the ids of the option groups that suit it.

    sold_out_until, names: as for an option. hints: as names.
    allergens: what is in the drink with every choice; from ALLERGENS.
    """

    id: str
    name: str
    hint: str
    icon: str
    groups: tuple[str, ...] = ()
    is_sold_out: bool = False
    sold_out_until: datetime | None = None
    allergens: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    hints: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class ChosenOption:
    """An option as it was chosen: a snapshot that a later change of the menu does not touch."""

    group: str
    name: str
    is_default: bool


@dataclass(frozen=True)
class DrinkOrder:
    """What a customer ordered, as a snapshot of the menu at that moment."""

    drink: str
    name: str
    icon: str
    options: tuple[ChosenOption, ...] = ()

    @property
    def differences(self) -> tuple[str, ...]:
        """Returns the names of the options that differ from the drink's defaults."""
        return tuple(option.name for option in self.options if not option.is_default)


Say = Callable[[str, Mapping[str, str]], str]
"""Returns a name in the reader's language, from the shop's own name and its translations by
language."""


@dataclass(frozen=True)
class Menu:
    """All that a shop offers."""

    drinks: tuple[Drink, ...]
    groups: tuple[OptionGroup, ...] = field(default=())

    def drink(self, drink_id: str) -> Drink:
        """Returns the drink with this id. Raises ChoiceInvalid when there is none."""
        for drink in self.drinks:
            if drink.id == drink_id:
                return drink
        raise ChoiceInvalid(N_("This drink is not on the menu. Choose another one."))

    def groups_for(self, drink: Drink) -> tuple[OptionGroup, ...]:
        """Returns the option groups that suit a drink, in the menu's order."""
        return tuple(group for group in self.groups if group.id in drink.groups)

    def check_choice(self, drink_id: str, choices: Mapping[str, str]) -> DrinkOrder:
        """Returns the drink order for a choice of `group id -> option id`.

        A group that is left out gets its default. A group that does not suit the drink is ignored,
        because a phone without JavaScript sends all groups. An option that does not exist is
        refused in every group.
        Raises ChoiceInvalid, or SoldOut when the drink or a suiting option has run out.
        """
        if not drink_id:
            raise ChoiceInvalid(N_("Choose a drink first."))
        drink = self.drink(drink_id)
        known = {group.id for group in self.groups}
        if unknown := set(choices) - known:
            raise ChoiceInvalid(
                N_("There is nothing called “%(name)s” to choose here."), name=min(unknown)[:24]
            )
        chosen = {
            group.id: group.option(choices[group.id]) if group.id in choices else group.default
            for group in self.groups
        }
        if drink.is_sold_out:
            raise SoldOut(drink.name)
        options = []
        for group in self.groups_for(drink):
            option = chosen[group.id]
            if option.is_sold_out:
                raise SoldOut(option.name)
            options.append(ChosenOption(group.id, option.name, group.is_default(option)))
        return DrinkOrder(drink.id, drink.name, drink.icon, tuple(options))

    def said(self, say: Say) -> Menu:
        """Returns the menu with all names and hints translated by `say`."""
        drinks = tuple(
            replace(drink, name=say(drink.name, drink.names), hint=say(drink.hint, drink.hints))
            for drink in self.drinks
        )
        groups = tuple(
            replace(
                group,
                name=say(group.name, group.names),
                options=tuple(
                    replace(option, name=say(option.name, option.names)) for option in group.options
                ),
            )
            for group in self.groups
        )
        return replace(self, drinks=drinks, groups=groups)

    def order_said(self, ordered: DrinkOrder, say: Say) -> DrinkOrder:
        """Returns the drink order translated by `say`.

        A drink or option that is no longer on the menu keeps its name.
        """
        known = {("", drink.id, drink.name): drink.names for drink in self.drinks} | {
            (group.id, "", option.name): option.names
            for group in self.groups
            for option in group.options
        }
        return replace(
            ordered,
            name=say(ordered.name, known.get(("", ordered.drink, ordered.name), {})),
            options=tuple(
                replace(one, name=say(one.name, known.get((one.group, "", one.name), {})))
                for one in ordered.options
            ),
        )

    def names_of(self, name: str) -> Mapping[str, str]:
        """Returns the translations of the drink, group or option that has this name."""
        options = (option for group in self.groups for option in group.options)
        items: tuple[Drink | OptionGroup | Option, ...] = (*self.drinks, *self.groups, *options)
        for item in items:
            if item.name == name:
                return item.names
        return {}

    def at(self, now: datetime) -> Menu:
        """Returns the menu at `now`; the same object when nothing changes.

        A drink or option that was sold out until a time before `now` is back.
        """
        drinks = _back_at(self.drinks, now)
        groups = tuple(
            group
            if (options := _back_at(group.options, now)) is group.options
            else replace(group, options=options)
            for group in self.groups
        )
        if drinks is self.drinks and all(a is b for a, b in zip(groups, self.groups)):
            return self
        return replace(self, drinks=drinks, groups=groups)

    def with_sold_out(
        self,
        item_id: str,
        is_sold_out: bool,
        group_id: str = "",
        until: datetime | None = None,
    ) -> Menu:
        """Returns the menu with a drink, or an option of a group, marked as sold out or as back.

        until: when it is back by the clock; None means until a barista brings it back.
        Raises ChoiceInvalid when there is no such drink or option.
        """
        if not group_id:
            self.drink(item_id)
            return replace(self, drinks=_marked(self.drinks, item_id, is_sold_out, until))
        if group_id not in {group.id for group in self.groups}:
            raise ChoiceInvalid("There is no such group of options on the menu.")
        groups = []
        for group in self.groups:
            if group.id == group_id:
                group.option(item_id)
                group = replace(group, options=_marked(group.options, item_id, is_sold_out, until))
            groups.append(group)
        return replace(self, groups=tuple(groups))


def _marked(items: Iterable, item_id: str, is_sold_out: bool, until: datetime | None) -> tuple:
    mark = {"is_sold_out": is_sold_out, "sold_out_until": until if is_sold_out else None}
    return tuple(replace(item, **mark) if item.id == item_id else item for item in items)


def _back_at(items: tuple, now: datetime) -> tuple:
    back = [item for item in items if item.sold_out_until and item.sold_out_until <= now]
    for item in back:
        items = _marked(items, item.id, False, None)
    return items


def menu_to_dict(menu: Menu) -> dict:
    """Returns the menu as data for JSON, in the shape in which it is stored and announced."""
    return {
        "drinks": [
            {
                "id": drink.id,
                "name": drink.name,
                "hint": drink.hint,
                "icon": drink.icon,
                "groups": list(drink.groups),
                **_stock_to_dict(drink),
                **({"hints": dict(drink.hints)} if drink.hints else {}),
            }
            for drink in menu.drinks
        ],
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "options": [
                    {"id": option.id, "name": option.name, **_stock_to_dict(option)}
                    for option in group.options
                ],
                **({"names": dict(group.names)} if group.names else {}),
            }
            for group in menu.groups
        ],
    }


def menu_from_dict(data: Mapping) -> Menu:
    """Returns the menu from the shape that `menu_to_dict` makes. Ignores unknown keys."""
    return Menu(
        drinks=tuple(
            Drink(
                id=drink["id"],
                name=drink["name"],
                hint=drink.get("hint", ""),
                icon=drink.get("icon", drink["id"]),
                groups=tuple(drink.get("groups", ())),
                hints=drink.get("hints", {}),
                **_stock_from_dict(drink),
            )
            for drink in data["drinks"]
        ),
        groups=tuple(
            OptionGroup(
                id=group["id"],
                name=group["name"],
                options=tuple(
                    Option(option["id"], option["name"], **_stock_from_dict(option))
                    for option in group["options"]
                ),
                names=group.get("names", {}),
            )
            for group in data.get("groups", ())
        ),
    )


def _stock_to_dict(item: Drink | Option) -> dict:
    data: dict = {"soldOut": item.is_sold_out}
    if item.sold_out_until is not None:
        data["soldOutUntil"] = item.sold_out_until.isoformat()
    if item.allergens:
        data["allergens"] = list(item.allergens)
    if item.names:
        data["names"] = dict(item.names)
    return data


def _stock_from_dict(data: Mapping) -> dict:
    until = data.get("soldOutUntil")
    return {
        "is_sold_out": data.get("soldOut", False),
        "sold_out_until": datetime.fromisoformat(until) if until else None,
        "allergens": tuple(data.get("allergens", ())),
        "names": data.get("names", {}),
    }


def drink_order_to_dict(ordered: DrinkOrder) -> dict:
    """Returns the drink order as data for JSON, in the shape in which an order keeps it."""
    return {
        "drink": ordered.drink,
        "name": ordered.name,
        "icon": ordered.icon,
        "options": [[o.group, o.name, o.is_default] for o in ordered.options],
    }


def drink_order_from_dict(data: Mapping) -> DrinkOrder:
    """Returns the drink order from `drink_order_to_dict`'s shape. Ignores unknown keys."""
    options = tuple(ChosenOption(*option) for option in data["options"])
    return DrinkOrder(data["drink"], data["name"], data["icon"], options)


DEFAULT_MENU = Menu(
    drinks=(
        Drink("espresso", N_("Espresso"), N_("short, strong"), "espresso", ("strength",)),
        Drink("americano", N_("Americano"), N_("long, black"), "americano", ("strength",)),
        Drink("cappuccino", N_("Cappuccino"), N_("thick foam"), "cappuccino", ("milk", "strength")),
        Drink("latte", N_("Latte"), N_("tall, milky"), "latte", ("milk", "strength")),
        Drink(
            "flat-white", N_("Flat White"), N_("small, velvety"), "flat-white", ("milk", "strength")
        ),
        Drink("mocha", N_("Mocha"), N_("with chocolate"), "mocha", ("milk", "strength")),
        Drink("tea", N_("Tea"), N_("black, hot"), "tea"),
        Drink("hot-chocolate", N_("Hot Chocolate"), N_("no coffee"), "hot-chocolate", ("milk",)),
    ),
    groups=(
        OptionGroup(
            "milk",
            N_("Milk"),
            (Option("regular", N_("Regular")), Option("oat", N_("Oat")), Option("soy", N_("Soy"))),
        ),
        OptionGroup(
            "strength",
            N_("Strength"),
            (
                Option("regular", N_("Regular")),
                Option("decaf", N_("Decaf")),
                Option("extra-shot", N_("Extra shot")),
            ),
        ),
    ),
)
