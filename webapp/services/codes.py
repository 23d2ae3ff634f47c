"""The QR code on the display, and what a phone gets by scanning it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.admission import (
    TokenBucket,
    check_intake,
    new_bucket,
    read_code,
    sign_code,
    window_at,
)
from domain.errors import CodeExpired, HasOpenOrder
from domain.orders import OPEN_FOR_CUSTOMER, Order, order_id
from domain.shops import Shop
from webapp.services.ports import AlreadyThere, Services


@dataclass(frozen=True)
class CurrentCode:
    """The code to show now and what is left of it."""

    bucket: TokenBucket
    text: str


def current_code(services: Services, shop: Shop) -> CurrentCode:
    """The QR code of the present window; the first display to ask makes its bucket."""
    window = window_at(shop, services.now())
    bucket = services.qr_codes.get_or_create(new_bucket(shop, window))
    return CurrentCode(bucket, sign_code(shop, window, services.secret_key))


def open_order(services: Services, shop_id: str, customer_id: str | None) -> Order | None:
    """The customer's order under way, if there is one."""
    if not customer_id:
        return None
    order = services.orders.open_order_of(shop_id, customer_id)
    return order if order and order.state in OPEN_FOR_CUSTOMER else None


def check_scan(services: Services, shop: Shop, code: str, customer_id: str | None) -> TokenBucket:
    """The bucket that a scanned code would take from; takes nothing.

    Raises CodeUnknown, CodeExpired, HasOpenOrder, ShopClosed, CodeUsedUp or ShopFull.
    """
    now = services.now()
    window = read_code(shop, code, services.secret_key, now)
    bucket = services.qr_codes.get(shop.id, window.index)
    if bucket is None:
        raise CodeExpired
    if order := open_order(services, shop.id, customer_id):
        raise HasOpenOrder(order.id)
    check_intake(shop, 0)
    bucket.take()
    check_intake(shop, services.shops.open_order_count(shop.id))
    return bucket


def claim_scan(
    services: Services, shop: Shop, code: str, customer_id: str, form_key: str
) -> Order:
    """Takes one scan of the code and creates the customer's order.

    The same form claims once, however often it is sent. Raises what `check_scan` raises.
    """
    claimed_id = order_id(customer_id, form_key, services.secret_key)
    if existing := services.orders.get(shop.id, claimed_id):
        return existing
    bucket = check_scan(services, shop, code, customer_id)
    order = Order(
        shop_id=shop.id,
        id=claimed_id,
        customer_id=customer_id,
        window=bucket.window,
        created_at=services.now(),
    )
    try:
        services.orders.claim(order, bucket)
    except AlreadyThere:
        return services.order(shop.id, claimed_id)
    except HasOpenOrder as refusal:
        if refusal.order_id != claimed_id:
            raise
    return order
