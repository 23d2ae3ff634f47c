"""Starts the order's execution: when a scan was claimed, and again for an order taken back."""

from __future__ import annotations

from datetime import datetime

from domain.events import OrderEvent
from domain.orders import OPEN_FOR_CUSTOMER, seconds_left
from webapp.services.orders.bundle import OrderServices


def start_execution(services: OrderServices, event: OrderEvent, announced_at: datetime) -> None:
    """Delivered twice, the second start meets the first one's name and changes nothing."""
    order = services.orders.get(event.shop_id, event.order_id)
    if order is None or order.state not in OPEN_FOR_CUSTOMER:
        return
    # Another version is another event's business: it came, or will come, by itself.
    if order.version == event.version:
        services.executions.start(order, seconds_left(order, services.now()))
