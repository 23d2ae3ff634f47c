"""Opens and closes shops at their opening hours; runs once a minute."""

from __future__ import annotations

import logging

from domain.errors import Busy, NotFound
from domain.shops import follow_clock
from webapp.services.shop.bundle import ShopServices
from webapp.services.shop.editing import change_shop
from webapp.services.shop.every_shop import for_every_shop

log = logging.getLogger(__name__)


def follow_hours(services: ShopServices) -> None:
    """Opens or closes each shop whose hours have just begun or ended. A repetition is harmless."""
    now = services.now()

    def follow(shop_id: str) -> None:
        try:
            change_shop(services, shop_id, lambda shop: follow_clock(shop, now))
        except (Busy, NotFound):
            log.warning("the hours of a shop come a minute later", extra={"shop_id": shop_id})

    for_every_shop(services, follow)
