"""The table of the figures: the set of marks of each order, and counts of refused scans.

A mark is added to a set, so an event that is delivered twice, or a write that the SDK sends again,
changes nothing. Each counted event costs one write unit; an order that ends well costs four.

When somebody reads an hour that is long over, what its marks say is packed into one item. So the
figures of a day or a month cost the same, however busy the shop was.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pynamodb.exceptions import UpdateError

from domain.errors import Busy
from domain.metrics import OrderRecord, nameless_mark, record_of_row, row_of_record
from webapp.services.past.ports import Metrics
from webapp.storage.keys import query_span, within_time
from webapp.storage.tables import MetricModel, TimeAttribute
from webapp.storage.transaction import check_refused

if TYPE_CHECKING:
    from domain.events import OrderEvent
    from domain.orders import Order

_TIME = TimeAttribute()
_LAST = "~"
_MOST_PACKED_BYTES = 350_000
"""The limit is below the 400 KB that an item may have."""


class MetricRepository(Metrics):
    """Fulfils the port `Metrics`, which describes each method."""

    def mark(self, event: OrderEvent, at: datetime, mark: str) -> None:
        model = MetricModel(event.shop_id, _order_key(event, at))
        model.update(actions=[MetricModel.marks.add({mark})])

    def unmark(self, event: OrderEvent, at: datetime, marks: set[str]) -> None:
        if not marks:
            return
        model = MetricModel(event.shop_id, _order_key(event, at))
        model.update(actions=[MetricModel.marks.delete(marks)])
        self.unpack(event.shop_id, event.began_at or at)

    def marks(
        self, shop_id: str, since: datetime, until: datetime, is_consistent: bool = False
    ) -> dict[str, set[str]]:
        first, last = f"order#{_TIME.serialize(since)}", f"order#{_TIME.serialize(until)}"
        return _marks_between(shop_id, first, last, is_consistent)

    def recorded_marks(self, shop_id: str, since: datetime, until: datetime) -> dict[str, set[str]]:
        # The span includes one more day, for orders that ended after midnight.
        last_day = within_time(until) + timedelta(days=1)
        return _marks_between(
            shop_id, f"recorded#{since:%Y-%m-%d}", f"recorded#{last_day:%Y-%m-%d}#{_LAST}"
        )

    def packed_hours(
        self, shop_id: str, since: datetime, until: datetime
    ) -> dict[datetime, list[OrderRecord]]:
        first, last = _hour_key(since), _hour_key(until)
        hours = query_span(
            MetricModel, shop_id, MetricModel.item_key, first, last, is_consistent=True
        )
        return {_hour_of(hour): _unpacked(hour.packed) for hour in hours if hour.packed}

    def begin_packing(self, shop_id: str, hour: datetime) -> str:
        proof = secrets.token_hex(8)
        MetricModel(shop_id, _hour_key(hour)).update(actions=[MetricModel.packing.set(proof)])
        return proof

    def finish_packing(
        self, shop_id: str, hour: datetime, proof: str, records: Sequence[OrderRecord]
    ) -> None:
        packed = _packed(records)
        if len(packed) > _MOST_PACKED_BYTES:
            return
        try:
            MetricModel(shop_id, _hour_key(hour)).update(
                actions=[MetricModel.packed.set(packed), MetricModel.packing.remove()],
                condition=MetricModel.packing == proof,
            )
        except UpdateError as error:
            # A late mark came in between. The next reader packs the hour with it.
            check_refused(error)

    def unpack(self, shop_id: str, at: datetime) -> None:
        model = MetricModel(shop_id, _hour_key(at))
        try:
            model.update(
                actions=[MetricModel.packed.remove(), MetricModel.packing.remove()],
                condition=MetricModel.packed.exists() | MetricModel.packing.exists(),
            )
        except UpdateError as error:
            check_refused(error)

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
                # A mark came meanwhile, so the caller has to try again.
                raise Busy from None
            self.unpack(order.shop_id, order.created_at)

    def count_refusal(self, shop_id: str, day: str, cause: str) -> None:
        model = MetricModel(shop_id, f"refused#{day}#{cause}")
        model.update(actions=[MetricModel.taken.add(1)])

    def refusals(self, shop_id: str, first_day: str, last_day: str) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        first, last = f"refused#{first_day}", f"refused#{last_day}#{_LAST}"
        for model in query_span(MetricModel, shop_id, MetricModel.item_key, first, last):
            counts[model.item_key.rpartition("#")[2]] += int(model.taken or 0)
        return dict(counts)


def _order_key(event: OrderEvent, at: datetime) -> str:
    """Returns the key of an order's marks: by the order's begin, or by the event's day.

    Each event of ours tells when its order began, so all events of an order find the same item
    without a read. A recorded order from elsewhere is stored by the event's day. It has two items
    when it lasted over midnight (UTC), and they are joined when they are read.
    """
    if event.began_at is not None:
        return f"order#{_TIME.serialize(event.began_at)}#{event.order_id}"
    return f"recorded#{at:%Y-%m-%d}#{event.order_id}"


def _marks_between(
    shop_id: str, first: str, last: str, is_consistent: bool = False
) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    models = query_span(
        MetricModel, shop_id, MetricModel.item_key, first, last, is_consistent=is_consistent
    )
    for model in models:
        found[_order_id(model)] |= model.marks or set()
    return {order_id: marks for order_id, marks in found.items() if marks}


def _order_id(model: MetricModel) -> str:
    return model.item_key.split("#", 2)[2]


# The functions below are about hours that are long over.


def _hour_key(at: datetime) -> str:
    return f"hour#{at.astimezone(UTC):%Y-%m-%dT%H}"


def _hour_of(model: MetricModel) -> datetime:
    hour = datetime.strptime(model.item_key, "hour#%Y-%m-%dT%H")
    return hour.replace(tzinfo=UTC)


def _packed(records: Sequence[OrderRecord]) -> bytes:
    rows = [row_of_record(record) for record in records]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 9)


def _unpacked(packed: bytes) -> list[OrderRecord]:
    return [record_of_row(row) for row in json.loads(zlib.decompress(packed))]
