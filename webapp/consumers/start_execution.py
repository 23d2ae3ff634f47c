"""Starts the order's execution: when a scan was claimed, and again for an order taken back."""

from __future__ import annotations

from domain.events import OrderEvent
from domain.orders import MAKE_SECONDS, Order, OrderState
from webapp.services.ports import Services

_STARTS = {OrderState.CLAIMED, OrderState.SUBMITTED, OrderState.MAKING}


def start_execution(services: Services, event: OrderEvent) -> None:
    """Delivered twice, the second start meets the first one's name and changes nothing."""
    order = services.orders.get(event.shop_id, event.order_id)
    # Another version is another event's business: it came, or will come, by itself.
    if order is not None and order.version == event.version and order.state in _STARTS:
        services.executions.start(order, _seconds_left(services, order))


def _seconds_left(services: Services, order: Order) -> int:
    if order.deadline_at is None:
        return MAKE_SECONDS
    return max(int((order.deadline_at - services.now()).total_seconds()), 1)
