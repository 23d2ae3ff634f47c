"""What operators ask about one customer's data (see operator_jobs)."""

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
"""An order may begin before the midnight after which it gets its number."""


def erase_person(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Erases the customer of an order (`number`, `day`) or of a `phone`; says how many orders.

    Raises NotFound, NotAllowedNow while an order is under way, or ChoiceInvalid.
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
            begun = order.submitted_at or order.created_at  # A walk-up that was refused has none.
            if order.number == number and shop.day(begun) == chosen.isoformat():
                return order
        if after is None:
            raise NotFound(f"There was no order {number} at {shop.id} on {chosen}.")
