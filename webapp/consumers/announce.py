"""The outbox: turns each change in a table's stream into events, and tells the execution.

A use case only writes to a table, and everything that follows from the write happens here. A failed
batch is delivered again until it succeeds, so all of this may happen twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from pynamodb.models import Model

from domain.events import ConfigChanged, Event, OrderEvent, QueueEvent, events_for_change
from domain.orders import HOLDS_CAPACITY, WAITS, Order, Phase, in_line
from domain.recordings import AnyEvent
from webapp.consumers.journey import store_step
from webapp.consumers.set_aside import set_aside
from webapp.services.all_services import Services
from webapp.services.orders.walk_ups import submit_walk_up
from webapp.storage.orders.order_items import order_from_stream_image
from webapp.storage.shop.shop_repository import SHOP_ROW
from webapp.storage.tables import ShopModel, streamed_model

_LARGEST_DETAIL = 200_000
"""In characters. EventBridge takes 256 KB, including the envelope."""
_IN_TIME = timedelta(minutes=1)
"""A stream delivers the changes of an order in their order. Only a change that was given up after
minutes of tries and is delivered again by hand comes out of order, and it is older than this."""


def announce(services: Services, records: list[Any], is_redrive: bool = False) -> None:
    """Announces the changes of one batch, in order, and stores them in the orders' journeys.

    A change that cannot be read would fail again at each try and hold up all changes behind it. So
    it is set aside, and scripts/dead-letters delivers it later to a version that can read it.
    Raises UnreadableChange when a redelivered change still cannot be read; it then stays with the
    dead letters.
    """
    events: list[Event] = []
    steps: list[tuple[list[OrderEvent], bool]] = []
    unreadable: list[tuple[Any, UnreadableChange]] = []
    line_of = cache(lambda shop_id: in_line(services.orders.open_orders(shop_id)))
    for record in records:
        try:
            change = read_change(record)
        except UnreadableChange as error:
            if is_redrive:
                raise
            unreadable.append((record, error))
            continue
        if change.order:
            _tell_execution(services, change.before, change.order)
            submit_walk_up(services, change.order)
        events += change.of_shop
        if step := _with_positions(line_of, change.of_order):
            events += step
            steps.append((step, _is_late(services, record)))
    # The events go out before the journeys are stored, because people are waiting at the screens.
    services.bus.put(events)
    at = services.now().isoformat(timespec="seconds")
    complete = [store_step(services, step, at, is_late) for step, is_late in steps]
    services.bus.put(list(dict.fromkeys(filter(None, complete))))
    # Setting aside comes last: a failure before it makes the stream deliver the batch again, and
    # the record would be set aside twice.
    for record, why in unreadable:
        set_aside(services, {"Records": [record]}, "unreadable change", why)


class UnreadableChange(ValueError):
    """A stream record that this version cannot understand; the text says where and why."""


@dataclass(frozen=True)
class Change:
    """What a stream record says: the events to announce, and the order before and after it."""

    of_shop: Sequence[Event] = ()
    of_order: Sequence[OrderEvent] = ()
    before: Order | None = None
    order: Order | None = None


def read_change(record: Any) -> Change:
    """Reads a stream record without any call, so the same record always has the same result.

    Raises UnreadableChange.
    """
    try:
        return _read_change(record)
    # A record of an unknown version may make this code raise any error.
    except Exception as error:
        raise UnreadableChange(f"{_named(record)}: {_without_values(error)}") from error


def _read_change(record: Mapping) -> Change:
    model = streamed_model(_table_of(record))
    new = record["dynamodb"].get("NewImage")
    if new is None or model is None:
        return Change()
    _check_whole(model, new)
    if model is ShopModel:
        return Change(of_shop=_checked([ConfigChanged.of(SHOP_ROW.read_image(new))]))
    old = record["dynamodb"].get("OldImage")
    before = order_from_stream_image(old) if old else None
    after = order_from_stream_image(new)
    return Change((), _checked(events_for_change(before, after)), before, after)


def _check_whole(model: type[Model], image: Mapping) -> None:
    """Raises KeyError for an item that lacks an attribute that every item has.

    Otherwise the attribute would be read as None and fail later.
    """
    for name, attribute in model.get_attributes().items():
        if not attribute.null and attribute.default is None and attribute.attr_name not in image:
            raise KeyError(name)


def _checked(events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
    """Returns the events. Raises ValueError for an event that is too large for the bus."""
    if any(len(json.dumps(event.to_detail())) > _LARGEST_DETAIL for event in events):
        raise ValueError("an event of it is too large")
    return events


def _table_of(record: Mapping) -> str:
    return record["eventSourceARN"].split(":table/")[1].split("/")[0]


def _named(record: Any) -> str:
    """Returns the record's table and key, if it has them.

    The record's images are left out because they hold task tokens.
    """
    try:
        keys = record["dynamodb"]["Keys"].values()
        return f"{_table_of(record)} {' '.join(str(*key.values()) for key in keys)}"
    except Exception:
        return "a record without a key"


def _without_values(error: Exception) -> str:
    """Returns an error's kind and, for a missing name, that name.

    Other texts are left out because they could quote the item.
    """
    if isinstance(error, (KeyError, AttributeError)):
        return f"{type(error).__name__} {error}"
    return type(error).__name__


def _is_late(services: Services, record: Mapping) -> bool:
    changed_at = record["dynamodb"].get("ApproximateCreationDateTime")
    if not isinstance(changed_at, (int, float)):
        return True
    return services.now().timestamp() - changed_at > _IN_TIME.total_seconds()


def _with_positions(
    line_of: Callable[[str], list[Order]], events: Sequence[OrderEvent]
) -> list[OrderEvent]:
    """Returns the events with the present positions in line."""
    return [
        event.in_queue(line_of(event.shop_id)) if isinstance(event, QueueEvent) else event
        for event in events
    ]


def _tell_execution(services: Services, before: Order | None, after: Order) -> None:
    if before is None or before.version == after.version or not before.task_token:
        return
    if before.state not in HOLDS_CAPACITY:
        # The order was taken back from its end. Its old execution is over, and the next one has no
        # task token yet.
        return
    if after.phase is Phase.OVER:
        services.executions.close(before.task_token, after.state.value)
    elif before.state in WAITS and WAITS[before.state] is not WAITS.get(after.state):
        # The person whom the execution waited for has acted.
        services.executions.resume(before.task_token)
