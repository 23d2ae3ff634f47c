"""Pauses a bar that has too many open orders, and lets it go on."""

from __future__ import annotations

from datetime import datetime

from domain.events import Event
from webapp.services.shop import rush
from webapp.services.shop.bundle import ShopServices


def keep_pace(services: ShopServices, event: Event, announced_at: datetime) -> None:
    """Holds the shop's pace against its orders as they are now, whatever the event said."""
    rush.keep_pace(services, event.shop_id)
