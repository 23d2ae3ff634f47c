"""Starts the order's execution when a scan was claimed."""

from __future__ import annotations

from domain.events import NewOrder
from domain.orders import MAKE_SECONDS, OrderState
from webapp.services.ports import Services


def start_execution(services: Services, event: NewOrder) -> None:
    """Delivered twice, the second start meets the first one's name and changes nothing."""
    order = services.orders.get(event.shop_id, event.order_id)
    if order is not None and order.state is OrderState.CLAIMED:
        services.executions.start(order, MAKE_SECONDS)
