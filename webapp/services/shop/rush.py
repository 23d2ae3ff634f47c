"""A shop in a rush: baristas announce longer waits or a pause; a pause may begin by itself."""

from __future__ import annotations

from domain import rush
from domain.shops import Shop
from webapp.services.shop.bundle import ShopServices
from webapp.services.shop.editing import change_shop


def longer_wait(services: ShopServices, shop_id: str) -> Shop:
    """Adds five minutes to the wait that is announced. Raises Busy."""
    return change_shop(services, shop_id, rush.longer_wait)


def usual_wait(services: ShopServices, shop_id: str) -> Shop:
    """Takes the added minutes off the wait that is announced. Raises Busy."""
    return change_shop(services, shop_id, rush.usual_wait)


def pause(services: ShopServices, shop_id: str) -> Shop:
    """Pauses the shop: it takes no new scans for ten minutes. Raises NotAllowedNow or Busy."""
    now = services.now()
    return change_shop(services, shop_id, lambda shop: rush.pause(shop, now))


def resume(services: ShopServices, shop_id: str) -> Shop:
    """Ends a pause, so that the shop takes scans again. Raises Busy."""
    now = services.now()
    return change_shop(services, shop_id, lambda shop: rush.resume(shop, now))


def keep_pace(services: ShopServices, shop_id: str) -> Shop:
    """Begins or ends the automatic pause by the number of open orders. A repetition is harmless."""
    now = services.now()
    shop = services.shop(shop_id)
    if not shop.auto_pause_at:
        return shop
    return change_shop(
        services,
        shop_id,
        lambda shop: rush.keep_pace(shop, services.shops.open_order_count(shop_id), now),
    )
