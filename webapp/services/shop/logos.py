"""The logo that a shop shows on the TV and on phones."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from domain.logos import kind_of
from domain.shops import Shop
from webapp.services.shop.bundle import LogoServices
from webapp.services.shop.editing import change_shop


def set_logo(services: LogoServices, shop_id: str, picture: bytes) -> Shop:
    """Makes this picture the shop's logo. Raises SettingInvalid or Busy."""
    name = f"{hashlib.sha256(picture).hexdigest()[:32]}.{kind_of(picture)}"
    services.logos.put(shop_id, name, picture)
    return _show(services, shop_id, name)


def remove_logo(services: LogoServices, shop_id: str) -> Shop:
    """Removes the shop's logo. Raises Busy."""
    return _show(services, shop_id, "")


def _show(services: LogoServices, shop_id: str, name: str) -> Shop:
    before = services.shop(shop_id).logo
    shop = change_shop(services, shop_id, lambda shop: replace(shop, logo=name))
    if before and before != name:
        services.logos.delete(shop_id, before)
    return shop
