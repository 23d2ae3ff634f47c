"""Stores every event of an order in its journey and notices when none is missing."""

from __future__ import annotations

from domain.detail_types import DetailType
from domain.events import AllEventsStored, OrderEvent, journey_is_complete, journey_key
from webapp.services.ports import Services


def store_event(services: Services, event: OrderEvent, happened_at: str) -> None:
    """Stores the event once; the last one to arrive, whichever it is, completes the journey."""
    _store(services, event, happened_at)
    if event.detail_type is DetailType.ORDER_COLLECTED:
        return
    stored = services.journeys.stored(event.order_id)
    own = [key for key, name in stored if name != DetailType.ALL_EVENTS_STORED]
    if journey_is_complete(own):
        _store(
            services,
            AllEventsStored(event.shop_id, _last_version(own), event.order_id, event.customer_id),
            happened_at,
        )


def _store(services: Services, event: OrderEvent, happened_at: str) -> None:
    services.journeys.store(
        event.order_id, journey_key(event), event.detail_type, happened_at, event.to_detail()
    )


def _last_version(keys: list[str]) -> int:
    # A collected drink comes after the end, so the end's own version names the journey.
    return max(int(k.split("#")[0]) for k in keys if k.endswith(DetailType.ORDER_FINISHED))
