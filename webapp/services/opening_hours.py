"""The clock's hand on the doors, once a minute."""

from __future__ import annotations

import logging

from domain.errors import Busy, NotFound
from domain.shops import follow_clock
from webapp.services.every_shop import for_every_shop
from webapp.services.ports import Services
from webapp.services.shop_settings import change_shop

log = logging.getLogger(__name__)


def follow_hours(services: Services) -> None:
    """Opens and closes each shop whose hours have reached a boundary; again is harmless."""
    now = services.now()

    def follow(shop_id: str) -> None:
        try:
            change_shop(services, shop_id, lambda shop: follow_clock(shop, now))
        except (Busy, NotFound):
            log.warning("the hours of a shop come a minute later", extra={"shop_id": shop_id})

    for_every_shop(services, follow)
