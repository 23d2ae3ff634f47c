"""Helps a shop when more people come than it can serve, by longer told waits and short pauses.

A pause stops new scans; orders under way go on. The clock ends a pause at the latest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from domain.errors import NotAllowedNow
from domain.orders import HOLDS_CAPACITY, TRANSITIONS
from domain.shops import Shop

RUSH_STEP_MINUTES = 5
RUSH_MOST_MINUTES = 60
PAUSE_MINUTES = 10
CHANGES_PACE = frozenset(
    row.news
    for row in TRANSITIONS
    if (row.source in HOLDS_CAPACITY) != (row.target in HOLDS_CAPACITY)
)
"""The news of the moves with which an order takes a place or gives it back."""


def longer_wait(shop: Shop) -> Shop:
    """Returns the shop with five more minutes added to the told wait, up to an hour."""
    return replace(
        shop, extra_minutes=min(shop.extra_minutes + RUSH_STEP_MINUTES, RUSH_MOST_MINUTES)
    )


def usual_wait(shop: Shop) -> Shop:
    """Returns the shop with nothing added to the told wait."""
    return replace(shop, extra_minutes=0)


def pause(shop: Shop, now: datetime) -> Shop:
    """Returns the shop without new scans for ten minutes.

    Raises NotAllowedNow for a closed shop.
    """
    if not shop.is_open:
        raise NotAllowedNow("The bar is closed, so nobody can scan anyway.")
    return replace(shop, paused_until=_end(now), pause_is_automatic=False)


def resume(shop: Shop, now: datetime) -> Shop:
    """Returns the shop with its pause ended by a barista.

    After an automatic pause, no other one begins for ten minutes, because the barista knows better
    than the count.
    """
    if shop.paused_until is None:
        return shop
    quiet = _end(now) if shop.pause_is_automatic else shop.no_auto_pause_until
    return replace(shop, paused_until=None, pause_is_automatic=False, no_auto_pause_until=quiet)


def keep_pace(shop: Shop, open_orders: int, now: datetime) -> Shop:
    """Returns the shop paused at `auto_pause_at` open orders, and going on at half of them."""
    if not shop.is_open or not shop.auto_pause_at:
        return shop
    if shop.paused_until is None:
        is_quiet = shop.no_auto_pause_until is not None and now < shop.no_auto_pause_until
        if open_orders < shop.auto_pause_at or is_quiet:
            return shop
        return replace(shop, paused_until=_end(now), pause_is_automatic=True)
    if shop.pause_is_automatic and open_orders <= shop.auto_pause_at // 2:
        return replace(shop, paused_until=None, pause_is_automatic=False)
    return shop


def _end(now: datetime) -> datetime:
    return now + timedelta(minutes=PAUSE_MINUTES)
