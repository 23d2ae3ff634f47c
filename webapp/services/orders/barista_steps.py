"""The use cases of a barista: making, completing and cancelling orders, and undoing a tap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import AlreadyTaken, Busy, NotAllowedNow
from domain.orders import (
    Action,
    Order,
    Role,
    cancel,
    collect,
    complete,
    make,
    may_be_remade,
    release,
    remake,
    sources_of,
    take_back,
    targets_of,
)
from domain.texts import N_
from webapp.services.orders.bundle import OrderServices
from webapp.services.orders.moves import move
from webapp.services.orders.ports import OrderQuery
from webapp.services.staff.ports import StaffSession

_BUSY = "{}: the bar was too busy; try again."


class CancelReason(StrEnum):
    """Why the bar cancels an order, as the customer reads it after "because"."""

    SOLD_OUT = N_("something for it ran out")
    MACHINE = N_("the machine needs a break")
    CLOSING = N_("the bar is closing")
    NOT_COLLECTED = N_("nobody came for it")
    MISTAKE = N_("there was a mistake with it")


_BEGAN_WITHIN = timedelta(minutes=90)
"""An order that may be made again began at most this long ago: it had 5 minutes to be chosen, 15 to
be made and 15 on the counter, and a remake takes the same time once more."""
_MOST_REMAKABLE = 200


def remakable_orders(services: OrderServices, shop_id: str) -> list[Order]:
    """Returns the ready or collected orders that may still be made again, newest first."""
    now = services.now()
    asked = OrderQuery(
        frozenset(sources_of(Action.REMAKE)),
        since=now - _BEGAN_WITHIN,
        most=_MOST_REMAKABLE,
    )
    found, _ = services.orders.by_time(shop_id, asked)
    return [order for order in found if may_be_remade(order, now)]


def make_order(services: OrderServices, order_id: str, barista: StaffSession) -> Order:
    """Puts the order in this barista's hands. Raises AlreadyTaken or NotAllowedNow."""
    return _change(
        services,
        order_id,
        barista,
        lambda order, now: make(order, barista.id, barista.name, now),
    )


def make_batch(
    services: OrderServices, order_ids: list[str], barista: StaffSession
) -> tuple[list[Order], list[str]]:
    """Puts several orders in this barista's hands, each with its own write.

    Returns the orders that are this barista's now, and a sentence about each of the others. Raises
    NotFound, and changes nothing, when one of them is no order of this shop.
    """
    orders = [services.order(barista.shop_id, order_id) for order_id in dict.fromkeys(order_ids)]
    taken, refused = [], []
    for order in orders:
        try:
            taken.append(make_order(services, order.id, barista))
        except AlreadyTaken as other:
            current = services.order(barista.shop_id, order.id)
            if current.barista_id == barista.id:
                # The same tap was sent twice.
                taken.append(current)
            else:
                refused.append(f"{order.number}: {other.sentence}")
        except NotAllowedNow as reason:
            refused.append(reason.sentence)
        except Busy:
            refused.append(_BUSY.format(order.number))
    return taken, refused


def release_order(services: OrderServices, order_id: str, barista: StaffSession) -> Order:
    """Puts the order back at its old position in the line. Raises NotAllowedNow."""
    return _change(services, order_id, barista, lambda order, now: release(order))


def complete_order(services: OrderServices, order_id: str, barista: StaffSession) -> Order:
    """Marks the order as ready to be collected. Raises NotAllowedNow."""
    return _change(services, order_id, barista, complete)


def collect_order(services: OrderServices, order_id: str, barista: StaffSession) -> Order:
    """Marks the order as collected. Raises NotAllowedNow."""
    return _change(
        services, order_id, barista, lambda order, now: collect(order, Role.BARISTA, now)
    )


def remake_order(services: OrderServices, order_id: str, barista: StaffSession) -> Order:
    """Puts an order whose drink came out wrong at the head of the line, under the same number.

    Raises NotAllowedNow.
    """
    return _change(services, order_id, barista, remake)


def undo(services: OrderServices, order_id: str, barista: StaffSession, done: Action) -> Order:
    """Takes back the barista's last tap on an order: a Make, a Complete or a Collected.

    done: what the tap did. Raises NotAllowedNow when the order has moved on since that tap, or when
    the tap was too long ago.
    """

    def back(order: Order, now: datetime) -> Order:
        if order.state not in targets_of(done):
            raise NotAllowedNow(f"Order {order.number} has already moved on.")
        if done is Action.MAKE and order.barista_id != barista.id:
            raise NotAllowedNow(f"Order {order.number} is in {order.barista_name}'s hands.")
        return release(order) if done is Action.MAKE else take_back(order, now)

    return _change(services, order_id, barista, back)


def undo_batch(services: OrderServices, order_ids: list[str], barista: StaffSession) -> list[str]:
    """Takes back a Make on several orders; returns a sentence about each that cannot be undone."""
    refused = []
    for order_id in order_ids:
        try:
            undo(services, order_id, barista, Action.MAKE)
        except NotAllowedNow as reason:
            refused.append(reason.sentence)
        except Busy:
            refused.append(_BUSY.format(services.order(barista.shop_id, order_id).number))
    return refused


def cancel_order(
    services: OrderServices, order_id: str, barista: StaffSession, reason: CancelReason
) -> Order:
    """Cancels the order and tells the customer why. Raises NotAllowedNow."""
    return _change(
        services,
        order_id,
        barista,
        lambda order, now: cancel(order, Role.BARISTA, reason.value, now),
    )


def _change(
    services: OrderServices,
    order_id: str,
    barista: StaffSession,
    change: Callable[[Order, datetime], Order],
) -> Order:
    now = services.now()
    return move(services, barista.shop_id, order_id, lambda order: change(order, now))
