"""The QR code on the TV."""

from __future__ import annotations

from domain.admission import (
    CurrentCode,
    coming_codes,
    new_bucket,
    sign_code,
    window_at,
)
from domain.shops import Shop
from webapp.services.intake.bundle import IntakeServices
from webapp.services.orders import waits

_COMING, _COMING_SECONDS = 5, 50
"""How many coming codes a TV gets, and for how many seconds at most, so that it need not ask for
each one."""


def current_code(services: IntakeServices, shop: Shop) -> CurrentCode:
    """Returns the QR code to show now. The first TV to ask in a window makes its token bucket."""
    now = services.now()
    bucket = services.qr_codes.get_or_create(new_bucket(shop, window_at(shop, now)))
    most = min(_COMING, _COMING_SECONDS // shop.code_seconds)
    return CurrentCode(
        bucket,
        sign_code(shop, now, services.secret_keys),
        tuple(coming_codes(shop, now, services.secret_keys, most)),
        waits.next_place_at(services, shop),
    )
