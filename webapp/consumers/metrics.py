"""Counts events for the metrics page, and tells open pages that a figure has changed."""

from __future__ import annotations

from datetime import datetime

from domain.detail_types import DetailType
from domain.events import OrderEvent
from webapp import fragments
from webapp.cloud.live_topics import metrics_topic
from webapp.services.metrics import count_event
from webapp.services.ports import Services

_SHOWN = {
    DetailType.WAITING_PRODUCTION,
    DetailType.ORDER_COMPLETED,
    DetailType.ORDER_CANCELLED,
    DetailType.ORDER_TIME_OUT,
}
"""What moves a headline figure; the rest shows with the page's own read each minute."""


def count(services: Services, event: OrderEvent, announced_at: datetime) -> None:
    """Counts the event once, however often it comes."""
    if count_event(services, event, announced_at) and event.detail_type in _SHOWN:
        services.live.publish(
            f"{metrics_topic(event.shop_id)}/metrics_changed",
            fragments.metrics_changed(services.now()),
        )
