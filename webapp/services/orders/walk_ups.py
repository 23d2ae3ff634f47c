"""Orders that a barista takes at the counter: the same workflow, line and numbers, but no scan.

The barista chooses the drink first, so the order has its drink and its number from the beginning.
It is submitted as soon as the workflow has given it a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from domain.admission import check_door
from domain.errors import NotAllowedNow, NotFound
from domain.orders import WALK_UP, Action, Order, Role, may_move, order_id, submit
from domain.people import NAME_LENGTH
from domain.texts import clean_text
from webapp.services.orders.bundle import OrderServices
from webapp.services.orders.moves import move
from webapp.services.refused import AlreadyThere
from webapp.services.staff.ports import StaffSession


def place_walk_up(
    services: OrderServices,
    barista: StaffSession,
    form_key: str,
    drink_id: str,
    choices: Mapping[str, str],
    name: str = "",
) -> Order:
    """Takes an order at the counter, once for each form, however often the form is sent.

    form_key: names the form, or the request of a device. name: who the order is for. A customer's
    limits and a pause do not apply to a walk-up; the shop's door and its capacity do.
    Raises ChoiceInvalid, SoldOut, ShopClosed, ShopFull or Busy.
    """
    shop = services.shop(barista.shop_id)
    claimed_id = order_id(f"{WALK_UP}|{barista.id}", form_key, services.secret_keys[0])
    if existing := services.orders.get(shop.id, claimed_id):
        return existing
    drink_order = shop.menu.check_choice(drink_id, choices)
    check_door(shop, services.shops.open_order_count(shop.id))
    now = services.now()
    order = Order(
        shop_id=shop.id,
        id=claimed_id,
        customer_id=WALK_UP,
        window=0,
        created_at=now,
        number=services.shops.next_number(shop.id, shop.day(now)),
        drink_order=drink_order,
        for_name=clean_text(name, NAME_LENGTH) or None,
    )
    try:
        services.orders.claim_walk_up(order, shop.day(now))
    except AlreadyThere:
        return services.order(shop.id, claimed_id)
    return order


def submit_walk_up(services: OrderServices, order: Order) -> None:
    """Submits a walk-up order that has its place. A repetition is harmless. Raises Busy."""
    if not order.is_walk_up or not may_move(order, Action.SUBMIT, Role.BARISTA):
        return
    now = services.now()
    # The order has moved on because the event came twice, or it does not exist any more.
    with suppress(NotAllowedNow, NotFound):
        move(services, order.shop_id, order.id, lambda current: _submitted(current, now))


def _submitted(order: Order, now: datetime) -> Order:
    """Returns the order submitted with the drink and the number that it got when it was taken."""
    if order.number is None:
        raise ValueError(f"{order!r} has no number")
    return submit(order, order.chosen, order.number, now)
