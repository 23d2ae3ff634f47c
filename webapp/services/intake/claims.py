"""Makes a claim: one transaction takes the scan of a pass and creates the order."""

from __future__ import annotations

from domain.errors import PassMissing, PhoneNeeded
from domain.orders import Order
from domain.shops import Shop
from webapp.services.intake.bundle import IntakeServices
from webapp.services.intake.passes import check_pass, needs_phone
from webapp.services.intake.ports import CustomerSession
from webapp.services.orders.ports import Claim
from webapp.services.refused import AlreadyThere


def claim_order(
    services: IntakeServices,
    shop: Shop,
    customer: CustomerSession | None,
    language: str = "",
) -> Order:
    """Takes one token with the browser's pass and creates the customer's order.

    A pass makes one order, however often it is sent. language: the one that the customer reads.
    Raises the errors of `check_pass`, PhoneNeeded or OrdersOfDayUsedUp.
    """
    if customer is None or customer.scan_pass is None:
        raise PassMissing
    order_id = customer.scan_pass.order_id
    if existing := _made_before(services, shop, customer, order_id):
        return existing
    bucket = check_pass(services, shop, customer)
    now = services.now()
    if needs_phone(services, shop, customer):
        raise PhoneNeeded
    order = Order(
        shop_id=shop.id,
        id=order_id,
        customer_id=customer.customer_id,
        window=bucket.window,
        created_at=now,
        language=language if language in shop.languages[1:] else None,
    )
    claim = Claim(
        order=order,
        bucket=bucket,
        session_id=customer.id,
        calendar_day=shop.day(now),
        most_open=shop.open_orders_per_customer,
        most_of_day=shop.orders_per_day,
        day_began_at=shop.day_begins_at(now),
        keep_days=shop.keep_days,
    )
    try:
        services.orders.claim(claim)
    except AlreadyThere:
        if existing := _made_before(services, shop, customer, order_id):
            return existing
        raise PassMissing from None
    return order


def _made_before(
    services: IntakeServices, shop: Shop, customer: CustomerSession, order_id: str
) -> Order | None:
    """Returns the order that the browser's pass has made, if it is this customer's; else None."""
    order = services.orders.get(shop.id, order_id)
    return order if order and order.customer_id == customer.customer_id else None
