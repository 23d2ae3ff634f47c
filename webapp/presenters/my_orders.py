"""A customer's past orders as their page lists them."""

from __future__ import annotations

from datetime import datetime

from domain.orders import ON_THE_BOARD, Order
from domain.shops import Shop
from webapp.presenters.order_looks import short_word
from webapp.presenters.shop import drink_order
from webapp.presenters.times import moment
from webapp.words import _, as_said, listed, ngettext


def past_order_view(shop: Shop, order: Order, now: datetime) -> dict:
    """Returns one past order of the list. The route adds its addresses."""
    drink = order.drink_order and drink_order(shop, order.drink_order)
    return {
        "number": order.number,
        "drink": drink.name if drink else _("No drink chosen"),
        "icon": drink.icon if drink else "",
        "options": as_said(listed(drink.differences)) if drink else "",
        "word": short_word(order),
        "at": moment(shop, order.created_at, now),
        "is_open": order.state in ON_THE_BOARD,
    }


def days(count: int) -> str:
    """Returns a span of days as people say it."""
    return ngettext("a day", "%(count)s days", count)
