"""Erases who ordered: when a customer asks for it, and by itself after the days a shop keeps it.

What was ordered and when is kept for the figures. Each step is one conditional write that can be
repeated, and the steps are ordered so that a run that broke off can start again.
"""

from __future__ import annotations

from datetime import timedelta

from domain.errors import NotAllowedNow
from domain.orders import FORGOTTEN, Order
from webapp.services.intake.ports import CustomerSession
from webapp.services.past.bundle import PastServices
from webapp.services.past.ports import CustomerTrace
from webapp.services.refused import Stale


def orders_in_the_way(services: PastServices, customer_id: str) -> list[Order]:
    """Returns the customer's orders under way at any shop, which must be collected or cancelled
    before the customer can be erased."""
    return [
        order
        for shop_id in services.shops.ids()
        for order in services.orders.open_orders_of(shop_id, customer_id)
    ]


def forget_browser(services: PastServices, customer: CustomerSession) -> None:
    """Erases what all shops hold about a browser's customer, and signs the browser out.

    Raises NotAllowedNow, and changes nothing, while an order is under way.
    """
    forget_customer(services, customer.customer_id)
    _end_session(services, customer.id)


def forget_customer(services: PastServices, customer_id: str) -> int:
    """Erases what all shops hold about a customer; returns the number of their orders.

    Raises NotAllowedNow, and changes nothing, while an order is under way.
    """
    if orders := orders_in_the_way(services, customer_id):
        raise NotAllowedNow(
            f"{_name(orders[0])} is under way. Collect or cancel it first, then come back."
        )
    traces = [services.customers.trace(shop_id, customer_id) for shop_id in services.shops.ids()]
    found = [trace for trace in traces if trace]
    for trace in found:
        _forget_trace(services, trace)
    services.customer_pool.forget(customer_id)
    # The sessions end last, so that the browser can ask again if a step before this one fails.
    for session_id in {session_id for trace in found for session_id in trace.sessions}:
        _end_session(services, session_id)
    return sum(len(trace.entries) for trace in found)


def forget_order(services: PastServices, shop_id: str, order_id: str) -> None:
    """Takes everybody's name and id out of an order and its journey. A repetition is harmless."""
    services.orders.forget(shop_id, order_id)
    services.journeys.forget(order_id)


def forget_latecomer(services: PastServices, shop_id: str, order_id: str) -> None:
    """Takes the names out of an order again when an event arrives after they were erased.

    Such an event, a redelivered dead letter for example, may have brought names back.
    """
    order, shop = services.orders.get(shop_id, order_id), services.shops.get(shop_id)
    if order is None or shop is None:
        return
    is_over = order.created_at + timedelta(days=shop.keep_days) < services.now()
    if is_over or order.customer_id == FORGOTTEN:
        forget_order(services, shop_id, order_id)
        services.metrics.forget(order)


def _forget_trace(services: PastServices, trace: CustomerTrace) -> None:
    for order_id in trace.order_ids:
        forget_order(services, trace.shop_id, order_id)
    try:
        services.customers.forget(trace)
    except Stale:
        raise NotAllowedNow("An order was begun meanwhile. Collect or cancel it first.") from None


def _end_session(services: PastServices, session_id: str) -> None:
    services.phone_sign_ins.end(session_id)
    services.customer_sessions.end(CustomerSession(session_id, ""))


def _name(order: Order) -> str:
    return f"Your order {order.number}" if order.number else "Your order"
