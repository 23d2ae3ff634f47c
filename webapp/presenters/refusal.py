"""Why the bar refused a phone: the page's words, and when to try again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import singledispatch

from domain.errors import (
    CodeExpired,
    CodeUnknown,
    CodeUsedUp,
    HasOpenOrder,
    OneTimeCodeOver,
    OrdersOfDayUsedUp,
    PassMissing,
    Refusal,
    ShopClosed,
    ShopFull,
    ShopPaused,
    TooManyRequests,
)
from domain.rush import PAUSE_MINUTES
from domain.shops import Shop
from webapp.presenters.times import clock, coming, duration, to_ms
from webapp.words import _, ngettext, sentence_of

_CLOCK_FROM = timedelta(minutes=1)
"""Shorter waits show no clock time, because the clock has no seconds and would show the present
minute."""


def refusal_view(shop: Shop, refused: Refusal, now: datetime) -> dict:
    """Returns why a scan was refused, and when it will work again."""
    return {
        "kind": "unknown",
        "title": sentence_of(refused),
        "why": "",
        "when_label": None,
        "when_clock": None,
        "when_ms": None,
        "when_total_seconds": None,
        "when_note": None,
        "keep": _("Stay near the screen and scan the code you see there."),
        "next_label": None,
        "next_url": None,
    } | _of(refused, shop, now)


def scan_kept(shop: Shop, until: datetime) -> str:
    """Returns the sentence that says until when an unused scan is valid."""
    return _("Your scan is good until %(clock)s.", clock=clock(shop, until))


@singledispatch
def _of(refused: Refusal, shop: Shop, now: datetime) -> dict:
    """Returns what a refusal of this kind says beside its sentence."""
    return {}


@_of.register
def _code_used_up(refused: CodeUsedUp, shop: Shop, now: datetime) -> dict:
    view = {
        "kind": "used_up",
        "title": _("This code is used up"),
        "why": ngettext(
            "Each code is good for one drink, so that nobody waits too long. This one is taken.",
            "Each code is good for %(count)s drinks, so that nobody waits too long. "
            "All %(count)s of this one are taken.",
            refused.scans,
        ),
    }
    if refused.next_at <= now:
        return view | {"keep": _("The next code is already on the screen.")}
    return view | {
        "keep": _("Stay near the screen and scan the new code when it appears."),
        "when_label": _("New code on the screen"),
        "when_clock": clock(shop, refused.next_at),
        "when_ms": to_ms(refused.next_at),
        "when_total_seconds": shop.window_seconds,
        "when_note": _("a new one every %(time)s", time=duration(shop.window_seconds)),
    }


@_of.register
def _code_expired(refused: CodeExpired, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "expired",
        "title": _("This code is too old"),
        "why": _(
            "It changes every few seconds, so that the drinks go to the people who are "
            "here. A photo or a forwarded link comes too late; scan the screen with this "
            "phone."
        ),
    }


@_of.register
def _pass_missing(refused: PassMissing, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "expired",
        "title": _("Scan the code first"),
        "why": _(
            "This page belongs to the phone that scanned the code, for %(time)s. Scan the one "
            "on the screen with this phone.",
            time=duration(shop.pass_seconds),
        ),
    }


@_of.register
def _orders_of_day_used_up(refused: OrdersOfDayUsedUp, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "used_up",
        "title": _("That was your last one for today"),
        "why": ngettext(
            "Everybody can have one drink a day. See you tomorrow.",
            "Everybody can have %(count)s drinks a day. See you tomorrow.",
            refused.most,
        ),
        "keep": None,
    }


@_of.register
def _one_time_code_over(refused: OneTimeCodeOver, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "expired",
        "title": _("This code is over"),
        "why": _("Ask for a new one; only the newest text counts."),
        "keep": None,
        "next_label": _("Get a new code"),
    }


@_of.register
def _too_many_requests(refused: TooManyRequests, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "full",
        "title": _("One moment, please"),
        "why": sentence_of(refused),
        "when_label": _("Try again"),
        "when_clock": clock(shop, refused.retry_at)
        if refused.retry_at - now >= _CLOCK_FROM
        else None,
        "when_ms": to_ms(refused.retry_at),
        "keep": None,
        "next_label": _("Try again"),
    }


@_of.register
def _code_unknown(refused: CodeUnknown, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "unknown",
        "title": _("This is not a code of this bar"),
        "why": _("The address was cut off or changed on its way. Scan the code on the screen."),
    }


@_of.register
def _shop_closed(refused: ShopClosed, shop: Shop, now: datetime) -> dict:
    opens_at = shop.opens_again_at(now)
    return {
        "kind": "closed",
        "title": _("The bar is closed"),
        "why": _("It opens again %(when)s.", when=coming(shop, opens_at, now))
        if opens_at
        else _(
            "Nobody is taking orders right now. The screen shows a code as soon as the bar opens."
        ),
        "keep": _("This scan was not used."),
    }


@_of.register
def _shop_paused(refused: ShopPaused, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "full",
        "title": _("The bar is catching up"),
        "why": _(
            "More orders came than the baristas can make at once, so they take a short pause "
            "from new ones."
        ),
        "when_label": _("New orders again"),
        "when_clock": clock(shop, refused.until),
        "when_ms": to_ms(refused.until),
        "when_total_seconds": PAUSE_MINUTES * 60,
        "when_note": _("or sooner"),
        "keep": _("This scan was not used; scan again then."),
    }


@_of.register
def _shop_full(refused: ShopFull, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "full",
        "title": _("The bar is full right now"),
        "why": ngettext(
            "One order is under way, as many as the baristas can make at once. Usually a "
            "place is free within a few minutes.",
            "%(count)s orders are under way, as many as the baristas can make at once. "
            "Usually a place is free within a few minutes.",
            shop.capacity,
        ),
        **_likely(refused, shop, now),
        "keep": _("This scan was not used; try again in a moment."),
        "next_label": _("Try again"),
    }


def _likely(refused: ShopFull, shop: Shop, now: datetime) -> dict:
    if refused.next_at is None:
        return {}
    return {
        "when_label": _("A place is likely"),
        "when_clock": clock(shop, refused.next_at),
        "when_ms": to_ms(refused.next_at),
        "when_note": _("or sooner"),
    }


@_of.register
def _has_open_order(refused: HasOpenOrder, shop: Shop, now: datetime) -> dict:
    return {
        "kind": "open_order",
        "title": _("You already have an order"),
        "why": _("One order at a time, so that everybody gets a drink. Yours is under way.")
        if shop.open_orders_per_customer == 1
        else _(
            "You have as many orders under way as one person may have, so that everybody gets a "
            "drink."
        ),
        "keep": _("This scan was not used."),
        "next_label": _("Show my order"),
    }
