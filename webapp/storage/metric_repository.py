"""The figures' table: for each order the set of its marks, and counts of refused scans.

A mark is added to a set, so an event delivered twice, or a write that the SDK sends again, changes
nothing. One write unit per counted event, four for an order that ends well.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pynamodb.exceptions import UpdateError

from domain.errors import Busy
from domain.metrics import nameless_mark
from webapp.storage.keys import query_span, within_time
from webapp.storage.tables import MetricModel, TimeAttribute
from webapp.storage.transaction import check_refused

if TYPE_CHECKING:
    from domain.events import OrderEvent
    from domain.orders import Order

_TIME = TimeAttribute()
_LAST = "~"


class MetricRepository:
    """See services.ports.Metrics."""

    def mark(self, event: OrderEvent, at: datetime, mark: str) -> None:
        model = MetricModel(event.shop_id, _order_key(event, at))
        model.update(actions=[MetricModel.marks.add({mark})])

    def unmark(self, event: OrderEvent, at: datetime, marks: set[str]) -> None:
        if not marks:
            return
        model = MetricModel(event.shop_id, _order_key(event, at))
        model.update(actions=[MetricModel.marks.delete(marks)])

    def marks(self, shop_id: str, since: datetime, until: datetime) -> dict[str, set[str]]:
        found = defaultdict(set)
        for first, last in _ranges(since, until):
            for model in query_span(MetricModel, shop_id, MetricModel.item_key, first, last):
                found[_order_id(model)] |= model.marks or set()
        return {order_id: marks for order_id, marks in found.items() if marks}

    def latest_marks(self, shop_id: str, since: datetime, most: int) -> dict[str, set[str]]:
        first, last = f"order#{_TIME.serialize(since)}", f"order#{_LAST}"
        newest = query_span(
            MetricModel, shop_id, MetricModel.item_key, first, last, newest_first=True, most=most
        )
        return {_order_id(model): model.marks for model in newest if model.marks}

    def forget(self, order: Order) -> None:
        key = f"order#{_TIME.serialize(order.created_at)}#{order.id}"
        for model in MetricModel.query(order.shop_id, MetricModel.item_key == key):
            marks = {nameless_mark(mark) for mark in model.marks or ()}
            if marks == set(model.marks or ()):
                continue
            try:
                model.update(
                    actions=[MetricModel.marks.set(marks)],
                    condition=MetricModel.marks == model.marks,
                )
            except UpdateError as error:
                check_refused(error)
                # A mark came meanwhile: tell the caller to come again.
                raise Busy from None

    def count_refusal(self, shop_id: str, day: str, cause: str) -> None:
        model = MetricModel(shop_id, f"refused#{day}#{cause}")
        model.update(actions=[MetricModel.taken.add(1)])

    def refusals(self, shop_id: str, first_day: str, last_day: str) -> dict[str, int]:
        counts = defaultdict(int)
        first, last = f"refused#{first_day}", f"refused#{last_day}#{_LAST}"
        for model in query_span(MetricModel, shop_id, MetricModel.item_key, first, last):
            counts[model.item_key.rpartition("#")[2]] += int(model.taken or 0)
        return dict(counts)


def _order_key(event: OrderEvent, at: datetime) -> str:
    """By the order's beginning, which each event of ours tells; elsewhere by the event's day.

    So every event of an order finds the same item without a read. An order recorded elsewhere has
    two of them when it lasted over midnight (UTC); they are put together when they are read.
    """
    if event.began_at is not None:
        return f"order#{_TIME.serialize(event.began_at)}#{event.order_id}"
    return f"recorded#{at:%Y-%m-%d}#{event.order_id}"


def _ranges(since: datetime, until: datetime) -> list[tuple[str, str]]:
    # A day further, for what ended after midnight.
    last_day = within_time(until) + timedelta(days=1)
    return [
        (f"order#{_TIME.serialize(since)}", f"order#{_TIME.serialize(until)}"),
        (f"recorded#{since:%Y-%m-%d}", f"recorded#{last_day:%Y-%m-%d}#{_LAST}"),
    ]


def _order_id(model: MetricModel) -> str:
    return model.item_key.split("#", 2)[2]
