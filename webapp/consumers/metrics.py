"""Counts events for the figures. Open pages of figures notice a change by the board's topic."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.events import OrderEvent
from webapp.services.past.bundle import PastServices
from webapp.services.past.forgetting import forget_latecomer
from webapp.services.past.metrics import count_event

_IN_TIME = timedelta(hours=1)
"""The bus tries for no longer than this. An older event was delivered again by hand."""


def count(services: PastServices, event: OrderEvent, announced_at: datetime) -> None:
    """Counts the event once, however often it comes."""
    if count_event(services, event, announced_at) and services.now() - announced_at > _IN_TIME:
        forget_latecomer(services, event.shop_id, event.order_id)
