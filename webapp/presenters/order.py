"""One order as its customer sees it, in the tone of the house."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from domain.orders import IN_LINE, Action, Order, Phase, Role, may_move, position
from domain.shops import Shop
from webapp.presenters.order_looks import picture_of, texts_of
from webapp.presenters.shop import drink_order, pickup_place, rush_note, wait_sentence
from webapp.presenters.times import to_ms
from webapp.words import as_said, listed

if TYPE_CHECKING:
    from domain.estimate import WaitRange


def order_view(
    shop: Shop,
    order: Order,
    open_orders: list[Order],
    now: datetime,
    wait: WaitRange | None = None,
) -> dict:
    """Returns an order for its customer. The route adds the addresses; fragments need none."""
    headline, sentence, next_step = texts_of(shop, order, position(order, open_orders))
    drink = order.drink_order and drink_order(shop, order.drink_order)
    return {
        "id": order.id,
        "state": order.state.value,
        "phase": order.phase.value,
        "version": order.version,
        "at_ms": to_ms(now),
        "number": order.number,
        "drink": drink and {"id": drink.drink, "name": drink.name, "icon": drink.icon},
        "differences": as_said(listed(drink.differences)) if drink else "",
        "barista_name": order.barista_name,
        "wait": wait and wait_sentence(wait),
        "deadline_ms": to_ms(order.deadline_at) if order.phase is Phase.CHOOSING else None,
        "deadline_total_seconds": order.choose_seconds,
        "can_cancel": may_move(order, Action.CANCEL, Role.CUSTOMER),
        "picture": picture_of(order),
        "headline": headline,
        "sentence": sentence,
        "next_step": next_step,
        "pickup_place": pickup_place(shop),
        "reason": order.reason,
        "rush": rush_note(shop) if order.state in IN_LINE and not wait else "",
    }
