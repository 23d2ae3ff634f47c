"""A customer's past orders as their page lists them."""

from __future__ import annotations

from datetime import datetime

from domain.orders import OPEN_FOR_CUSTOMER, Order, OrderState
from domain.shops import Shop
from domain.texts import N_
from webapp.presenters.shop import drink_order
from webapp.presenters.times import moment
from webapp.words import _, as_said, listed, ngettext

_WORDS = {
    OrderState.CLAIMED: N_("one moment"),
    OrderState.ADMITTED: N_("choose your drink"),
    OrderState.SUBMITTED: N_("in line"),
    OrderState.QUEUED: N_("in line"),
    OrderState.MAKING: N_("being made"),
    OrderState.COMPLETED: N_("ready to collect"),
    OrderState.COLLECTED: N_("collected"),
    OrderState.REFUSED: N_("not taken by the bar"),
    OrderState.CANCELLED: N_("cancelled"),
    OrderState.TIMED_OUT: N_("ran out of time"),
}


def past_order_view(shop: Shop, order: Order, now: datetime) -> dict:
    """One order of the list. URLs are added by the route."""
    drink = order.drink_order and drink_order(shop, order.drink_order)
    return {
        "number": order.number,
        "drink": drink.name if drink else _("No drink chosen"),
        "icon": drink.icon if drink else "",
        "options": as_said(listed(drink.differences)) if drink else "",
        "word": _(_WORDS[order.state]),
        "at": moment(shop, order.created_at, now),
        "is_open": order.state in OPEN_FOR_CUSTOMER or order.state is OrderState.COMPLETED,
    }


def days(count: int) -> str:
    """A span of days as people say it."""
    return ngettext("a day", "%(count)s days", count)
