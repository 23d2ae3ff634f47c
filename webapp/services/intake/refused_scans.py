"""Counts refused scans by their cause. They make no order, so there is no event to count."""

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
    """Counts a refused scan, unless too many of this address are counted already.

    The count is not exact: a write that the SDK repeats may count twice, and a phone that loads its
    refusal again counts again. The limit for each address bounds the count and its cost.
    """
    if not isinstance(refused, _OF_SCANS):
        return
    if not limits.is_within(services, limits.COUNTED_REFUSALS, shop.id, address):
        return
    day = shop.day(services.now())
    services.metrics.count_refusal(shop.id, day, type(refused).__name__)
