"""The QR code on the display."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.admission import (
    QrCode,
    TokenBucket,
    coming_codes,
    new_bucket,
    sign_code,
    window_at,
)
from domain.shops import Shop
from webapp.services.intake.bundle import IntakeServices
from webapp.services.orders import waits


@dataclass(frozen=True)
class CurrentCode:
    """The code to show now, those that follow it, and what is left of their window.

    place_at: when a place of a full bar is likely free; None while there is a free one.
    """

    bucket: TokenBucket
    qr_code: QrCode
    coming: tuple[QrCode, ...] = ()
    place_at: datetime | None = None


def state_of(shop: Shop, current: CurrentCode) -> tuple[str, datetime]:
    """Whether the code lets somebody in, in a word for screens and devices, and when that changes
    by the clock at the latest; of a full bar, when it likely does."""
    if not shop.is_open:
        return "closed", current.bucket.closes_at
    if shop.paused_until is not None:
        return "paused", shop.paused_until
    if current.place_at is not None:
        if current.bucket.left:
            return "full", current.place_at
        # A place helps nobody before there is a scan for it.
        return "full", max(current.place_at, current.bucket.closes_at)
    return "open" if current.bucket.left else "used_up", current.bucket.closes_at


_COMING, _COMING_SECONDS = 5, 50
"""So many codes a TV has in hand, and for so long at most: it need not ask for each one."""


def current_code(services: IntakeServices, shop: Shop) -> CurrentCode:
    """The QR code to show now; the first display to ask in a window makes its bucket."""
    now = services.now()
    bucket = services.qr_codes.get_or_create(new_bucket(shop, window_at(shop, now)))
    most = min(_COMING, _COMING_SECONDS // shop.code_seconds)
    return CurrentCode(
        bucket,
        sign_code(shop, now, services.secret_keys),
        tuple(coming_codes(shop, now, services.secret_keys, most)),
        waits.next_place_at(services, shop),
    )
