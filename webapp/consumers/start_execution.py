"""Starts the order's execution: when a scan was claimed, and again for an order taken back."""

from __future__ import annotations

from datetime import datetime

from domain.events import OrderEvent
from domain.orders import OrderState, seconds_left
from webapp.services.orders.bundle import OrderServices

_STARTS = {OrderState.CLAIMED, OrderState.SUBMITTED, OrderState.MAKING}


def start_execution(services: OrderServices, event: OrderEvent, announced_at: datetime) -> None:
    """Delivered twice, the second start meets the first one's name and changes nothing."""
    order = services.orders.get(event.shop_id, event.order_id)
    # Another version is another event's business: it came, or will come, by itself.
    if order is not None and order.version == event.version and order.state in _STARTS:
        services.executions.start(order, seconds_left(order, services.now()))
