"""Estimates how long people wait, from the shop's own last orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.orders import Order, being_made, in_line, position
from domain.shops import Shop
from webapp.services.orders.bundle import OrderServices

if TYPE_CHECKING:
    from domain.estimate import Sample, WaitRange

RECENT = timedelta(minutes=60)
"""Only orders this recent are used, because older ones say nothing about now."""

MEMORY = timedelta(seconds=10)
"""How long a process remembers what it read, so that a rush does not cost a read for each page."""


def recent_samples(services: OrderServices, shop_id: str) -> Sequence[Sample]:
    """Returns the last served orders, as they were at most MEMORY ago."""
    # These imports are here so that the first page after a cold start does not wait for them.
    from domain.estimate import MOST_SAMPLES, samples_of
    from domain.metrics import record_of

    now = services.now()
    kept: tuple[datetime, Sequence[Sample]] | None = services.memory.get(shop_id)
    if kept is not None and kept[0] <= now < kept[0] + MEMORY:
        return kept[1]
    newest = services.metrics.latest_marks(shop_id, now - RECENT, 2 * MOST_SAMPLES)
    samples = samples_of(record_of(order_id, marks) for order_id, marks in newest.items())
    services.memory[shop_id] = (now, samples)
    return samples


def wait_of_next(
    services: OrderServices, shop: Shop, open_orders: Sequence[Order], drink: str = ""
) -> WaitRange | None:
    """Returns the wait of an order that is placed now; None while too few orders were served."""
    ahead = len(in_line(open_orders)) + len(being_made(open_orders))
    return _estimate(services, shop, ahead, drink)


def wait_of(
    services: OrderServices, shop: Shop, order: Order, open_orders: Sequence[Order]
) -> WaitRange | None:
    """Returns how long a waiting order still has to wait; None when that is not known."""
    place = position(order, open_orders)
    if place is None or order.drink_order is None:
        return None
    ahead = place - 1 + len(being_made(open_orders))
    return _estimate(services, shop, ahead, order.drink_order.name)


def next_place_at(services: OrderServices, shop: Shop) -> datetime | None:
    """Returns when a place of a full shop is likely to become free; None while one is free."""
    from domain.estimate import next_place_at

    now = services.now()
    if services.shops.open_order_count(shop.id) < shop.capacity:
        return None
    samples, orders = recent_samples(services, shop.id), services.orders.open_orders(shop.id)
    return next_place_at(samples, orders, now) or now + _SOON


_SOON = timedelta(minutes=1)
"""The answer when no order on the board holds a place any more, because one is about to be free."""


def _estimate(services: OrderServices, shop: Shop, ahead: int, drink: str) -> WaitRange | None:
    from domain.estimate import estimate

    samples = recent_samples(services, shop.id)
    return estimate(samples, ahead, drink, shop.extra_minutes)
