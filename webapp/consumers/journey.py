"""Stores every event of an order in its journey and notices when none is missing.

The outbox stores all events of a move before any consumer gets them. Events that were recorded
elsewhere come over the bus, one by one, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.detail_types import DetailType
from domain.events import AllEventsStored, OrderEvent, journey_is_complete, journey_key
from webapp.services.all_services import Services
from webapp.services.past.forgetting import forget_latecomer


def store_step(
    services: Services, events: Sequence[OrderEvent], happened_at: str, is_late: bool = True
) -> AllEventsStored | None:
    """Stores the events of one move once.

    is_late: whether events of later moves may have been stored already.
    Returns the event to announce if the journey is now complete, else None.
    """
    details = {journey_key(event): event.to_detail() for event in events}
    services.journeys.store_step(events[0].order_id, happened_at, details)
    if is_late:
        forget_latecomer(services, events[0].shop_id, events[0].order_id)
    if is_late or any(event.detail_type is DetailType.ORDER_FINISHED for event in events):
        return _complete(services, events[-1], happened_at)
    return None


def store_event(services: Services, event: OrderEvent, announced_at: datetime) -> None:
    """Stores the event once. The event that arrives last completes the journey."""
    happened_at = announced_at.isoformat(timespec="seconds")
    services.journeys.store(event.order_id, journey_key(event), happened_at, event.to_detail())
    if all_stored := _complete(services, event, happened_at):
        services.bus.put([all_stored])


def _complete(services: Services, event: OrderEvent, happened_at: str) -> AllEventsStored | None:
    """Returns the event to announce if the journey is complete, else None.

    It reads after the event was stored: when the last two events arrive at once, at least one of
    the two calls sees both. It returns an event that was stored before, because the earlier call
    may have failed before it announced the event.
    """
    stored = services.journeys.stored(event.order_id)
    own = [key for key, name in stored if name != DetailType.ALL_EVENTS_STORED]
    if not journey_is_complete(own):
        return None
    all_stored = AllEventsStored(
        event.shop_id, _last_version(own), event.order_id, event.customer_id
    )
    key = journey_key(all_stored)
    services.journeys.store(event.order_id, key, happened_at, all_stored.to_detail())
    return all_stored


def _last_version(keys: list[str]) -> int:
    # The version of the order's end names the journey, because a collected drink comes after it.
    return max(int(k.split("#")[0]) for k in keys if k.endswith(DetailType.ORDER_FINISHED))
