"""What the sign-in by phone may touch."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.intake.bundle import IntakeServices
from webapp.services.phone.ports import CustomerPool, PhoneSignIns, Texts


@dataclass(frozen=True, kw_only=True)
class PhoneServices(IntakeServices):
    """The door's services, the accounts behind phone numbers, and text messages.

    least_seconds: what an answer takes at least that must not tell by its time what was done.
    """

    phone_sign_ins: PhoneSignIns
    customer_pool: CustomerPool
    texts: Texts
    public_url: str
    least_seconds: float = 0.0
