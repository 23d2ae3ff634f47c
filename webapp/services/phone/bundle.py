"""The bundle of the sign-in by phone."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.intake.bundle import IntakeServices
from webapp.services.phone.ports import CustomerPool, PhoneSignIns, Texts


@dataclass(frozen=True, kw_only=True)
class PhoneServices(IntakeServices):
    """The bundle of the intake, the accounts behind phone numbers, and text messages.

    least_seconds: the shortest time of an answer whose time must not tell whether a text message
    was sent.
    """

    phone_sign_ins: PhoneSignIns
    customer_pool: CustomerPool
    texts: Texts
    public_url: str
    least_seconds: float = 0.0
