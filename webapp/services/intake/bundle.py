"""What the use cases of the door may touch."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.intake.ports import CustomerSessions, QrCodes
from webapp.services.limits.bundle import LimitServices
from webapp.services.orders.bundle import OrderServices


@dataclass(frozen=True, kw_only=True)
class IntakeServices(OrderServices, LimitServices):
    """Codes, browsers and the orders that are made of them.

    secret_keys: the first signs QR codes; the older ones are still accepted.
    """

    qr_codes: QrCodes
    customer_sessions: CustomerSessions
