"""Erases the names in old orders by a schedule; the figures of those days stay.

Each run works on a bounded number of orders, oldest first, and notes after every few how far it
came. It may be cut off at any moment: the next run goes on from the last note, and an order that is
erased twice does not change the second time. Customers' rows, sessions and phone numbers expire by
the tables' time to live.
"""

from __future__ import annotations

from datetime import timedelta

from webapp.services.past.bundle import PastServices
from webapp.services.past.forgetting import forget_order
from webapp.services.shop.every_shop import for_every_shop

MOST_ORDERS = 100
"""The most orders of one run. With the job's schedule that makes 28,800 orders a day."""
_BETWEEN_NOTES = 20
"""How many orders a run erases before it notes how far it came. Each order takes a dozen calls to
AWS, and a run has only the half minute that the function lives."""


def forget_past(services: PastServices, most: int = MOST_ORDERS) -> int:
    """Takes the names out of orders that are older than their shop keeps them.

    most: the most orders of this run. Returns the number of orders.
    """
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
        # Reads at least two orders at once: when several orders began in the same moment, reading
        # one at a time would return the first of them for ever.
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
