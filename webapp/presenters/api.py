"""From domain values to the JSON API's answers, in the shapes of api_schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from domain.admission import CurrentCode, state_of
from domain.instants import to_iso
from domain.menu import DrinkOrder, Menu
from domain.orders import Order
from domain.shops import Shop

if TYPE_CHECKING:
    from domain.metrics import Days, Figures, Line, Times
    from webapp.extension_kit.print_queue import Printout


def order(order: Order) -> dict:
    """An order as a device of its shop sees it: no customer, no token."""
    return {
        "id": order.id,
        "number": order.number,
        "state": order.state.value,
        "version": order.version,
        "drink": order.drink_order and _drink(order.drink_order),
        "barista": order.barista_name,
        "cancelledBy": order.cancelled_by,
        "reason": order.reason,
        "createdAt": time(order.created_at),
        "admittedAt": time(order.admitted_at),
        "submittedAt": time(order.submitted_at),
        "queuedAt": time(order.queued_at),
        "makingAt": time(order.making_at),
        "endedAt": time(order.ended_at),
        "collectedAt": time(order.collected_at),
        "deadlineAt": time(order.deadline_at),
    }


def menu(menu: Menu) -> dict:
    """All that is offered."""
    return {
        "drinks": [
            {
                "id": drink.id,
                "name": drink.name,
                "hint": drink.hint,
                "icon": drink.icon,
                "optionGroups": list(drink.groups),
                "isSoldOut": drink.is_sold_out,
                "allergens": list(drink.allergens),
                "names": dict(drink.names),
                "hints": dict(drink.hints),
            }
            for drink in menu.drinks
        ],
        "optionGroups": [
            {
                "id": group.id,
                "name": group.name,
                "names": dict(group.names),
                "options": [
                    {
                        "id": option.id,
                        "name": option.name,
                        "isDefault": option == group.default,
                        "isSoldOut": option.is_sold_out,
                        "allergens": list(option.allergens),
                        "names": dict(option.names),
                    }
                    for option in group.options
                ],
            }
            for group in menu.groups
        ],
    }


def settings(shop: Shop, open_orders: int) -> dict:
    """A shop's settings, without what belongs to one of its people."""
    return {
        "id": shop.id,
        "name": shop.name,
        "isOpen": shop.is_open,
        "pausedUntil": time(shop.paused_until),
        "isRehearsal": shop.is_rehearsal,
        "timezone": shop.timezone,
        "pickupPlace": shop.pickup_place,
        "capacity": shop.capacity,
        "openOrders": open_orders,
        "scansPerCode": shop.scans_per_code,
        "windowSeconds": shop.window_seconds,
        "openOrdersPerCustomer": shop.open_orders_per_customer,
        "ordersPerDay": shop.orders_per_day,
        "languages": list(shop.languages),
        "version": shop.version,
    }


def qr_code(shop: Shop, current: CurrentCode, url: str) -> dict:
    """The code to show now; its address only while it lets somebody in."""
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
    """The figures of some days; of single baristas only where the shop shows them."""
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
    """Something to print; what stands on it is in its file only."""
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
    """RFC 3339 in UTC, to the millisecond."""
    return None if moment is None else to_iso(moment)


def _drink(drink: DrinkOrder) -> dict:
    return {
        "id": drink.drink,
        "name": drink.name,
        "icon": drink.icon,
        "options": [
            {"group": option.group, "name": option.name, "isDefault": option.is_default}
            for option in drink.options
        ],
        "differences": list(drink.differences),
    }
