"""Stores every event of an order in its journey and notices when none is missing."""

from __future__ import annotations

from domain.detail_types import DetailType
from domain.events import AllEventsStored, OrderEvent, journey_is_complete, journey_key
from webapp import fragments
from webapp.cloud.live_topics import order_topic
from webapp.services.ports import Services

_LAST_OF_STEP = {
    DetailType.WORKFLOW_STARTED,
    DetailType.QUEUE_ORDER_STARTED,
    DetailType.MAKE_ORDER,
    DetailType.ORDER_COLLECTED,
    DetailType.ORDER_REOPENED,
}
"""An open journey page reads again after these; one signal for each step is enough."""



def store_event(services: Services, event: OrderEvent, happened_at: str) -> None:
    """Stores the event once; the last one to arrive, whichever it is, completes the journey."""
    _store(services, event, happened_at)
    if event.detail_type in _LAST_OF_STEP:
        _signal(services, event)
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
        _signal(services, event)


def _store(services: Services, event: OrderEvent, happened_at: str) -> None:
    services.journeys.store(
        event.order_id, journey_key(event), event.detail_type, happened_at, event.to_detail()
    )


def _signal(services: Services, event: OrderEvent) -> None:
    topic = order_topic(event.shop_id, event.order_id)
    services.live.publish(
        f"{topic}/journey_changed", fragments.journey_changed(services.now())
    )


def _last_version(keys: list[str]) -> int:
    # A collected drink comes after the end, so the end's own version names the journey.
    return max(int(k.split("#")[0]) for k in keys if k.endswith(DetailType.ORDER_FINISHED))
