"""Makes the figures anew from the orders' journeys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.events import OrderEvent, parse_order_event
from domain.metrics import COUNTED, mark_of
from webapp.services.past.ports import Metrics, StoredEvent

_SETTLED = timedelta(hours=1)
"""An order this old has all its events in its journey. The mark of a younger one may be there
before its event is in the journey."""


def rebuild(metrics: Metrics, events: Iterable[StoredEvent], now: datetime) -> int:
    """Gives each order the marks of its journey; returns the number of orders.

    It may run while the bar is open, because it only adds marks to recent orders. Orders that are
    long over also lose the marks that their journey does not explain. Orders without a journey keep
    their marks.
    """
    told: dict[tuple[str, str], list[tuple[OrderEvent, datetime]]] = defaultdict(list)
    for stored in events:
        if stored.detail_type in COUNTED:
            event = parse_order_event(stored.detail_type, stored.detail)
            told[event.shop_id, event.order_id].append((event, stored.at))
    for order_events in told.values():
        _rebuild_order(metrics, order_events, now)
    return len(told)


def _rebuild_order(
    metrics: Metrics, events: list[tuple[OrderEvent, datetime]], now: datetime
) -> None:
    expected = set()
    for event, at in events:
        if mark := mark_of(event, at):
            expected.add(mark)
            metrics.mark(event, event.at or at, mark)
    first, at = min(events, key=lambda one: one[0].began_at or one[1])
    began = first.began_at or at
    if began <= now - _SETTLED:
        span = (first.shop_id, began, began + timedelta(milliseconds=1))
        kept = metrics.marks(*span) | metrics.recorded_marks(*span)
        if surplus := kept.get(first.order_id, set()) - expected:
            metrics.unmark(first, began, surplus)
    metrics.unpack(first.shop_id, began)
