"""Every unfinished order is somewhere: which ones should have moved on long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.orders import OPEN_FOR_CUSTOMER, Order

GRACE = timedelta(minutes=2)
"""The sweep comes every minute; what is still there after two of them, it cannot mend."""


def last_change(order: Order) -> datetime:
    """When the order's execution last had something to do."""
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
    """How long ago the order should have moved on; zero while it is in time, or once it is made.

    A person has until the deadline. Where nobody's turn it is, the workflow moves at once.
    """
    if order.state not in OPEN_FOR_CUSTOMER:
        return timedelta()
    return max(now - (order.deadline_at or last_change(order)), timedelta())


def is_stuck(order: Order, now: datetime) -> bool:
    """Whether two sweeps have not moved it on."""
    return overdue_by(order, now) > GRACE
