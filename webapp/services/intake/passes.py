"""Passes: scanning the QR code gives a phone a pass for one order."""

from __future__ import annotations

import secrets
from datetime import timedelta

from domain.admission import (
    ScanPass,
    TokenBucket,
    check_intake,
    read_code,
)
from domain.errors import CodeExpired, HasOpenOrder, PassMissing, ShopFull
from domain.orders import Order
from domain.shops import Shop, SignIn
from webapp.services.intake.bundle import IntakeServices
from webapp.services.intake.ports import CustomerSession
from webapp.services.orders import waits

SESSION_LIFETIME = timedelta(days=30)


_ORDER_ID_BYTES = 16


def open_order(
    services: IntakeServices, shop_id: str, customer: CustomerSession | None
) -> Order | None:
    """Returns one of the customer's orders under way; None when there is none."""
    return next(iter(open_orders(services, shop_id, customer)), None)


def open_orders(
    services: IntakeServices, shop_id: str, customer: CustomerSession | None
) -> list[Order]:
    """Returns the customer's orders under way."""
    return services.orders.open_orders_of(shop_id, customer.customer_id) if customer else []


def new_customer(
    services: IntakeServices, scan_pass: ScanPass | None = None
) -> tuple[str, CustomerSession]:
    """Makes a new customer; returns the secret for the browser's cookie and the session."""
    secret = secrets.token_urlsafe(24)
    ends_at = services.now() + SESSION_LIFETIME
    return secret, services.customer_sessions.create(
        secret, secrets.token_hex(16), ends_at, scan_pass
    )


def scan_code(
    services: IntakeServices,
    shop: Shop,
    code: str,
    customer: CustomerSession | None,
    new_order_id: str = "",
) -> tuple[str | None, CustomerSession]:
    """Gives this browser a pass for a fresh QR code; takes no token.

    Returns the session, and a secret for the cookie when the browser is new. new_order_id: the id
    of the order that the pass will make, so that a device can send its scan again; random when
    empty. Raises CodeUnknown, CodeExpired, HasOpenOrder, ShopClosed, ShopPaused or CodeUsedUp.
    """
    now = services.now()
    window = read_code(shop, code, services.secret_keys, now)
    bucket = services.qr_codes.get(shop.id, window.index)
    if bucket is None:
        raise CodeExpired
    _check_open_orders(services, shop, customer)
    check_intake(shop, 0)
    bucket.take()
    scan_pass = ScanPass(
        shop.id,
        window.index,
        now + timedelta(seconds=shop.pass_seconds),
        new_order_id or secrets.token_hex(_ORDER_ID_BYTES),
    )
    ends_at = now + SESSION_LIFETIME
    # Another tab may have signed in or been erased meanwhile; then this session no longer exists.
    if customer and (session := services.customer_sessions.give_pass(customer, scan_pass, ends_at)):
        return None, session
    return new_customer(services, scan_pass)


def needs_phone(services: IntakeServices, shop: Shop, customer: CustomerSession | None) -> bool:
    """Returns True when the shop asks for a phone number and this browser has not proved one."""
    has_phone = customer is not None and customer.has_phone(services.now())
    return shop.sign_in is SignIn.PHONE and not has_phone


def pass_of(
    services: IntakeServices, shop: Shop, customer: CustomerSession | None
) -> ScanPass | None:
    """Returns the pass that this browser may still use at this shop; None when it has none."""
    scan_pass = customer and customer.scan_pass
    if not scan_pass or scan_pass.shop_id != shop.id or scan_pass.ends_at <= services.now():
        return None
    return scan_pass


def check_pass(
    services: IntakeServices, shop: Shop, customer: CustomerSession | None
) -> TokenBucket:
    """Returns the token bucket of this browser's pass; takes no token.

    Raises PassMissing, HasOpenOrder, ShopClosed, ShopPaused, CodeUsedUp or ShopFull.
    """
    _check_open_orders(services, shop, customer)
    scan_pass = pass_of(services, shop, customer)
    if scan_pass is None:
        raise PassMissing
    if services.orders.get(shop.id, scan_pass.order_id):
        raise PassMissing
    bucket = services.qr_codes.get(shop.id, scan_pass.window)
    if bucket is None:
        raise PassMissing
    check_intake(shop, 0)
    bucket.take()
    check_capacity(services, shop)
    return bucket


def check_capacity(services: IntakeServices, shop: Shop) -> None:
    """Raises ShopClosed or ShopPaused, or ShopFull when there is no free place."""
    next_at = waits.next_place_at(services, shop)
    check_intake(shop, 0)
    if next_at is not None:
        raise ShopFull(next_at)


def _check_open_orders(
    services: IntakeServices, shop: Shop, customer: CustomerSession | None
) -> None:
    orders = open_orders(services, shop.id, customer)
    if len(orders) >= shop.open_orders_per_customer:
        raise HasOpenOrder(orders[0].id)
