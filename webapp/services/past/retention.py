"""A day that is over keeps its figures and nobody's name: what the clock lets go by itself.

Each run does a bounded number of orders, oldest first, and notes every few how far it came: it may
be cut off at any moment, and the next one goes on there. Whatever is done twice changes nothing the
second time. Customers' rows, sessions and numbers go by the tables' time to live.
"""

from __future__ import annotations

from datetime import timedelta

from webapp.services.past.bundle import PastServices
from webapp.services.past.forgetting import forget_order
from webapp.services.shop.every_shop import for_every_shop

MOST_ORDERS = 100
"""Of one run; with the job's schedule, 28,800 orders a day."""
_BETWEEN_NOTES = 20
"""Each order is a dozen calls of AWS, and a run has the half minute that the function lives."""


def forget_past(services: PastServices, most: int = MOST_ORDERS) -> int:
    """Takes the persons out of orders older than their shop keeps them; returns how many it did."""
    left = most

    def forget_past_of(shop_id: str) -> int:
        nonlocal left
        done = _forget_past_of(services, shop_id, left) if left > 0 else 0
        left -= done
        return done

    return for_every_shop(services, forget_past_of)


def _forget_past_of(services: PastServices, shop_id: str, most: int) -> int:
    until = services.now() - timedelta(days=services.shop(shop_id).keep_days)
    since = services.shops.nameless_until(shop_id)
    done, is_all = 0, False
    while done < most and not is_all:
        # Two at least: of several begun in the same moment, the run must come past the first.
        at_once = max(min(_BETWEEN_NOTES, most - done), 2)
        orders = services.orders.oldest(shop_id, since, until, at_once)
        for order in orders:
            forget_order(services, shop_id, order.id)
            services.metrics.forget(order)
        is_all = len(orders) < at_once
        if orders:
            last = orders[-1].created_at
            came_to = last + timedelta(milliseconds=1) if is_all else last
            services.shops.set_nameless_until(shop_id, since, came_to)
            since = came_to
        done += len(orders)
    return done
