"""Which bars there are for customers."""

from __future__ import annotations

from domain.shops import Shop
from webapp.services.shop.bundle import ShopServices


def shops_for_customers(services: ShopServices) -> list[Shop]:
    """The bars that customers may come to, by name: none that is put away or only rehearses."""
    shops = (services.shop(shop_id) for shop_id in services.shops.ids())
    return sorted(
        (shop for shop in shops if not shop.is_archived and not shop.is_rehearsal),
        key=lambda shop: (shop.name.casefold(), shop.id),
    )
