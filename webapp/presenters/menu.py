"""The menu as the form that chooses a drink, and as the tablet's list of what has run out."""

from __future__ import annotations

import hashlib
from datetime import datetime

from domain.menu import Menu
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
    """The menu with what the customer has chosen so far."""
    return {
        "drinks": [
            {
                "id": drink.id,
                "name": drink.name,
                "hint": drink.hint,
                "icon": drink.icon,
                "is_sold_out": drink.is_sold_out,
                "allergens": list(drink.allergens),
                "groups": list(drink.groups),
            }
            for drink in menu.drinks
        ],
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "options": [
                    {
                        "id": option.id,
                        "name": option.name,
                        "is_default": option == group.default,
                        "is_sold_out": option.is_sold_out,
                        "allergens": list(option.allergens),
                    }
                    for option in group.options
                ],
            }
            for group in menu.groups
        ],
        "chosen": {"drink": drink_id, "options": options or {}},
        "error": error,
        "allergens": [
            {"name": item.name, "tags": listed(_(_ALLERGENS[tag]) for tag in item.allergens)}
            for item in (*menu.drinks, *(o for group in menu.groups for o in group.options))
            if item.allergens
        ],
        # An open form on a phone renews itself when this differs.
        "digest": hashlib.sha256(repr(menu).encode()).hexdigest()[:16],
    }


def stock_view(shop: Shop, now: datetime) -> dict:
    """The menu as the tablet's list of what has run out, and until when."""
    view = menu_view(shop.menu)
    items = [*shop.menu.drinks, *(o for group in shop.menu.groups for o in group.options)]
    rows = [*view["drinks"], *(o for group in view["groups"] for o in group["options"])]
    for item, row in zip(items, rows):
        until = item.sold_out_until
        row["until"] = f"until {moment(shop, until, now)}" if until else ""
    return view
