"""What the bar tells people about their wait, from its own last orders."""

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
"""Older orders say nothing about now."""

MEMORY = timedelta(seconds=10)
"""So long a process remembers what it read: a rush is not worth a read for each page."""


def recent_samples(services: OrderServices, shop_id: str) -> Sequence[Sample]:
    """The last served orders, at most a few seconds old."""
    # Here, so that a cold start's first page waits for none of it.
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
    """The wait of an order that would be placed now; None while too little is known."""
    ahead = len(in_line(open_orders)) + len(being_made(open_orders))
    return _estimate(services, shop, ahead, drink)


def wait_of(
    services: OrderServices, shop: Shop, order: Order, open_orders: Sequence[Order]
) -> WaitRange | None:
    """The rest of a waiting order's wait, from now on."""
    place = position(order, open_orders)
    if place is None or order.drink_order is None:
        return None
    ahead = place - 1 + len(being_made(open_orders))
    return _estimate(services, shop, ahead, order.drink_order.name)


def next_place_at(services: OrderServices, shop: Shop) -> datetime | None:
    """When a place of a full bar is likely free; None while there is a free one."""
    from domain.estimate import next_place_at

    now = services.now()
    if services.shops.open_order_count(shop.id) < shop.capacity:
        return None
    samples, orders = recent_samples(services, shop.id), services.orders.open_orders(shop.id)
    return next_place_at(samples, orders, now) or now + _SOON


_SOON = timedelta(minutes=1)
"""When no listed order holds a place any more: the next one is a matter of moments."""


def _estimate(services: OrderServices, shop: Shop, ahead: int, drink: str) -> WaitRange | None:
    from domain.estimate import estimate

    samples = recent_samples(services, shop.id)
    return estimate(samples, ahead, drink, shop.extra_minutes)
