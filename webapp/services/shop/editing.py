"""The settings of a shop: each part is edited by itself, and nobody overwrites anybody.

A form carries the number of the part's last change as it was when the form was made. A change
that came in between is told to the second editor; the write itself is conditional on the shop's
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
    """Reads the shop, applies `change` and writes it, again while others write in between.

    Raises NotFound, what `change` raises, or Busy.
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
    """Changes one part of the editor's shop and notes who did.

    seen: the number of the part's last change when the editor read it. The same values sent again
    change nothing. Raises ChangedMeanwhile, what `change` raises, or Busy.
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
    """What a form for this part of the settings carries."""
    edit = shop.edits.get(part)
    return edit.number if edit else 0
