"""Finds the unfinished orders that should have moved on long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.orders import OPEN_FOR_CUSTOMER, Order

GRACE = timedelta(minutes=2)
"""The sweep runs every minute; it cannot repair an order that is still stuck after two runs."""


def last_change(order: Order) -> datetime:
    """Returns when the order's execution last had something to do."""
    times = (
        order.created_at,
        order.admitted_at,
        order.submitted_at,
        order.queued_at,
        order.remade_at,
        order.taken_back_at,
    )
    return max(moment for moment in times if moment is not None)


def overdue_by(order: Order, now: datetime) -> timedelta:
    """Returns how long ago the order should have moved on; zero while it is in time, or once its
    drink is made.

    An order that waits for a person has a deadline. An order that waits for the workflow has none,
    because the workflow moves it on at once.
    """
    if order.state not in OPEN_FOR_CUSTOMER:
        return timedelta()
    return max(now - (order.deadline_at or last_change(order)), timedelta())


def is_stuck(order: Order, now: datetime) -> bool:
    """Returns whether two sweeps have not moved the order on."""
    return overdue_by(order, now) > GRACE
