"""A shop in the current locale: its names, its door and the wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from domain.errors import Refusal
from domain.menu import DEFAULT_MENU, DrinkOrder, Menu
from domain.shops import Shop
from webapp.presenters.times import clock, coming, duration
from webapp.words import SOURCE, _, current_locale, ngettext

if TYPE_CHECKING:
    from domain.estimate import WaitRange


def drink_order(shop: Shop, ordered: DrinkOrder) -> DrinkOrder:
    """Returns what was ordered, with names in the current locale."""
    return shop.menu.order_said(ordered, partial(_said, shop))


def menu_said(shop: Shop) -> Menu:
    """Returns the shop's menu in the current locale."""
    return shop.menu.said(partial(_said, shop))


def pickup_place(shop: Shop) -> str:
    """Returns where drinks are collected, in the current locale."""
    return _said(shop, shop.pickup_place, shop.pickup_places)


def choice_refusal(shop: Shop, refused: Refusal) -> str:
    """Returns why a choice was refused, with the drink's or option's name in the current locale."""
    values = dict(refused.values)
    if isinstance(name := values.get("name"), str):
        values["name"] = _said(shop, name, shop.menu.names_of(name))
    return _(refused.message, **values)


def _said(shop: Shop, name: str, names: Mapping[str, str]) -> str:
    """Returns a name in the current locale.

    The team's translation comes first, then the catalog's if the name is of the default menu, then
    the name as the shop wrote it.
    """
    own = shop.languages[0]
    if current_locale() == own:
        return name
    if translated := names.get(current_locale()):
        return translated
    return _(name) if own == SOURCE and name in _house_words() else name


@cache
def _house_words() -> frozenset[str]:
    words = {Shop.pickup_place}

    def note(name: str, _names: Mapping[str, str]) -> str:
        words.add(name)
        return name

    DEFAULT_MENU.said(note)
    return frozenset(words)


def opens(shop: Shop, now: datetime) -> str:
    """Returns when a closed shop opens again by its hours; empty if it has none."""
    opens_at = None if shop.is_open else shop.opens_again_at(now)
    return coming(shop, opens_at, now) if opens_at else ""


def paused_until(shop: Shop) -> str:
    """Returns until when the shop pauses; empty when it takes new scans."""
    return clock(shop, shop.paused_until) if shop.paused_until else ""


def rush_note(shop: Shop) -> str:
    """Returns what a rush adds to the wait; empty in quiet times."""
    if not shop.extra_minutes:
        return ""
    return ngettext(
        "The bar is busy: about one minute longer than usual.",
        "The bar is busy: about %(count)s minutes longer than usual.",
        shop.extra_minutes,
    )


def wait_words(wait: WaitRange | None) -> str | None:
    """Returns a short wait for a small screen: "4–6 min"; None while too little is known."""
    if wait is None:
        return None
    if not wait.low:
        return _("up to %(high)s min", high=wait.high)
    return _("%(low)s–%(high)s min", low=wait.low, high=wait.high)


def wait_sentence(wait: WaitRange) -> str:
    """Returns a wait as a whole sentence."""
    if not wait.low:
        return _("Ready within about %(time)s.", time=duration(wait.high * 60))
    return _("Ready in about %(low)s–%(high)s minutes.", low=wait.low, high=wait.high)
