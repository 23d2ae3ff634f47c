"""The use cases of a customer with their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.errors import NotAllowedNow, NotFound
from domain.orders import (
    ON_THE_BOARD,
    Action,
    Order,
    OrderState,
    Role,
    cancel,
    submit,
    transition,
)
from domain.shops import Shop
from domain.texts import N_
from webapp.services.intake.ports import CustomerSession
from webapp.services.orders.bundle import OrderServices
from webapp.services.orders.moves import move
from webapp.services.orders.waits import wait_of_next


def own_order(
    services: OrderServices, shop_id: str, order_id: str, customer: CustomerSession | None
) -> Order:
    """Returns the customer's own order. Raises NotFound, also for somebody else's order."""
    order = services.order(shop_id, order_id)
    if customer is None or order.customer_id != customer.customer_id:
        raise NotFound(N_("We know no such order."))
    return order


def place_order(
    services: OrderServices, shop: Shop, order: Order, drink_id: str, choices: Mapping[str, str]
) -> Order:
    """Submits the customer's choice and gives the order its number.

    When a choice is sent twice, the first one counts and the second changes nothing.
    Raises ChoiceInvalid, SoldOut, NotAllowedNow or Busy.
    """
    if order.drink_order is not None:
        return order
    drink_order = shop.menu.check_choice(drink_id, choices)
    transition(order, Action.SUBMIT, Role.CUSTOMER)
    now = services.now()
    number = services.shops.next_number(shop.id, shop.day(now))
    open_orders = services.orders.open_orders(shop.id)
    wait = wait_of_next(services, shop, open_orders, drink_order.name)
    told = (wait.low, wait.high) if wait else None
    try:
        return move(
            services,
            shop.id,
            order.id,
            lambda current: submit(current, drink_order, number, now, told),
        )
    except NotAllowedNow:
        current = services.order(shop.id, order.id)
        if current.drink_order is None:
            raise
        return current


def remember_locale(services: OrderServices, shop: Shop, order: Order, language: str) -> Order:
    """Remembers the customer's language with the order, for the fragments pushed to their phone.

    Returns the order unchanged when it has that language or is no longer on the board.
    """
    chosen = language if language in shop.languages[1:] else None
    if chosen == order.language or order.state not in ON_THE_BOARD:
        return order
    return move(services, shop.id, order.id, lambda current: replace(current, language=chosen))


def cancel_order(services: OrderServices, order: Order) -> Order:
    """Cancels the customer's order. A repetition is harmless. Raises NotAllowedNow or Busy."""
    if order.state is OrderState.CANCELLED:
        return order
    now = services.now()
    return move(
        services,
        order.shop_id,
        order.id,
        lambda current: cancel(current, Role.CUSTOMER, None, now),
    )
