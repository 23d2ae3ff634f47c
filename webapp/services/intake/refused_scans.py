"""Counts refused scans by their cause: no order, so no event, tells of them."""

from __future__ import annotations

from domain.errors import (
    CodeExpired,
    CodeUnknown,
    CodeUsedUp,
    HasOpenOrder,
    OrdersOfDayUsedUp,
    PassMissing,
    Refusal,
    ShopClosed,
    ShopFull,
    ShopPaused,
    TooManyRequests,
)
from domain.shops import Shop
from webapp.services.intake.bundle import IntakeServices
from webapp.services.limits import limits

_OF_SCANS = (
    CodeExpired,
    CodeUnknown,
    CodeUsedUp,
    HasOpenOrder,
    OrdersOfDayUsedUp,
    PassMissing,
    ShopClosed,
    ShopFull,
    ShopPaused,
    TooManyRequests,
)


def count_refusal(services: IntakeServices, shop: Shop, refused: Refusal, address: str) -> None:
    """Counts a refused scan, as long as the address has not had too many counted.

    Plainly added up: a write that the SDK has to repeat may count twice, and a phone that loads
    its refusal again counts again. What one address can add is bounded, and so is what it costs.
    """
    if not isinstance(refused, _OF_SCANS):
        return
    if not limits.is_within(services, limits.COUNTED_REFUSALS, shop.id, address):
        return
    day = shop.day(services.now())
    services.metrics.count_refusal(shop.id, day, type(refused).__name__)
