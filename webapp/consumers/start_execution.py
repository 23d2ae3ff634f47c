"""Starts an order's execution after a claim, and again after the order was taken back."""

from __future__ import annotations

from datetime import datetime

from domain.events import OrderEvent
from domain.orders import OPEN_FOR_CUSTOMER, seconds_left
from webapp.services.orders.bundle import OrderServices


def start_execution(services: OrderServices, event: OrderEvent, announced_at: datetime) -> None:
    """Starts the execution of the order's present version.

    A second delivery finds the execution's name taken and changes nothing.
    """
    order = services.orders.get(event.shop_id, event.order_id)
    if order is None or order.state not in OPEN_FOR_CUSTOMER:
        return
    # Another version has an event of its own, which starts its execution.
    if order.version == event.version:
        services.executions.start(order, seconds_left(order, services.now()))
