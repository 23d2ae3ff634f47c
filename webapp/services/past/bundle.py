"""What the use cases about the past may touch."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.intake.ports import CustomerSessions
from webapp.services.orders.ports import Orders
from webapp.services.past.ports import Customers, Journeys, Metrics
from webapp.services.phone.ports import CustomerPool, PhoneSignIns
from webapp.services.shop.bundle import ShopServices


@dataclass(frozen=True, kw_only=True)
class PastServices(ShopServices):
    """Journeys and figures; and all that knows a person, so that it can forget them.

    secret_keys: the first signs the addresses of shared journeys; the older ones still count.
    """

    orders: Orders
    journeys: Journeys
    metrics: Metrics
    customers: Customers
    customer_sessions: CustomerSessions
    phone_sign_ins: PhoneSignIns
    customer_pool: CustomerPool
    secret_keys: tuple[str, ...]
