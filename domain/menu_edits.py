"""Adds, changes, moves and removes drinks and option groups of a menu.

Each function takes a shop, returns the changed shop, and raises SettingInvalid, which names the
field. An id is made from a name once and stays, so that open forms and old orders keep their
meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from domain.errors import ChoiceInvalid, SettingInvalid
from domain.languages import LANGUAGES
from domain.menu import ALLERGENS, FORM_NAMES, Drink, Menu, Option, OptionGroup
from domain.shops import Shop
from domain.texts import clean_text

OnMenu = TypeVar("OnMenu", bound=Drink | OptionGroup)

ICONS = (
    "espresso",
    "americano",
    "cappuccino",
    "latte",
    "flat-white",
    "mocha",
    "tea",
    "hot-chocolate",
)
"""The drawings that a drink can have."""
NEW = "new"
"""Stands for the id of a drink or group that is being added."""
NAME_LENGTH = 24
HINT_LENGTH = 30
MOST_DRINKS, MOST_GROUPS, MOST_OPTIONS = 24, 8, 12
RESERVED = FORM_NAMES | {NEW}
"""Ids that no drink and no group may have."""
_OPTION = re.compile(r"([^()]*)(?:\(([^()]*)\))?")


def change_drink(shop: Shop, drink_id: str, values: Mapping) -> Shop:
    """Returns the shop with these values for a drink. `NEW` adds a drink at the end of the menu."""
    menu = shop.menu
    old = None if drink_id == NEW else _drink(menu, drink_id)
    name = _name(values, menu.drinks, drink_id)
    icon = str(values.get("icon", ""))
    if icon not in ICONS:
        raise SettingInvalid("icon", "Choose one of the drawings.")
    groups = tuple(group.id for group in menu.groups if group.id in values.get("groups", ()))
    drink = Drink(
        id=old.id if old else _new_id(name, menu.drinks),
        name=name,
        hint=clean_text(str(values.get("hint", "")), HINT_LENGTH),
        icon=icon,
        groups=groups,
        is_sold_out=old.is_sold_out if old else False,
        sold_out_until=old.sold_out_until if old else None,
        allergens=_allergens(values.get("allergens", ()), "allergens"),
        names=_translations(values, "name", NAME_LENGTH, old.names if old else {}),
        hints=_translations(values, "hint", HINT_LENGTH, old.hints if old else {}),
    )
    if old is None and len(menu.drinks) >= MOST_DRINKS:
        raise SettingInvalid("name", f"A menu has {MOST_DRINKS} drinks at most.")
    return _with(shop, drinks=_put(menu.drinks, drink))


def drink_texts(drink: Drink | None, languages: tuple[str, ...]) -> dict:
    """Returns the values that `change_drink` reads: of this drink, or empty ones for a new drink.

    languages: the shop's languages; the menu is written in the first one.
    """
    drink = drink or Drink(NEW, "", "", ICONS[0])
    return {
        "name": drink.name,
        "hint": drink.hint,
        "icon": drink.icon,
        "groups": list(drink.groups),
        "allergens": list(drink.allergens),
        **{f"name_{code}": drink.names.get(code, "") for code in languages[1:]},
        **{f"hint_{code}": drink.hints.get(code, "") for code in languages[1:]},
    }


def remove_drink(shop: Shop, drink_id: str) -> Shop:
    """Returns the shop without a drink. Raises SettingInvalid for the last one."""
    drink = _drink(shop.menu, drink_id)
    if len(shop.menu.drinks) == 1:
        raise SettingInvalid("name", "A menu needs one drink at least.")
    return _with(shop, drinks=tuple(one for one in shop.menu.drinks if one is not drink))


def move_drink(shop: Shop, drink_id: str, places: int) -> Shop:
    """Returns the shop with a drink moved up (negative) or down the menu, as far as it goes."""
    drinks = list(shop.menu.drinks)
    at = drinks.index(_drink(shop.menu, drink_id))
    drink = drinks.pop(at)
    drinks.insert(max(at + places, 0), drink)
    return _with(shop, drinks=tuple(drinks))


def change_group(shop: Shop, group_id: str, values: Mapping) -> Shop:
    """Returns the shop with these values for an option group; `NEW` adds one.

    The value `options` is a text with one option a line. The first one is the default.
    """
    menu = shop.menu
    old = None if group_id == NEW else _group(menu, group_id)
    name = _name(values, menu.groups, group_id)
    group = OptionGroup(
        id=old.id if old else _new_id(name, menu.groups),
        name=name,
        options=_options(str(values.get("options", "")), old, values),
        names=_translations(values, "name", NAME_LENGTH, old.names if old else {}),
    )
    if old is None and len(menu.groups) >= MOST_GROUPS:
        raise SettingInvalid("name", f"A menu has {MOST_GROUPS} groups of options at most.")
    return _with(shop, groups=_put(menu.groups, group))


def group_texts(group: OptionGroup | None, languages: tuple[str, ...]) -> dict:
    """Returns the values that `change_group` reads, as `drink_texts` does."""
    group = group or OptionGroup(NEW, "", ())
    return {
        "name": group.name,
        "options": write_options(group),
        **{f"name_{code}": group.names.get(code, "") for code in languages[1:]},
        **{f"options_{code}": write_option_names(group, code) for code in languages[1:]},
    }


def remove_group(shop: Shop, group_id: str) -> Shop:
    """Returns the shop without an option group. No drink offers the group any more."""
    group = _group(shop.menu, group_id)
    return _with(
        shop,
        drinks=tuple(
            replace(drink, groups=tuple(one for one in drink.groups if one != group.id))
            for drink in shop.menu.drinks
        ),
        groups=tuple(one for one in shop.menu.groups if one is not group),
    )


def write_options(group: OptionGroup) -> str:
    """Returns the text of the options that `change_group` reads."""
    return "\n".join(
        option.name + (f" ({', '.join(option.allergens)})" if option.allergens else "")
        for option in group.options
    )


def _options(text: str, old: OptionGroup | None, values: Mapping) -> tuple[Option, ...]:
    known = {option.name.lower(): option for option in (old.options if old else ())}
    found: list[Option] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = _OPTION.fullmatch(line)
        if match is None:
            raise SettingInvalid("options", f"Write “{line[:24]}” like “Oat (gluten)”.")
        name = clean_text(match[1], NAME_LENGTH + 1)
        if not name or len(name) > NAME_LENGTH:
            raise SettingInvalid("options", f"An option has 1 to {NAME_LENGTH} characters.")
        if name.lower() in {option.name.lower() for option in found}:
            raise SettingInvalid("options", f"“{name}” is there twice.")
        tags = [tag.strip().lower() for tag in (match[2] or "").split(",") if tag.strip()]
        allergens = _allergens(tags, "options")
        same = known.get(name.lower())
        found.append(
            replace(same, name=name, allergens=allergens)
            if same
            else Option(_new_id(name, [*known.values(), *found]), name, allergens=allergens)
        )
    if not 1 <= len(found) <= MOST_OPTIONS:
        raise SettingInvalid("options", f"A group has 1 to {MOST_OPTIONS} options, one a line.")
    return _with_names(tuple(found), values)


def write_option_names(group: OptionGroup, language: str) -> str:
    """Returns the options' names in a language as `change_group` reads them: one a line."""
    return "\n".join(option.names.get(language, "") for option in group.options).rstrip("\n")


def _with_names(options: tuple[Option, ...], values: Mapping) -> tuple[Option, ...]:
    """Returns the options with their names in each language in the values: one a line, in order."""
    for language in LANGUAGES:
        field = f"options_{language}"
        if field not in values:
            continue
        lines = [line.strip() for line in str(values[field]).rstrip().splitlines()]
        if len(lines) > len(options):
            raise SettingInvalid(field, "There are more lines than options. One for each, please.")
        lines += [""] * (len(options) - len(lines))
        options = tuple(
            replace(option, names=_named(option.names, language, line, NAME_LENGTH, field))
            for option, line in zip(options, lines)
        )
    return options


def _translations(
    values: Mapping, name: str, most: int, old: Mapping[str, str]
) -> Mapping[str, str]:
    """Returns the names by language: from the values, and the old ones of all other languages."""
    names = old
    for language in LANGUAGES:
        field = f"{name}_{language}"
        if field in values:
            names = _named(names, language, str(values[field]), most, field)
    return names


def _named(
    names: Mapping[str, str], language: str, text: str, most: int, field: str
) -> Mapping[str, str]:
    name = clean_text(text, most + 1)
    if len(name) > most:
        raise SettingInvalid(field, f"At most {most} characters, please.")
    others = {code: one for code, one in names.items() if code != language}
    return others | {language: name} if name else others


def _name(values: Mapping, others: Iterable[Drink | OptionGroup], own_id: str) -> str:
    name = clean_text(str(values.get("name", "")), NAME_LENGTH + 1)
    if not name or len(name) > NAME_LENGTH:
        raise SettingInvalid("name", f"A name has 1 to {NAME_LENGTH} characters.")
    if any(one.name.lower() == name.lower() and one.id != own_id for one in others):
        raise SettingInvalid("name", f"There is a “{name}” already.")
    return name


def _allergens(tags: Iterable[str], field: str) -> tuple[str, ...]:
    tags = set(tags)
    if unknown := sorted(tags - set(ALLERGENS)):
        raise SettingInvalid(field, f"“{unknown[0][:24]}” is none of {', '.join(ALLERGENS)}.")
    return tuple(tag for tag in ALLERGENS if tag in tags)


def _new_id(name: str, others: Iterable[Drink | OptionGroup | Option]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "item"
    taken = {one.id for one in others} | RESERVED
    number, candidate = 1, base
    while candidate in taken:
        number += 1
        candidate = f"{base}-{number}"
    return candidate


def _drink(menu: Menu, drink_id: str) -> Drink:
    try:
        return menu.drink(drink_id)
    except ChoiceInvalid:
        raise SettingInvalid("name", "This drink is not on the menu any more.") from None


def _group(menu: Menu, group_id: str) -> OptionGroup:
    for group in menu.groups:
        if group.id == group_id:
            return group
    raise SettingInvalid("name", "This group of options is not on the menu any more.")


def _put(items: tuple[OnMenu, ...], item: OnMenu) -> tuple[OnMenu, ...]:
    if any(one.id == item.id for one in items):
        return tuple(item if one.id == item.id else one for one in items)
    return (*items, item)


def _with(shop: Shop, **changes: Any) -> Shop:
    return replace(shop, menu=replace(shop.menu, **changes))
