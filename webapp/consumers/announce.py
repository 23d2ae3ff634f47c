"""The outbox: turns each change in a table's stream into events, and tells the execution.

The write is the only thing a use case does; whatever follows from it happens here, and a failed
batch is delivered again until it has happened. All of it may happen twice.
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
"""Characters. EventBridge takes 256 KB, and the envelope is a part of them."""
_IN_TIME = timedelta(minutes=1)
"""A stream keeps the changes of an order in order. Out of it come only those that were given up,
tried for minutes, and are delivered again by hand."""


def announce(services: Services, records: list[Any], is_redrive: bool = False) -> None:
    """Announces the changes of one batch, in order, and stores them in the orders' journeys.

    A change that cannot be read will not be readable when it is tried again, and would hold up
    all changes behind it. It is set aside, and goes on when scripts/dead-letters delivers it to a
    version that can read it. Raises UnreadableChange for one that was delivered so and still
    cannot be read: it stays where it is.
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
        if step := _with_places(line_of, change.of_order):
            events += step
            steps.append((step, _is_late(services, record)))
    # The screens first: somebody is looking at them.
    services.bus.put(events)
    at = services.now().isoformat(timespec="seconds")
    complete = [store_step(services, step, at, is_late) for step, is_late in steps]
    services.bus.put(list(dict.fromkeys(filter(None, complete))))
    # Last, so that a batch that is delivered again sets it aside once.
    for record, why in unreadable:
        set_aside(services, {"Records": [record]}, "unreadable change", why)


class UnreadableChange(ValueError):
    """A stream record that this version cannot understand; its text says where and why."""


@dataclass(frozen=True)
class Change:
    """What a stream record says: the events to announce, and of an order how it was and is."""

    of_shop: Sequence[Event] = ()
    of_order: Sequence[OrderEvent] = ()
    before: Order | None = None
    order: Order | None = None


def read_change(record: Any) -> Change:
    """Raises UnreadableChange. Asks nobody, so what it raises does not go away by itself."""
    try:
        return _read_change(record)
    # Whatever a record of a version that we do not know makes of our code.
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
    """Raises KeyError for an item without what each has: it is read as None, and fails later."""
    for name, attribute in model.get_attributes().items():
        if not attribute.null and attribute.default is None and attribute.attr_name not in image:
            raise KeyError(name)


def _checked(events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
    """Raises ValueError for an event that the bus would refuse whenever it came."""
    if any(len(json.dumps(event.to_detail())) > _LARGEST_DETAIL for event in events):
        raise ValueError("an event of it is too large")
    return events


def _table_of(record: Mapping) -> str:
    return record["eventSourceARN"].split(":table/")[1].split("/")[0]


def _named(record: Any) -> str:
    """The table and key of a record, as far as it has them. Never its images: they hold tokens."""
    try:
        keys = record["dynamodb"]["Keys"].values()
        return f"{_table_of(record)} {' '.join(str(*key.values()) for key in keys)}"
    except Exception:
        return "a record without a key"


def _without_values(error: Exception) -> str:
    """An error's kind, and what it misses; other texts could quote the item."""
    if isinstance(error, (KeyError, AttributeError)):
        return f"{type(error).__name__} {error}"
    return type(error).__name__


def _is_late(services: Services, record: Mapping) -> bool:
    changed_at = record["dynamodb"].get("ApproximateCreationDateTime")
    if not isinstance(changed_at, (int, float)):
        return True
    return services.now().timestamp() - changed_at > _IN_TIME.total_seconds()


def _with_places(
    line_of: Callable[[str], list[Order]], events: Sequence[OrderEvent]
) -> list[OrderEvent]:
    """The queue's events with the places in line as they are now."""
    return [
        event.in_queue(line_of(event.shop_id)) if isinstance(event, QueueEvent) else event
        for event in events
    ]


def _tell_execution(services: Services, before: Order | None, after: Order) -> None:
    if before is None or before.version == after.version or not before.task_token:
        return
    if before.state not in HOLDS_CAPACITY:
        # Taken back from its end: that execution is over, and the next one has no token yet.
        return
    if after.phase is Phase.OVER:
        services.executions.close(before.task_token, after.state.value)
    elif before.state in WAITS and WAITS[before.state] is not WAITS.get(after.state):
        # Whom it waited for has done their part.
        services.executions.resume(before.task_token)
