"""Orders in any state, shops and a clock: what tests of all layers begin with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain import orders
from domain.menu import DEFAULT_MENU, DrinkOrder
from domain.orders import Order, OrderState, RefusalReason, Role
from domain.shops import Shop

NOW = datetime(2024, 5, 17, 9, 31, 7, tzinfo=UTC)


TOKEN = "task-token-that-nobody-may-see"


def a_shop(**changes) -> Shop:
    """The shop `main`, changed as the test needs it."""
    return replace(Shop(id="main"), **changes)


def a_drink_order() -> DrinkOrder:
    """An oat latte: it differs from the default in one option."""
    return DEFAULT_MENU.check_choice("latte", {"milk": "oat"})


def an_order(state: OrderState = OrderState.CLAIMED, **changes) -> Order:
    """An order in this state, brought there by the domain's own moves, a minute each."""
    return replace(journey_to(state)[-1], **changes)


def journey_to(state: OrderState) -> list[Order]:
    """The order after each step of the shortest way to a state; the first is the fresh claim."""
    path = [an_order_just_claimed()]
    for step in _WAYS[state]:
        path.append(_STEPS[step](path[-1], NOW + timedelta(minutes=len(path))))
    return path


def an_order_just_claimed() -> Order:
    return Order(
        shop_id="main",
        id="0123456789abcdef0123456789abcdef",
        customer_id="customer-1",
        window=5719898,
        created_at=NOW,
    )


_STEPS = {
    "admit": lambda order, at: replace(orders.admit(order, 300, at), task_token=TOKEN),
    "refuse": lambda order, at: orders.refuse(order, RefusalReason.FULL, at),
    "submit": lambda order, at: orders.submit(order, a_drink_order(), 7, at),
    "queue": lambda order, at: replace(orders.queue(order, 900, at), task_token=TOKEN + "-2"),
    "make": lambda order, at: orders.make(order, "barista-1", "Kim", at),
    "complete": orders.complete,
    "collect": lambda order, at: orders.collect(order, Role.BARISTA, at),
    "cancel": lambda order, at: orders.cancel(order, Role.BARISTA, "the bar is closing", at),
    "time_out": orders.time_out,
}


_S = OrderState


_WAYS = {
    _S.CLAIMED: (),
    _S.ADMITTED: ("admit",),
    _S.SUBMITTED: ("admit", "submit"),
    _S.QUEUED: ("admit", "submit", "queue"),
    _S.MAKING: ("admit", "submit", "queue", "make"),
    _S.COMPLETED: ("admit", "submit", "queue", "make", "complete"),
    _S.COLLECTED: ("admit", "submit", "queue", "make", "complete", "collect"),
    _S.REFUSED: ("refuse",),
    _S.CANCELLED: ("admit", "submit", "queue", "cancel"),
    _S.TIMED_OUT: ("admit", "submit", "queue", "time_out"),
}


class Clock:
    """The time of a test; it stands still until somebody moves it."""

    def __init__(self, now: datetime = NOW):
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def a_png(width: int, height: int) -> bytes:
    """The beginning of a picture of this size."""
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + size + b"\x08\x06\0\0\0" + b"\0" * 100
