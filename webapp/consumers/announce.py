"""The outbox: turns each change in a table's stream into events, and tells the execution.

The write is the only thing a use case does; whatever follows from it happens here, and a failed
batch is delivered again until it has happened. All of it may happen twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.detail_types import DetailType
from domain.events import ConfigChanged, Event, QueueEvent, events_for_change, parse_event
from domain.orders import HOLDS_CAPACITY, Order, OrderState, in_line
from webapp.services.ports import Services
from webapp.services.walk_ups import submit_walk_up
from webapp.storage.order_repository import order_from_stream_image
from webapp.storage.shop_repository import shop_from_stream_image
from webapp.storage.tables import JourneyModel, OrderModel, ShopModel, streamed_model


def announce(services: Services, records: list[Mapping]) -> None:
    """Announces the changes of one batch, in order."""
    events: list[Event] = []
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
            events += _with_places(services, events_for_change(before, after))
        elif model is ShopModel:
            events.append(ConfigChanged.of(shop_from_stream_image(new)))
        elif model is JourneyModel and old is None:
            # A stored event changes only by losing its persons, which is no news.
            events += _stored_all(new)
    services.bus.put(events)


def _with_places(services: Services, events: list[Event]) -> list[Event]:
    """The queue's events with the places in line as they are now."""
    if not any(isinstance(event, QueueEvent) for event in events):
        return events
    line = in_line(services.orders.open_orders(events[0].shop_id))
    return [
        event.in_queue(line) if isinstance(event, QueueEvent) else event for event in events
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


def _stored_all(image: Mapping) -> list[Event]:
    if image["detail_type"]["S"] != DetailType.ALL_EVENTS_STORED:
        return []
    detail = JourneyModel()
    detail.deserialize({name: dict(value) for name, value in image.items()})
    return [parse_event(DetailType.ALL_EVENTS_STORED, detail.detail)]
