"""The bundles of the use cases about shops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import NotFound
from domain.shops import Shop
from domain.texts import N_
from webapp.services.shop.ports import Logos, Shops


@dataclass(frozen=True, kw_only=True)
class ShopServices:
    """Shops, and the clock."""

    shops: Shops
    now: Callable[[], datetime]

    def shop(self, shop_id: str) -> Shop:
        """Returns the shop as it is now. Raises NotFound."""
        if shop := self.shops.get(shop_id):
            return shop.at(self.now())
        raise NotFound(N_("There is no bar at this address."))


@dataclass(frozen=True, kw_only=True)
class LogoServices(ShopServices):
    """Shops with their logos."""

    logos: Logos
