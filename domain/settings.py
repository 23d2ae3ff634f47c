"""The parts of a shop's settings; each part is checked as a whole, from a form or a file to a shop.

The kind of each setting's field in domain.shops says which values are possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from domain.errors import SettingInvalid
from domain.setting_kinds import Kind
from domain.shops import SHOP_ID_PATTERN, Shop


@dataclass(frozen=True)
class Setting:
    """A field of Shop that is a setting, as `domain.setting_kinds.setting` declares it."""

    name: str
    part: str
    kind: Kind
    after: str


SETTINGS = tuple(Setting(one.name, **one.metadata) for one in fields(Shop) if one.metadata)


def settings_of(part: str) -> tuple[Setting, ...]:
    """Returns the settings of a part, in the order in which a file has them."""
    return tuple(one for one in SETTINGS if one.part == part)


def on_the_page(part: str) -> tuple[Setting, ...]:
    """Returns the settings of a part, in the order in which the page shows them."""
    shown: list[Setting] = []
    for one in settings_of(part):
        names = [other.name for other in shown]
        shown.insert(names.index(one.after) + 1 if one.after else len(shown), one)
    return tuple(shown)


def _changed(part: str, shop: Shop, values: Mapping[str, Any]) -> Shop:
    """Returns the shop with the texts of one part of its settings. What they leave out stays.

    Raises SettingInvalid, which names the text and says what is possible.
    """
    read = {
        one.name: one.kind.read(one.name, values, getattr(shop, one.name))
        for one in settings_of(part)
    }
    return _CHECKS.get(part, lambda _, after: after)(shop, replace(shop, **read))


def _check_intake(_before: Shop, after: Shop) -> Shop:
    if after.code_seconds > after.window_seconds:
        raise SettingInvalid("code_seconds", "A code cannot be shown longer than its scans last.")
    if after.auto_pause_at > after.capacity:
        raise SettingInvalid(
            "auto_pause_at",
            f"The bar is full at {after.capacity}; pause at fewer, or at 0 never.",
        )
    return after


def _follow_new_hours(before: Shop, after: Shop) -> Shop:
    """Returns the shop whose changed hours decide about the door at once.

    A person can move the door again after that.
    """
    return after if after.hours == before.hours else replace(after, door_at=None)


_CHECKS: Mapping[str, Callable[[Shop, Shop], Shop]] = {
    "intake": _check_intake,
    "hours": _follow_new_hours,
}
"""Checks that compare the settings of a part with each other, from the shop before and after."""

PARTS: Mapping[str, Callable[[Shop, Mapping[str, Any]], Shop]] = {
    part: partial(_changed, part) for part in ("bar", "hours", "intake", "look")
}
"""The parts of the settings that are edited together. Each takes a shop and the texts of its form,
and returns the changed shop. Each raises SettingInvalid, which names the text."""


def read_shop_id(text: str) -> str:
    """Returns a shop's id, which is the first part of its address. Raises SettingInvalid."""
    shop_id = text.strip().lower()
    if not SHOP_ID_PATTERN.fullmatch(shop_id) or shop_id in _TAKEN_ADDRESSES:
        raise SettingInvalid(
            "shop_id",
            "The address is made of small letters, digits and hyphens, such as hall-2; "
            "at most 32, and none that the bar's own pages use.",
        )
    return shop_id


_TAKEN_ADDRESSES = frozenset(
    {"static", "look", "healthz", "api", "developer", "favicon.ico", "robots.txt"}
)
