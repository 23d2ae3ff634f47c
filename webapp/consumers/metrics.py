"""Counts events for the figures. Their open pages hear of a change by what the boards are pushed."""

from __future__ import annotations

from datetime import datetime

from domain.events import OrderEvent
from webapp.services.metrics import count_event
from webapp.services.ports import Services


def count(services: Services, event: OrderEvent, announced_at: datetime) -> None:
    """Counts the event once, however often it comes."""
    count_event(services, event, announced_at)
