"""Turns domain values into the JSON API's answers, in the shapes of api_schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from domain.admission import CurrentCode, state_of
from domain.instants import to_iso
from domain.menu import ChosenOption, Drink, DrinkOrder, Menu, Option, OptionGroup
from domain.orders import Order
from domain.shops import Shop

if TYPE_CHECKING:
    from domain.metrics import Days, Figures, Line, Times
    from webapp.extension_kit.print_queue import Printout


GIVEN = ""
"""Marks a field that is no attribute of the value, so the caller must give its value."""

SHOWN: dict[type, dict[str, str]] = {
    Shop: {
        "id": "id",
        "name": "name",
        "isOpen": "is_open",
        "pausedUntil": "paused_until",
        "isRehearsal": "is_rehearsal",
        "timezone": "timezone",
        "pickupPlace": "pickup_place",
        "capacity": "capacity",
        "openOrders": GIVEN,
        "scansPerCode": "scans_per_code",
        "windowSeconds": "window_seconds",
        "openOrdersPerCustomer": "open_orders_per_customer",
        "ordersPerDay": "orders_per_day",
        "languages": "languages",
        "version": "version",
    },
    Order: {
        "id": "id",
        "number": "number",
        "state": "state",
        "version": "version",
        "drink": "drink_order",
        "barista": "barista_name",
        "cancelledBy": "cancelled_by",
        "reason": "reason",
        "createdAt": "created_at",
        "admittedAt": "admitted_at",
        "submittedAt": "submitted_at",
        "queuedAt": "queued_at",
        "makingAt": "making_at",
        "endedAt": "ended_at",
        "collectedAt": "collected_at",
        "deadlineAt": "deadline_at",
    },
    DrinkOrder: {
        "id": "drink",
        "name": "name",
        "icon": "icon",
        "options": "options",
        "differences": "differences",
    },
    ChosenOption: {"group": "group", "name": "name", "isDefault": "is_default"},
    Drink: {
        "id": "id",
        "name": "name",
        "hint": "hint",
        "icon": "icon",
        "optionGroups": "groups",
        "isSoldOut": "is_sold_out",
        "allergens": "allergens",
        "names": "names",
        "hints": "hints",
    },
    OptionGroup: {"id": "id", "name": "name", "names": "names", "options": GIVEN},
    Option: {
        "id": "id",
        "name": "name",
        "isDefault": GIVEN,
        "isSoldOut": "is_sold_out",
        "allergens": "allergens",
        "names": "names",
    },
}
"""The API's names for the attributes that it shows. It shows no other attribute.

api_schema derives the schemas from this table and the types of the attributes.
"""


def shown(value: object, **given: object) -> dict:
    """Returns a value as the API shows it; `given` holds the fields that are no attributes."""
    return {
        name: given[name] if attribute == GIVEN else _json(getattr(value, attribute))
        for name, attribute in SHOWN[type(value)].items()
    }


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return time(value)
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    return shown(value) if type(value) in SHOWN else value


def order(order: Order) -> dict:
    """Returns an order as a device of its shop may see it: without customer and task token."""
    return shown(order)


def menu(menu: Menu) -> dict:
    """Returns the whole menu."""
    return {
        "drinks": [shown(drink) for drink in menu.drinks],
        "optionGroups": [
            shown(
                group,
                options=[shown(one, isDefault=group.is_default(one)) for one in group.options],
            )
            for group in menu.groups
        ],
    }


def settings(shop: Shop, open_orders: int) -> dict:
    """Returns a shop's settings, without anything about a single person."""
    return shown(shop, openOrders=open_orders)


def qr_code(shop: Shop, current: CurrentCode, url: str) -> dict:
    """Returns the current QR code. It has an address only while it lets customers in."""
    state, next_at = state_of(shop, current)
    return {
        "state": state,
        "url": url if state == "open" else None,
        "shownUntil": time(current.qr_code.shown_until),
        "goodUntil": time(current.qr_code.good_until),
        "scans": current.bucket.scans,
        "left": current.bucket.left,
        "nextAt": time(next_at),
    }


def metrics(shop: Shop, days: Days, figures: Figures, refused: Mapping[str, int]) -> dict:
    """Returns the figures of some days. Single baristas are in them only if the shop shows them."""
    kept = figures.promises
    return {
        "first": days.first.isoformat(),
        "last": days.last.isoformat(),
        "scans": figures.scans,
        "orders": figures.orders,
        "served": figures.served,
        "drinksPerHour": figures.drinks_per_hour,
        "waited": _times(figures.waited),
        "madeIn": _times(figures.made_in),
        "inAll": _times(figures.in_all),
        "hours": _lines(figures.hours),
        "drinks": _lines(figures.drinks),
        "options": _lines(figures.options),
        "baristas": _lines(figures.baristas) if shop.shows_baristas else [],
        "cancels": dict(figures.cancels),
        "timeouts": dict(figures.timeouts),
        "refusals": dict(figures.refusals),
        "refusedScans": dict(refused),
        "estimates": {
            "told": kept.count,
            "right": kept.right,
            "early": kept.early,
            "late": kept.late,
        },
    }


def printout(one: Printout) -> dict:
    """Returns a printout without its content, which is only in its file."""
    return {
        "id": one.id,
        "orderId": one.order_id,
        "title": one.title,
        "madeAt": time(one.made_at),
        "isPrinted": one.is_printed,
        "isWithdrawn": one.is_withdrawn,
    }


def _lines(lines: Iterable[Line]) -> list[dict]:
    return [
        {
            "name": line.name,
            "orders": line.orders,
            "served": line.served,
            "waited": _times(line.waited),
            "madeIn": _times(line.made_in),
        }
        for line in lines
    ]


def _times(times: Times) -> dict:
    return {
        "count": times.count,
        "averageSeconds": _seconds(times.average_ms),
        "percentile90Seconds": _seconds(times.percentile_90_ms),
    }


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def time(moment: datetime | None) -> str | None:
    """Returns the moment as RFC 3339 in UTC, to the millisecond."""
    return None if moment is None else to_iso(moment)
