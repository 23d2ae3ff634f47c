"""Stores every event of an order in its journey and notices when none is missing.

The outbox stores a whole step before any consumer hears of it. Events that were recorded elsewhere
come over the bus, one by one, in any order.
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
    """Stores the events of one step once; what to announce when the journey is complete with them.

    is_late: steps after this one may have been stored before it.
    """
    details = {journey_key(event): event.to_detail() for event in events}
    services.journeys.store_step(events[0].order_id, happened_at, details)
    if is_late:
        forget_latecomer(services, events[0].shop_id, events[0].order_id)
    if is_late or any(event.detail_type is DetailType.ORDER_FINISHED for event in events):
        return _complete(services, events[-1], happened_at)
    return None


def store_event(services: Services, event: OrderEvent, announced_at: datetime) -> None:
    """Stores the event once; the last one to arrive, whichever it is, completes the journey."""
    happened_at = announced_at.isoformat(timespec="seconds")
    services.journeys.store(event.order_id, journey_key(event), happened_at, event.to_detail())
    if all_stored := _complete(services, event, happened_at):
        services.bus.put([all_stored])


def _complete(services: Services, event: OrderEvent, happened_at: str) -> AllEventsStored | None:
    """Looked up after the event was stored: of two that come last at once, one sees both.

    Tells it again when it was told before: whoever stored it may not have come so far.
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
    # A collected drink comes after the end, so the end's own version names the journey.
    return max(int(k.split("#")[0]) for k in keys if k.endswith(DetailType.ORDER_FINISHED))
