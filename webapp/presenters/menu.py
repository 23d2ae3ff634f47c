"""The menu as the form that chooses a drink, and as the tablet's list of what is sold out."""

from __future__ import annotations

import hashlib
from datetime import datetime

from domain.menu import Drink, Menu, Option
from domain.shops import Shop
from domain.texts import N_
from webapp.presenters.times import moment
from webapp.words import _, listed

_ALLERGENS = {
    "gluten": N_("gluten"),
    "milk": N_("milk"),
    "soy": N_("soy"),
    "nuts": N_("nuts"),
    "peanuts": N_("peanuts"),
    "egg": N_("egg"),
    "sesame": N_("sesame"),
    "sulphites": N_("sulphites"),
}


def menu_view(
    menu: Menu, drink_id: str | None = None, options: dict | None = None, error: str | None = None
) -> dict:
    """Returns the menu with what the customer has chosen so far."""
    return {
        "drinks": menu.drinks,
        "groups": menu.groups,
        "chosen": {"drink": drink_id, "options": options or {}},
        "error": error,
        "allergens": [
            {"name": item.name, "tags": listed(_(_ALLERGENS[tag]) for tag in item.allergens)}
            for item in _items(menu)
            if item.allergens
        ],
        # An open form on a phone reads the menu again when this value differs.
        "digest": hashlib.sha256(repr(menu).encode()).hexdigest()[:16],
    }


def _items(menu: Menu) -> list[Drink | Option]:
    """Returns everything that can be ordered, contain an allergen or sell out."""
    return [*menu.drinks, *(option for group in menu.groups for option in group.options)]


def stock_view(shop: Shop, now: datetime) -> dict:
    """Returns the menu as the tablet's list of what is sold out, and until when."""
    return menu_view(shop.menu) | {
        "until": {
            item: f"until {moment(shop, item.sold_out_until, now)}"
            for item in _items(shop.menu)
            if item.sold_out_until
        }
    }
