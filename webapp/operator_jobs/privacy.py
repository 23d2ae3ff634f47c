"""The operator jobs about one customer's data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from domain.errors import ChoiceInvalid, NotAllowedNow, NotFound
from domain.metrics import Days
from domain.orders import FORGOTTEN, OPEN_FOR_CUSTOMER, WALK_UP, Order
from domain.reading import read_day
from domain.shops import Shop
from webapp.operator_jobs.staff import known_shop
from webapp.services.all_services import Services
from webapp.services.orders.ports import OrderQuery
from webapp.services.past.forgetting import forget_customer, forget_order
from webapp.services.phone.numbers import read_number_of_anywhere
from webapp.settings import Settings

_CHOOSING = timedelta(hours=1)
"""How long before its number's day an order may begin: it gets its number only when it is chosen,
which may be after midnight."""


def erase_person(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Erases the customer of an order or of a phone number; returns how many orders they had.

    asked: `phone`, or the order's `number` and its `day` (empty for today).
    Raises NotFound, ChoiceInvalid, or NotAllowedNow while an order is under way.
    """
    shop = services.shop(known_shop(services, settings, asked))
    if asked.get("phone"):
        number = read_number_of_anywhere(asked["phone"], shop.phone_countries)
        customers = {number.customer_id(key) for key in services.secret_keys}
        return {"orders": sum(forget_customer(services, one) for one in customers)}
    order = _numbered(services, shop, asked["number"], asked["day"])
    if order.state in OPEN_FOR_CUSTOMER:
        raise NotAllowedNow(f"Order {order.number} is under way; finish or cancel it first.")
    erased = 0
    if order.customer_id not in (WALK_UP, FORGOTTEN):
        erased = forget_customer(services, order.customer_id)
    forget_order(services, shop.id, order.id)
    return {"orders": max(erased, 1)}


def _numbered(services: Services, shop: Shop, number: int, day: str) -> Order:
    try:
        chosen = read_day(day) if day else shop.local_time(services.now()).date()
    except ValueError:
        raise ChoiceInvalid("Write the day as year-month-day, such as 2024-05-17.") from None
    since, until = Days(chosen, chosen).bounds(shop)
    after = None
    while True:
        asked = OrderQuery(since=since - _CHOOSING, until=until, after=after)
        orders, after = services.orders.by_time(shop.id, asked)
        for order in orders:
            begun = order.submitted_at or order.created_at  # A refused walk-up has no submitted_at.
            if order.number == number and shop.day(begun) == chosen.isoformat():
                return order
        if after is None:
            raise NotFound(f"There was no order {number} at {shop.id} on {chosen}.")
