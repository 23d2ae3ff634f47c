"""A customer's past orders as their page lists them."""

from __future__ import annotations

from datetime import datetime

from domain.orders import OPEN_FOR_CUSTOMER, Order, OrderState
from domain.shops import Shop
from webapp.presenters import moment

_WORDS = {
    OrderState.CLAIMED: "one moment",
    OrderState.ADMITTED: "choose your drink",
    OrderState.SUBMITTED: "in line",
    OrderState.QUEUED: "in line",
    OrderState.MAKING: "being made",
    OrderState.COMPLETED: "ready to collect",
    OrderState.COLLECTED: "collected",
    OrderState.REFUSED: "not taken by the bar",
    OrderState.CANCELLED: "cancelled",
    OrderState.TIMED_OUT: "ran out of time",
}


def row(shop: Shop, order: Order, now: datetime) -> dict:
    """One order of the list. URLs are added by the route."""
    drink = order.drink_order
    return {
        "number": order.number,
        "drink": drink.name if drink else "No drink chosen",
        "icon": drink.icon if drink else "",
        "options": ", ".join(drink.differences).lower() if drink else "",
        "word": _WORDS[order.state],
        "at": moment(shop, order.created_at, now),
        "is_open": order.state in OPEN_FOR_CUSTOMER or order.state is OrderState.COMPLETED,
    }


def days(count: int) -> str:
    """A span of days as people say it."""
    return "a day" if count == 1 else f"{count} days"
