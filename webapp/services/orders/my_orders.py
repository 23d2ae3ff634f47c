"""A customer's own past orders: those of this browser, or of this phone number."""

from __future__ import annotations

from domain.orders import Order
from webapp.services.intake.ports import CustomerSession
from webapp.services.orders.bundle import OrderServices

_MOST_SHOWN = 20


def my_orders(
    services: OrderServices, shop_id: str, customer: CustomerSession | None
) -> list[Order]:
    """Returns the customer's newest orders at a shop, newest first; none for an unknown browser."""
    if customer is None:
        return []
    return services.orders.recent_orders_of(shop_id, customer.customer_id, _MOST_SHOWN)
