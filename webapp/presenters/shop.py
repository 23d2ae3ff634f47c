"""What a shop says of itself in the current locale: its own names, its door and the wait."""

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
    """What was ordered, by its names in the current locale."""
    return shop.menu.order_said(ordered, partial(_said, shop))


def menu_said(shop: Shop) -> Menu:
    """The shop's menu in the current locale."""
    return shop.menu.said(partial(_said, shop))


def pickup_place(shop: Shop) -> str:
    """Where drinks are collected."""
    return _said(shop, shop.pickup_place, shop.pickup_places)


def choice_refusal(shop: Shop, refused: Refusal) -> str:
    """Why a choice was not taken, with what it is about by its name in the current locale."""
    values = dict(refused.values)
    if isinstance(name := values.get("name"), str):
        values["name"] = _said(shop, name, shop.menu.names_of(name))
    return _(refused.message, **values)


def _said(shop: Shop, name: str, names: Mapping[str, str]) -> str:
    """The team's translation; for the house's words the catalog's; else as the bar calls it."""
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
    """When a closed bar opens again by its hours; empty when nobody knows."""
    opens_at = None if shop.is_open else shop.opens_again_at(now)
    return coming(shop, opens_at, now) if opens_at else ""


def paused_until(shop: Shop) -> str:
    """Until when the bar takes no new scans; empty when it does."""
    return clock(shop, shop.paused_until) if shop.paused_until else ""


def rush_note(shop: Shop) -> str:
    """What a rush adds to the wait; empty in quiet times."""
    if not shop.extra_minutes:
        return ""
    return ngettext(
        "The bar is busy: about one minute longer than usual.",
        "The bar is busy: about %(count)s minutes longer than usual.",
        shop.extra_minutes,
    )


def wait_words(wait: WaitRange | None) -> str | None:
    """A wait for a screen with little room: "4–6 min"; None while too little is known."""
    if wait is None:
        return None
    if not wait.low:
        return _("up to %(high)s min", high=wait.high)
    return _("%(low)s–%(high)s min", low=wait.low, high=wait.high)


def wait_sentence(wait: WaitRange) -> str:
    """A wait in a sentence of its own."""
    if not wait.low:
        return _("Ready within about %(time)s.", time=duration(wait.high * 60))
    return _("Ready in about %(low)s–%(high)s minutes.", low=wait.low, high=wait.high)
