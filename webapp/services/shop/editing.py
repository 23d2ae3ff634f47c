"""Edits the settings of a shop part by part, so that nobody overwrites another person's change.

A form carries the number that the part's last change had when the form was made. When somebody has
changed the part since then, the second editor is told. The write is conditional on the shop's
version, so that a barista's tap on "sold out" at the same moment is kept as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from domain.errors import ChangedMeanwhile
from domain.shops import Edit, Shop
from webapp.services.retrying import until_written
from webapp.services.shop.bundle import ShopServices
from webapp.services.staff.ports import StaffSession


def change_shop(services: ShopServices, shop_id: str, change: Callable[[Shop], Shop]) -> Shop:
    """Reads the shop, applies `change` and writes it; repeats this when others wrote in between.

    Raises NotFound, Busy, or an error that `change` raises.
    """

    def changed() -> Shop:
        shop = services.shop(shop_id)
        after = change(shop)
        if after == shop:
            return shop
        after = replace(after, version=shop.version + 1)
        services.shops.save(shop, after)
        return after

    return until_written(changed)


def edit_shop(
    services: ShopServices,
    editor: StaffSession,
    part: str,
    seen: int,
    change: Callable[[Shop], Shop],
) -> Shop:
    """Changes one part of the editor's shop and notes who did it.

    seen: the number of the part's last change when the editor read it. Sending the same values
    again changes nothing. Raises ChangedMeanwhile, Busy, or an error that `change` raises.
    """
    now = services.now()

    def checked(shop: Shop) -> Shop:
        changed = change(shop)
        if changed == shop:
            return shop
        last = shop.edits.get(part)
        if last is not None and last.number != seen:
            raise ChangedMeanwhile(last.by, last.at)
        edit = Edit((last.number if last else 0) + 1, editor.name, now)
        return replace(changed, edits={**shop.edits, part: edit})

    return change_shop(services, editor.shop_id, checked)


def seen_number(shop: Shop, part: str) -> int:
    """Returns the number of the part's last change, which a form for this part carries."""
    edit = shop.edits.get(part)
    return edit.number if edit else 0
