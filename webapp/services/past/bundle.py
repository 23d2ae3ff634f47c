"""The bundle of the use cases about the past."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.intake.ports import CustomerSessions
from webapp.services.orders.ports import Orders
from webapp.services.past.ports import Customers, Journeys, Metrics
from webapp.services.phone.ports import CustomerPool, PhoneSignIns
from webapp.services.shop.bundle import ShopServices


@dataclass(frozen=True, kw_only=True)
class PastServices(ShopServices):
    """Journeys, figures and all tables that hold personal data, so that it can be erased.

    secret_keys: the first one signs the addresses of shared journeys; the older ones are still
    accepted.
    """

    orders: Orders
    journeys: Journeys
    metrics: Metrics
    customers: Customers
    customer_sessions: CustomerSessions
    phone_sign_ins: PhoneSignIns
    customer_pool: CustomerPool
    secret_keys: tuple[str, ...]
