"""The bar's pace: what baristas announce in a rush, and the pause that begins by itself."""

from __future__ import annotations

from domain import rush
from domain.orders import HOLDS_CAPACITY, TRANSITIONS
from domain.shops import Shop
from webapp.services.shop.bundle import ShopServices
from webapp.services.shop.editing import change_shop

CHANGES_PACE = frozenset(
    row.news
    for row in TRANSITIONS
    if (row.source in HOLDS_CAPACITY) != (row.target in HOLDS_CAPACITY)
)
"""The steps with which an order takes or leaves a place."""


def longer_wait(services: ShopServices, shop_id: str) -> Shop:
    """Announces five minutes more. Raises Busy."""
    return change_shop(services, shop_id, rush.longer_wait)


def usual_wait(services: ShopServices, shop_id: str) -> Shop:
    """Announces the wait as it is again. Raises Busy."""
    return change_shop(services, shop_id, rush.usual_wait)


def pause(services: ShopServices, shop_id: str) -> Shop:
    """Takes no new scans for ten minutes. Raises NotAllowedNow or Busy."""
    now = services.now()
    return change_shop(services, shop_id, lambda shop: rush.pause(shop, now))


def resume(services: ShopServices, shop_id: str) -> Shop:
    """Takes scans again. Raises Busy."""
    now = services.now()
    return change_shop(services, shop_id, lambda shop: rush.resume(shop, now))


def keep_pace(services: ShopServices, shop_id: str) -> Shop:
    """Pauses or goes on as the number of open orders asks for; again is harmless."""
    now = services.now()
    shop = services.shop(shop_id)
    if not shop.auto_pause_at:
        return shop
    return change_shop(
        services,
        shop_id,
        lambda shop: rush.keep_pace(shop, services.shops.open_order_count(shop_id), now),
    )
