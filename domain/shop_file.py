"""Writes, reads and checks a shop's settings as one readable file (TOML).

What changes by the hour is not in the file: the door, pauses, rushes and what is sold out. The
reader raises SettingInvalid for anything it does not know, and says where that stands.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from domain.errors import SettingInvalid
from domain.languages import LANGUAGES
from domain.menu import Drink, Menu, OptionGroup
from domain.menu_edits import (
    NEW,
    RESERVED,
    change_drink,
    change_group,
    write_option_names,
    write_options,
)
from domain.setting_kinds import Languages, Translations, WeekHours
from domain.settings import PARTS, settings_of
from domain.shops import Shop

Change = Callable[[Shop, str, Mapping], Shop]
"""Returns the changed shop from a shop, an item's id (NEW for one more) and the item's values."""

FORMAT = 1
_MOST_BITS = 64
_MOST_CHARACTERS, _MOST_DOTS = 200_000, 100
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PARTS = ("bar", "intake", "hours", "look")
"""The parts of the settings, in the order of a file."""
_GROUP, _DRINK = ("id", "name", "options"), ("id", "name", "hint", "icon", "groups", "allergens")
_GROUP_SAID = {"names": "name", "option_names": "options"}
_DRINK_SAID = {"names": "name", "hints": "hint"}
"""The tables of translations by language, and what each table translates."""


def write_shop(shop: Shop) -> str:
    """Returns the shop's settings as TOML. `read_shop` can read them into any shop."""
    tables = [
        *(table for part in _PARTS for table in _part(shop, part)),
        *(_table("[[groups]]", _group(group)) for group in shop.menu.groups),
        *(_table("[[drinks]]", _drink(drink)) for drink in shop.menu.drinks),
    ]
    head = f"# The settings of the bar “{shop.name}”.\nformat = {FORMAT}\n"
    return "\n".join([head, *tables])


def read_shop(shop: Shop, text: str) -> Shop:
    """Returns the shop with the settings of a file.

    Parts that the file leaves out stay as they are. Raises SettingInvalid, whose field names the
    part of the file.
    """
    if len(text) > _MOST_CHARACTERS or _has_long_key(text):
        raise SettingInvalid("file", _TOO_MUCH)
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
        is_endless = _has_endless_number(data)
    except tomllib.TOMLDecodeError as error:
        raise SettingInvalid("file", f"This is not a settings file: {error}.") from None
    except (RecursionError, ValueError):
        # tomllib passes some values on to Python, which refuses to read them.
        raise SettingInvalid("file", _TOO_MUCH) from None
    if is_endless:
        raise SettingInvalid("file", _TOO_MUCH)
    if data.pop("format", None) != FORMAT:
        raise SettingInvalid(
            "file", f"A settings file says “format = {FORMAT}”; this one does not."
        )
    _only(data, {*_PARTS, "groups", "drinks"}, "The file")
    for part in _PARTS:
        if part in data:
            shop = _read_part(shop, part, data[part])
    if "groups" in data or "drinks" in data:
        shop = _read_menu(shop, data)
    return shop


_TOO_MUCH = (
    "This is not a settings file: it is too long, something in it is nested too deeply, or a "
    "number is too long."
)


def _has_long_key(text: str) -> bool:
    """Returns True for a key of very many parts, because tomllib's time grows as their square."""
    return any(_outside_texts(line).count(".") > _MOST_DOTS for line in text.splitlines())


def _outside_texts(line: str) -> str:
    return "".join(line.split('"')[::2])


def _has_endless_number(data: object) -> bool:
    """Returns True for a number that is too long.

    In base 16, a file can hold a number with more digits than Python writes in base 10.
    """
    if isinstance(data, (dict, list)):
        parts = data.values() if isinstance(data, dict) else data
        return any(map(_has_endless_number, parts))
    return isinstance(data, int) and data.bit_length() > _MOST_BITS


def _read_part(shop: Shop, part: str, values: object) -> Shop:
    if not isinstance(values, dict):
        raise SettingInvalid(part, f"[{part}] is a table of settings.")
    settings = settings_of(part)
    _only(values, {name for one in settings for name in one.kind.file_names(one.name)}, f"[{part}]")
    texts, lists = dict(values), set()
    for one in settings:
        match one.kind:
            case WeekHours() if "exceptions" in values:
                texts["exceptions"] = _lines(values["exceptions"], part)
            case Languages() if one.name in values:
                lists.add(one.name)
                texts[one.name] = _texts(values[one.name], part, one.name)
            case Translations() if one.name in values:
                # The file holds all translations, so a language that it leaves out has none.
                said = dict.fromkeys(LANGUAGES, "") | _by_language(values, part, one.name)
                del texts[one.name]
                texts |= {one.kind.text_name(code): text for code, text in said.items()}
    for name, value in texts.items():
        if isinstance(value, (bool, dict, list)) and name not in lists:
            raise SettingInvalid(part, f"[{part}] {name} is a text or a number.")
    try:
        return PARTS[part](shop, texts)
    except SettingInvalid as refused:
        raise SettingInvalid(part, f"[{part}] {refused.field}: {refused.sentence}") from None


def _lines(exceptions: object, part: str) -> str:
    if not isinstance(exceptions, dict):
        raise SettingInvalid(part, "[hours.exceptions] is a table of dates.")
    return "\n".join(f"{day} {spans}" for day, spans in exceptions.items())


def _read_menu(shop: Shop, data: Mapping) -> Shop:
    old, shop = shop.menu, replace(shop, menu=Menu(()))
    for row in _rows(data, "groups", (*_GROUP, *_GROUP_SAID)):
        values = {
            "name": row.get("name", ""),
            "options": "\n".join(_texts(row.get("options", []), "groups", "options")),
        }
        values |= _said(row, "groups", _GROUP_SAID)
        shop = _added(shop, "groups", row, change_group, values)
    for row in _rows(data, "drinks", (*_DRINK, *_DRINK_SAID)):
        values = {name: row.get(name, "") for name in ("name", "hint", "icon")}
        for name in ("groups", "allergens"):
            values[name] = _texts(row.get(name, []), "drinks", name)
        if unknown := set(values["groups"]) - {group.id for group in shop.menu.groups}:
            raise SettingInvalid(
                "drinks", f"“{values['name']}” has the group “{min(unknown)}”, which is not there."
            )
        values |= _said(row, "drinks", _DRINK_SAID)
        shop = _added(shop, "drinks", row, change_drink, values)
    if not shop.menu.drinks:
        raise SettingInvalid("drinks", "A menu needs one drink at least.")
    return replace(shop, menu=_stock_of(old, shop.menu))


def _said(row: Mapping, kind: str, tables: Mapping[str, str]) -> dict:
    """Returns the translations of a group or drink, under the names that its form has for them."""
    return {
        f"{name}_{language}": text
        for table, name in tables.items()
        for language, text in _by_language(row, f"[{kind}]", table).items()
    }


def _by_language(row: Mapping, part: str, table: str) -> dict[str, str]:
    """Returns a table of texts by language. A list of texts becomes one text with one a line."""
    said = row.get(table, {})
    if not isinstance(said, dict):
        raise SettingInvalid("file", f"[{part}] {table} is a table by language.")
    if unknown := sorted(set(said) - set(LANGUAGES)):
        raise SettingInvalid("file", f"[{part}] {table}: there is no language “{unknown[0][:8]}”.")
    texts = {}
    for language, text in said.items():
        if table == "option_names":
            text = "\n".join(_texts(text, "groups", table))
        elif not isinstance(text, str):
            raise SettingInvalid("file", f"[{part}] {table}.{language} is a text.")
        texts[language] = text
    return texts


def _added(shop: Shop, kind: str, row: Mapping, change: Change, values: Mapping) -> Shop:
    """Returns the shop with one more group or drink, under the id that the file gives it."""
    item_id = row.get("id", "")
    items = getattr(shop.menu, kind)
    if not isinstance(item_id, str) or not _ID.fullmatch(item_id):
        raise SettingInvalid(kind, f"[[{kind}]] id: small letters, digits and hyphens, please.")
    if item_id in RESERVED:
        raise SettingInvalid(kind, f"[[{kind}]] id: “{item_id}” means something else in a form.")
    if any(one.id == item_id for one in items):
        raise SettingInvalid(kind, f"[[{kind}]] {item_id} is there twice.")
    try:
        shop = change(shop, NEW, values)
    except SettingInvalid as refused:
        raise SettingInvalid(kind, f"[[{kind}]] {item_id}: {refused.sentence}") from None
    *before, added = getattr(shop.menu, kind)
    items = (*before, replace(added, id=item_id))
    return replace(shop, menu=replace(shop.menu, **{kind: items}))


def _stock_of(old: Menu, new: Menu) -> Menu:
    """Returns the new menu, in which everything that is sold out now still is."""
    known = {group.id: {option.id for option in group.options} for group in new.groups}
    for drink in old.drinks:
        if drink.is_sold_out and any(one.id == drink.id for one in new.drinks):
            new = new.with_sold_out(drink.id, True, until=drink.sold_out_until)
    for group in old.groups:
        for option in group.options:
            if option.is_sold_out and option.id in known.get(group.id, ()):
                new = new.with_sold_out(option.id, True, group.id, option.sold_out_until)
    return new


def _rows(data: Mapping, kind: str, known: Iterable[str]) -> list[dict]:
    rows = data.get(kind, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SettingInvalid(kind, f"[[{kind}]] is a list of tables.")
    for row in rows:
        _only(row, set(known), f"[[{kind}]]")
    return rows


def _texts(values: object, part: str, name: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise SettingInvalid(part, f'{name} is a list of texts, such as ["…"].')
    return values


def _only(values: Mapping, known: set[str], where: str) -> None:
    if unknown := sorted(set(values) - known):
        raise SettingInvalid("file", f"{where} has no setting called “{unknown[0][:40]}”.")


def _part(shop: Shop, part: str) -> list[str]:
    """Returns a part's table, and another table for the exceptions of its hours."""
    values: dict = {}
    for one in settings_of(part):
        values |= one.kind.to_file(one.name, getattr(shop, one.name))
    exceptions = values.pop("exceptions", None)
    # Tables stand at the end, as a drink's translations do.
    values = dict(sorted(values.items(), key=lambda item: isinstance(item[1], Mapping)))
    apart = [_table("[hours.exceptions]", exceptions)] if exceptions else []
    return [_table(f"[{part}]", values), *apart]


def _group(group: OptionGroup) -> dict:
    lines = {
        language: write_option_names(group, language).split("\n")
        for language in LANGUAGES
        if any(language in option.names for option in group.options)
    }
    return {
        "id": group.id,
        "name": group.name,
        "options": write_options(group).splitlines(),
        **({"names": group.names} if group.names else {}),
        **({"option_names": lines} if lines else {}),
    }


def _drink(drink: Drink) -> dict:
    said = {name: getattr(drink, name) for name in _DRINK_SAID}
    return {name: getattr(drink, name) for name in _DRINK} | {
        name: texts for name, texts in said.items() if texts
    }


def _table(head: str, values: Mapping) -> str:
    lines = [f"{_key(name)} = {_value(value)}" for name, value in values.items()]
    return "\n".join([head, *lines, ""])


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]+", name) else json.dumps(name)


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, Mapping):
        pairs = (f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    # A JSON text is also a TOML text, except for this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
