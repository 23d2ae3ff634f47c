"""Makes, copies and archives shops, and imports their settings from a file."""

from __future__ import annotations

from dataclasses import replace

from domain.errors import ShopIdTaken
from domain.settings import PARTS, read_shop_id
from domain.shop_file import read_shop
from domain.shops import Edit, Shop, SignIn, move_door
from webapp.services.shop.bundle import ShopServices
from webapp.services.shop.editing import change_shop


def create_shop(
    services: ShopServices, address: str, name: str, is_rehearsal: bool = False
) -> Shop:
    """Makes a closed shop with the usual settings.

    address: becomes its id. is_rehearsal: makes a shop to rehearse in.
    Raises SettingInvalid or ShopIdTaken.
    """
    shop = Shop(read_shop_id(address), is_open=False, is_rehearsal=is_rehearsal)
    return _create(services, PARTS["bar"](shop, {"name": name}))


def copy_shop(
    services: ShopServices, source_id: str, address: str, name: str, is_rehearsal: bool = False
) -> Shop:
    """Makes a closed shop with the settings and the menu of another one.

    address: becomes its id. is_rehearsal: makes a shop to rehearse in. There customers sign in
    without phone numbers, because robots have none.
    Raises NotFound, SettingInvalid or ShopIdTaken.
    """
    source = services.shop(source_id)
    blank = Shop(read_shop_id(address))
    copied = replace(
        source,
        **{
            name: getattr(blank, name)
            for name in (
                "id",
                "door_at",
                "extra_minutes",
                "paused_until",
                "pause_is_automatic",
                "no_auto_pause_until",
                "logo",
                "is_archived",
                "edits",
                "version",
            )
        },
        is_open=False,
        is_rehearsal=is_rehearsal,
        sign_in=SignIn.GUEST if is_rehearsal else source.sign_in,
    )
    return _create(services, PARTS["bar"](copied, {"name": name}))


def archive_shop(services: ShopServices, shop_id: str, is_archived: bool) -> Shop:
    """Archives a shop and closes it, or brings it back, still closed. Its orders under way go on.

    Raises NotFound or Busy.
    """
    now = services.now()
    return change_shop(
        services,
        shop_id,
        lambda shop: replace(
            move_door(shop, False, now) if is_archived and shop.is_open else shop,
            is_archived=is_archived,
        ),
    )


def import_settings(services: ShopServices, shop_id: str, text: str, by: str) -> Shop:
    """Gives the shop the settings of a file, and notes who did it with every part.

    text: the file's content. Raises NotFound, SettingInvalid or Busy, and changes nothing then.
    """
    now = services.now()

    def imported(shop: Shop) -> Shop:
        changed = read_shop(shop, text)
        if changed == shop:
            return shop
        # Every part gets a new number, so that an editor with an open form is told of the change.
        items = [f"drinks/{drink.id}" for drink in shop.menu.drinks]
        items += [f"groups/{group.id}" for group in shop.menu.groups]
        edits = {
            part: Edit(shop.edits[part].number + 1 if part in shop.edits else 1, by, now)
            for part in (*PARTS, *items)
        }
        return replace(changed, edits={**shop.edits, **edits})

    return change_shop(services, shop_id, imported)


def _create(services: ShopServices, shop: Shop) -> Shop:
    if not services.shops.create(shop):
        raise ShopIdTaken(shop.id)
    return shop
