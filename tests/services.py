"""The services over the tables of a test, and the first steps of a customer."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from domain.errors import HasOpenOrder
from domain.orders import Order
from domain.shops import Shop
from tests.builders import Clock
from tests.fakes import (
    RecordingBus,
    RecordingDeadLetters,
    RecordingExecutions,
    RecordingLive,
    RecordingTexts,
    TriggeredPool,
)
from tests.tables import REGION
from webapp.services.all_services import Services
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.intake.ports import CustomerSession

SECRET_KEY = "a key that only tests use"


PUBLIC_URL = "https://coffee.example"


def services_over_tables(clock: Clock) -> Services:
    """The services over the tables' real repositories, with a fixed clock and recording fakes."""
    from webapp.cloud.clients import Clients
    from webapp.cloud.staff_pool import CognitoStaffPool
    from webapp.storage.api.idempotency_repository import IdempotentCallRepository
    from webapp.storage.intake.customer_session_repository import CustomerSessionRepository
    from webapp.storage.intake.qr_code_repository import QrCodeRepository
    from webapp.storage.limits.limit_repository import LimitRepository
    from webapp.storage.orders.order_repository import OrderRepository
    from webapp.storage.past.customer_repository import CustomerRepository
    from webapp.storage.past.journey_repository import JourneyRepository
    from webapp.storage.past.metric_repository import MetricRepository
    from webapp.storage.phone.phone_sign_in_repository import PhoneSignInRepository
    from webapp.storage.shop.logo_repository import LogoRepository
    from webapp.storage.shop.shop_repository import ShopRepository
    from webapp.storage.staff.device_repository import DeviceRepository
    from webapp.storage.staff.session_epoch_repository import SessionEpochRepository
    from webapp.storage.staff.session_repository import SessionRepository
    from webapp.storage.staff.sign_in_repository import SignInRepository
    from webapp.storage.tables import DEFAULT_PREFIX

    pool = TriggeredPool()
    pool.services = Services(
        orders=OrderRepository(),
        shops=ShopRepository(),
        qr_codes=QrCodeRepository(),
        sessions=SessionRepository(),
        session_epochs=SessionEpochRepository(),
        sign_ins=SignInRepository(),
        staff_pool=CognitoStaffPool(Clients(REGION), DEFAULT_PREFIX),
        customers=CustomerRepository(),
        customer_sessions=CustomerSessionRepository(),
        phone_sign_ins=PhoneSignInRepository(),
        customer_pool=pool,
        texts=RecordingTexts(),
        limits=LimitRepository(),
        logos=LogoRepository(),
        journeys=JourneyRepository(),
        devices=DeviceRepository(),
        idempotent_calls=IdempotentCallRepository(),
        metrics=MetricRepository(),
        executions=RecordingExecutions(),
        bus=RecordingBus(),
        live=RecordingLive(),
        dead_letters=RecordingDeadLetters(),
        now=clock,
        secret_keys=(SECRET_KEY,),
        public_url=PUBLIC_URL,
    )
    return pool.services


ADDRESS = "203.0.113.7"
"""Where the customers of tests come from; limits count it."""


def browser_of(services: Services, customer_id: str) -> CustomerSession:
    """A customer's browser as the tables know it now, with its pass if it has one."""
    secret = f"secret of {customer_id}"
    session = services.customer_sessions.get(secret, services.now())
    return session or services.customer_sessions.create(
        secret, customer_id, services.now() + timedelta(days=30)
    )


def open_code(services: Services, shop: Shop, customer_id: str, code: str | None = None):
    """Scans the code that is shown now, or an older one, with a customer's browser."""

    text = code or qr_codes.current_code(services, shop).qr_code.text
    passes.scan_code(services, shop, text, browser_of(services, customer_id))


def scan_and_claim(services: Services, shop: Shop, customer_id: str) -> Order:
    """Scans the code and takes the place; a customer with an order under way keeps that one."""

    with contextlib.suppress(HasOpenOrder):
        open_code(services, shop, customer_id)
    browser = browser_of(services, customer_id)
    return claims.claim_order(services, shop, browser)
