"""The switches on a barista's tablet: the door, sold-out drinks and options, baristas' figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.shops import Shop, move_door
from webapp.services.shop.bundle import ShopServices
from webapp.services.shop.editing import change_shop


def set_open(services: ShopServices, shop_id: str, is_open: bool) -> Shop:
    """Opens or closes the shop; its open orders go on. Raises NotAllowedNow or Busy."""
    now = services.now()
    return change_shop(
        services,
        shop_id,
        lambda shop: shop if shop.is_open is is_open else move_door(shop, is_open, now),
    )


class SoldOutFor(StrEnum):
    """For how long something is sold out."""

    HOUR = "hour"
    TODAY = "today"
    UNTIL_SAID = "until said"


def set_sold_out(
    services: ShopServices,
    shop_id: str,
    item_id: str,
    is_sold_out: bool,
    group_id: str = "",
    lasts: SoldOutFor = SoldOutFor.UNTIL_SAID,
) -> Shop:
    """Marks a drink, or an option of a group, as sold out or as there again.

    item_id: the drink, or with `group_id` the option. lasts: for how long it is sold out.
    Raises ChoiceInvalid or Busy.
    """
    now = services.now()

    def until(shop: Shop) -> datetime | None:
        if lasts is SoldOutFor.HOUR:
            return now + timedelta(hours=1)
        return shop.day_ends_at(now) if lasts is SoldOutFor.TODAY else None

    return change_shop(
        services,
        shop_id,
        lambda shop: replace(
            shop, menu=shop.menu.with_sold_out(item_id, is_sold_out, group_id, until(shop))
        ),
    )


def set_shows_baristas(services: ShopServices, shop_id: str, shows: bool) -> Shop:
    """Switches the figures of each barista on or off. Raises Busy."""
    return change_shop(services, shop_id, lambda shop: replace(shop, shows_baristas=shows))
