"""Pauses a shop that has too many open orders, and lets it go on."""

from __future__ import annotations

from datetime import datetime

from domain.events import Event
from webapp.services.shop import rush
from webapp.services.shop.bundle import ShopServices


def keep_pace(services: ShopServices, event: Event, announced_at: datetime) -> None:
    """Compares the shop's pace with its present orders, because the event may be old."""
    rush.keep_pace(services, event.shop_id)
