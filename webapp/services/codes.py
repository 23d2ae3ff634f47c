"""The QR code on the display, and what a phone gets by scanning it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.admission import (
    QrCode,
    ScanPass,
    TokenBucket,
    check_intake,
    coming_codes,
    new_bucket,
    read_code,
    sign_code,
    window_at,
)
from domain.errors import CodeExpired, CodeUnknown, HasOpenOrder, PassMissing, PhoneNeeded
from domain.orders import Order
from domain.shops import Shop, SignIn
from webapp.services import limits
from webapp.services.ports import AlreadyThere, Claim, CustomerSession, Services

SESSION_LIFETIME = timedelta(days=30)
_ORDER_ID_BYTES = 16


@dataclass(frozen=True)
class CurrentCode:
    """The code to show now, those that follow it, and what is left of their window."""

    bucket: TokenBucket
    qr_code: QrCode
    coming: tuple[QrCode, ...] = ()


def state_of(shop: Shop, current: CurrentCode) -> tuple[str, datetime]:
    """Whether the code lets somebody in, in a word for screens and devices, and when that changes
    by the clock at the latest."""
    if not shop.is_open:
        return "closed", current.bucket.closes_at
    if shop.paused_until is not None:
        return "paused", shop.paused_until
    return "open" if current.bucket.left else "used_up", current.bucket.closes_at


_COMING, _COMING_SECONDS = 5, 50
"""So many codes a TV has in hand, and for so long at most: it need not ask for each one."""


def current_code(services: Services, shop: Shop) -> CurrentCode:
    """The QR code to show now; the first display to ask in a window makes its bucket."""
    now = services.now()
    bucket = services.qr_codes.get_or_create(new_bucket(shop, window_at(shop, now)))
    most = min(_COMING, _COMING_SECONDS // shop.code_seconds)
    return CurrentCode(
        bucket,
        sign_code(shop, now, services.secret_keys),
        tuple(coming_codes(shop, now, services.secret_keys, most)),
    )


def open_order(services: Services, shop_id: str, customer: CustomerSession | None) -> Order | None:
    """One of the customer's orders under way, if there is any."""
    return next(iter(open_orders(services, shop_id, customer)), None)


def open_orders(services: Services, shop_id: str, customer: CustomerSession | None) -> list[Order]:
    """The customer's orders under way."""
    return services.orders.open_orders_of(shop_id, customer.customer_id) if customer else []


def new_customer(
    services: Services, scan_pass: ScanPass | None = None
) -> tuple[str, CustomerSession]:
    """A customer never seen before: the secret for the browser's cookie, and the session."""
    secret = secrets.token_urlsafe(24)
    ends_at = services.now() + SESSION_LIFETIME
    return secret, services.customer_sessions.create(
        secret, secrets.token_hex(16), ends_at, scan_pass
    )


def scan_code(
    services: Services,
    shop: Shop,
    code: str,
    address: str,
    customer: CustomerSession | None,
    new_order_id: str = "",
) -> tuple[str | None, CustomerSession]:
    """Gives this browser a pass for a fresh code; takes no token. With a secret for a new browser.

    address: where the request came from. new_order_id: of the order to be made with the pass, for
    whoever sends a scan again and means the same; else drawn. Raises CodeUnknown, CodeExpired,
    HasOpenOrder, ShopClosed, CodeUsedUp or TooManyRequests.
    """
    now = services.now()
    limits.check(services, limits.BAD_CODES, address)
    try:
        window = read_code(shop, code, services.secret_keys, now)
    except (CodeUnknown, CodeExpired):
        limits.take(services, limits.BAD_CODES, address)
        raise
    bucket = services.qr_codes.get(shop.id, window.index)
    if bucket is None:
        raise CodeExpired
    _check_open_orders(services, shop, customer)
    check_intake(shop, 0)
    bucket.take()
    limits.take(services, limits.SCANS, address)
    scan_pass = ScanPass(
        shop.id,
        window.index,
        now + timedelta(seconds=shop.pass_seconds),
        new_order_id or secrets.token_hex(_ORDER_ID_BYTES),
    )
    ends_at = now + SESSION_LIFETIME
    # Another tab may have signed in or have been erased since the session was read.
    if customer and (session := services.customer_sessions.give_pass(customer, scan_pass, ends_at)):
        return None, session
    return new_customer(services, scan_pass)


def needs_phone(services: Services, shop: Shop, customer: CustomerSession | None) -> bool:
    """True when the shop wants a phone number that this browser has not shown to be its own."""
    has_phone = customer is not None and customer.has_phone(services.now())
    return shop.sign_in is SignIn.PHONE and not has_phone


def pass_of(services: Services, shop: Shop, customer: CustomerSession | None) -> ScanPass | None:
    """The pass that this browser may still use at this shop."""
    scan_pass = customer and customer.scan_pass
    if not scan_pass or scan_pass.shop_id != shop.id or scan_pass.ends_at <= services.now():
        return None
    return scan_pass


def check_pass(services: Services, shop: Shop, customer: CustomerSession | None) -> TokenBucket:
    """The bucket that this browser's pass would take from; takes nothing.

    Raises PassMissing, HasOpenOrder, ShopClosed, CodeUsedUp or ShopFull.
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
    check_places(services, shop)
    return bucket


def check_places(services: Services, shop: Shop) -> None:
    """Raises ShopFull when there is no free place, and ShopClosed."""
    check_intake(shop, services.shops.open_order_count(shop.id))


def claim_place(
    services: Services,
    shop: Shop,
    customer: CustomerSession | None,
    address: str,
    language: str = "",
) -> Order:
    """Takes one token with the browser's pass and creates the customer's order.

    A pass makes one order, however often it is sent. language: the one the customer reads.
    Raises what `check_pass` raises, and PhoneNeeded, OrdersOfDayUsedUp or TooManyRequests.
    """
    if customer is None or customer.scan_pass is None:
        raise PassMissing
    if existing := _made_before(services, shop, customer):
        return existing
    bucket = check_pass(services, shop, customer)
    now = services.now()
    if needs_phone(services, shop, customer):
        raise PhoneNeeded
    limits.take(services, limits.CLAIMS, address)
    order = Order(
        shop_id=shop.id,
        id=customer.scan_pass.order_id,
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
        keep_days=shop.keep_days,
    )
    try:
        services.orders.claim(claim)
    except AlreadyThere:
        if existing := _made_before(services, shop, customer):
            return existing
        raise PassMissing from None
    return order


def _made_before(services: Services, shop: Shop, customer: CustomerSession) -> Order | None:
    """The order that the browser's pass has made already; only for the customer who made it."""
    order = services.orders.get(shop.id, customer.scan_pass.order_id)
    return order if order and order.customer_id == customer.customer_id else None


def _check_open_orders(services: Services, shop: Shop, customer: CustomerSession | None) -> None:
    orders = open_orders(services, shop.id, customer)
    if len(orders) >= shop.open_orders_per_customer:
        raise HasOpenOrder(orders[0].id)
