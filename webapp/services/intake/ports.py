"""What the door speaks to: customers' browsers, QR codes and claims."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.admission import ScanPass, TokenBucket


@dataclass(frozen=True)
class CustomerSession:
    """A customer's browser. `id` is not a secret.

    phone: the number it signed in with, masked; `phone_ends_at` is until when that counts.
    """

    id: str
    customer_id: str
    scan_pass: ScanPass | None = None
    phone: str = ""
    phone_ends_at: datetime | None = None

    def has_phone(self, now: datetime) -> bool:
        """True while its customer is who holds a phone number."""
        return self.phone_ends_at is not None and self.phone_ends_at > now


class CustomerSessions(Protocol):
    def create(
        self, secret: str, customer_id: str, ends_at: datetime, scan_pass: ScanPass | None = None
    ) -> CustomerSession: ...
    def get(self, secret: str, now: datetime) -> CustomerSession | None: ...
    def give_pass(
        self, session: CustomerSession, scan_pass: ScanPass, ends_at: datetime
    ) -> CustomerSession | None:
        """The session with this pass; None when it is gone."""

    def prolong_pass(self, session: CustomerSession, ends_at: datetime) -> None:
        """Keeps the pass at least until then, if there still is one."""

    def sign_in(
        self,
        session: CustomerSession,
        secret: str,
        customer_id: str,
        phone: str,
        phone_ends_at: datetime,
    ) -> CustomerSession | None:
        """A new session with the old one's pass in its place; None when the old one is gone."""

    def end(self, session: CustomerSession) -> None: ...


class QrCodes(Protocol):
    def get_or_create(self, bucket: TokenBucket) -> TokenBucket: ...
    def get(self, shop_id: str, window: int) -> TokenBucket | None: ...
