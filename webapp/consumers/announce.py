"""The outbox: turns each change in a table's stream into events, and tells the execution.

The write is the only thing a use case does; whatever follows from it happens here, and a failed
batch is delivered again until it has happened. All of it may happen twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache

from domain.events import ConfigChanged, Event, OrderEvent, QueueEvent, events_for_change
from domain.orders import HOLDS_CAPACITY, Order, OrderState, in_line
from webapp.consumers.journey import store_step
from webapp.services.ports import Services
from webapp.services.walk_ups import submit_walk_up
from webapp.storage.order_items import order_from_stream_image
from webapp.storage.shop_repository import shop_from_stream_image
from webapp.storage.tables import OrderModel, ShopModel, streamed_model

_IN_TIME = timedelta(minutes=1)
"""A stream keeps the changes of an order in order. Out of it come only those that were given up,
tried for minutes, and are delivered again by hand."""


def announce(services: Services, records: list[Mapping]) -> None:
    """Announces the changes of one batch, in order, and stores them in the orders' journeys."""
    events: list[Event] = []
    steps: list[tuple[list[OrderEvent], bool]] = []
    line_of = cache(lambda shop_id: in_line(services.orders.open_orders(shop_id)))
    for record in records:
        model = streamed_model(record["eventSourceARN"].split(":table/")[1].split("/")[0])
        old = record["dynamodb"].get("OldImage")
        new = record["dynamodb"].get("NewImage")
        if new is None:
            continue
        if model is OrderModel:
            before = order_from_stream_image(old) if old else None
            after = order_from_stream_image(new)
            _tell_execution(services, before, after)
            submit_walk_up(services, after)
            if step := _with_places(line_of, events_for_change(before, after)):
                events += step
                steps.append((step, _is_late(services, record)))
        elif model is ShopModel:
            events.append(ConfigChanged.of(shop_from_stream_image(new)))
    # The screens first: somebody is looking at them.
    services.bus.put(events)
    at = services.now().isoformat(timespec="seconds")
    complete = [store_step(services, step, at, is_late) for step, is_late in steps]
    services.bus.put(list(dict.fromkeys(filter(None, complete))))


def _is_late(services: Services, record: Mapping) -> bool:
    changed_at = record["dynamodb"].get("ApproximateCreationDateTime")
    if not isinstance(changed_at, (int, float)):
        return True
    return services.now().timestamp() - changed_at > _IN_TIME.total_seconds()


def _with_places(
    line_of: Callable[[str], list[Order]], events: list[OrderEvent]
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
    if after.state in (OrderState.SUBMITTED, OrderState.COMPLETED):
        services.executions.resume(before.task_token)
    elif after.state in (OrderState.CANCELLED, OrderState.TIMED_OUT):
        services.executions.close(before.task_token, after.state.value)
