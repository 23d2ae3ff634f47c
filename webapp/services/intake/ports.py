"""The ports of customers' sessions and of QR codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.admission import ScanPass, TokenBucket


@dataclass(frozen=True)
class CustomerSession:
    """A customer's browser.

    id: not a secret. phone: the number that it signed in with, masked. phone_ends_at: until when
    that sign-in counts.
    """

    id: str
    customer_id: str
    scan_pass: ScanPass | None = None
    phone: str = ""
    phone_ends_at: datetime | None = None

    def has_phone(self, now: datetime) -> bool:
        """Returns True while the browser is signed in with a phone number."""
        return self.phone_ends_at is not None and self.phone_ends_at > now


class CustomerSessions(Protocol):
    def create(
        self, secret: str, customer_id: str, ends_at: datetime, scan_pass: ScanPass | None = None
    ) -> CustomerSession: ...
    def get(self, secret: str, now: datetime) -> CustomerSession | None: ...
    def give_pass(
        self, session: CustomerSession, scan_pass: ScanPass, ends_at: datetime
    ) -> CustomerSession | None:
        """Gives the session this pass and returns it; None when the session no longer exists."""

    def prolong_pass(self, session: CustomerSession, ends_at: datetime) -> None:
        """Makes the pass last at least until `ends_at`, if the session still has one."""

    def sign_in(
        self,
        session: CustomerSession,
        secret: str,
        customer_id: str,
        phone: str,
        phone_ends_at: datetime,
    ) -> CustomerSession | None:
        """Replaces the session by a new one with the same pass, and returns the new one.

        Returns None when the old session no longer exists.
        """

    def end(self, session: CustomerSession) -> None: ...


class QrCodes(Protocol):
    def get_or_create(self, bucket: TokenBucket) -> TokenBucket: ...
    def get(self, shop_id: str, window: int) -> TokenBucket | None: ...
