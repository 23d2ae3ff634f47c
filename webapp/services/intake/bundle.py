"""The bundle of the use cases from the QR code to the order."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.intake.ports import CustomerSessions, QrCodes
from webapp.services.limits.bundle import LimitServices
from webapp.services.orders.bundle import OrderServices


@dataclass(frozen=True, kw_only=True)
class IntakeServices(OrderServices, LimitServices):
    """QR codes, customers' sessions, orders and limits.

    secret_keys: the first one signs QR codes; the older ones are still accepted.
    """

    qr_codes: QrCodes
    customer_sessions: CustomerSessions
