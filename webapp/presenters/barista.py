"""The tablet's board and the lists of its dialogs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from domain.orders import (
    Action,
    Order,
    OrderState,
    Phase,
    RefusalReason,
    Role,
    being_made,
    in_line,
    may_move,
    ready_to_collect,
    waiting,
)
from domain.shops import Shop
from webapp.presenters.shop import paused_until
from webapp.presenters.times import clock, to_ms

_LONG_IN_HAND = timedelta(minutes=3)
"""After this time a colleague may put the drink back in line, because the tablet that claimed it
may be gone."""


def barista_board(
    shop: Shop,
    open_orders: list[Order],
    barista_id: str,
    barista_name: str,
    now: datetime,
    notes: dict[str, str] | None = None,
) -> dict:
    """Returns the tablet's three columns. `notes` are sentences for single cards, by order id."""
    making = being_made(open_orders)
    making.sort(key=lambda order: order.barista_id != barista_id)
    ready = ready_to_collect(open_orders)
    totals = Counter((order.chosen.drink, order.chosen.name) for order in in_line(open_orders))
    notes = notes or {}

    def cards(orders: list[Order]) -> list[dict]:
        return [_card(order, barista_id, notes.get(order.id), now) for order in orders]

    return {
        "at_ms": to_ms(now),
        "version": 0,
        "is_open": shop.is_open,
        "paused_until": paused_until(shop),
        "pause_is_automatic": shop.pause_is_automatic,
        "extra_minutes": shop.extra_minutes,
        "waiting": cards(waiting(open_orders)),
        "making": cards(making),
        "ready": cards(ready),
        "totals": [
            {"drink_id": drink_id, "drink": name, "count": count}
            for (drink_id, name), count in totals.items()
        ],
        "me": barista_name,
    }


def batches(open_orders: list[Order], drink_id: str) -> list[dict]:
    """Returns the waiting orders of a drink, grouped by equal options, the next in line first."""
    found: dict[tuple[str, ...], dict] = {}
    for order in in_line(open_orders):
        wanted = order.chosen
        if wanted.drink != drink_id or not may_move(order, Action.MAKE, Role.BARISTA):
            continue
        batch = found.setdefault(
            wanted.differences,
            {
                "drink_name": wanted.name,
                "icon": wanted.icon,
                "differences": wanted.differences,
                "ids": [],
                "numbers": [],
            },
        )
        batch["ids"].append(order.id)
        batch["numbers"].append(order.number)
    return list(found.values())


def recently_done(shop: Shop, orders: list[Order]) -> list[dict]:
    """Returns the drinks that may be remade, the latest first."""
    ended = sorted(
        ((order.ended_at, order) for order in orders if order.ended_at),
        key=lambda pair: pair[0],
        reverse=True,
    )
    return [
        {
            "id": order.id,
            "number": order.number,
            "drink_name": order.chosen.name,
            "for_name": order.for_name or "",
            "options": ", ".join(order.chosen.differences).lower() or "as it comes",
            "word": "collected, ready at" if order.phase is Phase.SERVED else "ready at",
            "at": clock(shop, ended_at),
        }
        for ended_at, order in ended
    ]


def board_note(order: Order | None) -> str:
    """Returns why an order left the board without a tap; empty if there is nothing to say."""
    if order is None or order.number is None:
        return ""
    if order.state is OrderState.REFUSED:
        why = "the bar is full" if order.reason == RefusalReason.FULL else "the bar is closed"
        return f"{order.number} was not taken: {why}"
    if order.state is OrderState.CANCELLED and order.cancelled_by is Role.CUSTOMER:
        return f"{order.number} was cancelled by the customer"
    if order.state is OrderState.TIMED_OUT:
        return f"{order.number} waited too long and was closed"
    return ""


def _card(order: Order, barista_id: str, note: str | None, now: datetime) -> dict:
    is_long_in_hand = order.making_at is not None and now - order.making_at >= _LONG_IN_HAND
    return {
        "id": order.id,
        "number": order.number,
        "drink_name": order.chosen.name,
        "icon": order.chosen.icon,
        "differences": list(order.chosen.differences),
        "actions": _actions(order, barista_id, is_long_in_hand),
        "version": order.version,
        "since_ms": to_ms(order.submitted_at),
        "ready_ms": to_ms(order.ended_at),
        "barista_name": order.barista_name,
        "for_name": order.for_name or "",
        "is_walk_up": order.is_walk_up,
        "is_remake": order.remade_at is not None,
        "is_mine": order.barista_id == barista_id,
        "note": note,
    }


def _actions(order: Order, barista_id: str, is_long_in_hand: bool) -> set[Action]:
    """Returns what this barista may do with the order now."""
    allowed = {action for action in Action if may_move(order, action, Role.BARISTA)}
    if order.phase is Phase.IN_HAND and order.barista_id != barista_id:
        return allowed & {Action.RELEASE} if is_long_in_hand else set()
    return allowed
