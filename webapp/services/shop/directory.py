"""The list of shops for customers."""

from __future__ import annotations

from domain.shops import Shop
from webapp.services.shop.bundle import ShopServices


def shops_for_customers(services: ShopServices) -> list[Shop]:
    """Returns the shops that customers may come to, by name; no archived or rehearsal shop."""
    shops = (services.shop(shop_id) for shop_id in services.shops.ids())
    return sorted(
        (shop for shop in shops if not shop.is_archived and not shop.is_rehearsal),
        key=lambda shop: (shop.name.casefold(), shop.id),
    )
