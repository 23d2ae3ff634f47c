"""The composition root: the only place that builds adapters."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache, partial
from typing import TYPE_CHECKING

from domain.shops import Shop
from webapp.cloud.clients import Clients
from webapp.services.ports import Services
from webapp.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from webapp.extension_kit import Extension, Kit


_LEAST_SECONDS = 1.0
"""Longer than SNS takes to accept a text, so that its absence does not show in the time."""


def build_services(settings: Settings) -> Services:
    """The services over DynamoDB and the other AWS services; opens no connection yet."""
    from webapp.cloud.customer_pool import CustomerPool
    from webapp.cloud.event_bus import EventBus
    from webapp.cloud.executions import Executions
    from webapp.cloud.live_topics import LiveTopics
    from webapp.cloud.staff_pool import StaffPool
    from webapp.cloud.texts import Texts
    from webapp.extending import Installed
    from webapp.storage import tables
    from webapp.storage.badge_repository import BadgeRepository
    from webapp.storage.answer_repository import AnswerRepository
    from webapp.storage.customer_repository import CustomerRepository
    from webapp.storage.customer_session_repository import CustomerSessionRepository
    from webapp.storage.device_repository import DeviceRepository
    from webapp.storage.journey_repository import JourneyRepository
    from webapp.storage.limit_repository import LimitRepository
    from webapp.storage.logo_repository import LogoRepository
    from webapp.storage.metric_repository import MetricRepository
    from webapp.storage.order_repository import OrderRepository
    from webapp.storage.phone_sign_in_repository import PhoneSignInRepository
    from webapp.storage.session_repository import SessionRepository
    from webapp.storage.shop_repository import QrCodeRepository, ShopRepository
    from webapp.storage.sign_in_repository import SignInRepository
    from webapp.storage.transaction import shared_connection

    tables.use_prefix(settings.prefix)
    shared_connection()
    clients = Clients(settings.region)
    return Services(
        orders=OrderRepository(),
        shops=ShopRepository(),
        qr_codes=QrCodeRepository(),
        sessions=SessionRepository(),
        badges=BadgeRepository(),
        sign_ins=SignInRepository(),
        staff_pool=StaffPool(clients, settings.prefix),
        customers=CustomerRepository(),
        customer_sessions=CustomerSessionRepository(),
        phone_sign_ins=PhoneSignInRepository(),
        customer_pool=CustomerPool(clients, settings.prefix),
        texts=Texts(clients, settings.sms_sender),
        limits=LimitRepository(),
        logos=LogoRepository(),
        journeys=JourneyRepository(),
        devices=DeviceRepository(),
        answers=AnswerRepository(),
        metrics=MetricRepository(),
        executions=Executions(clients, settings.prefix),
        bus=EventBus(clients, settings.prefix),
        live=LiveTopics(clients, settings.prefix),
        extensions=Installed(settings, partial(_build_kit, settings, clients)),
        now=lambda: datetime.now(timezone.utc),
        secret_keys=(settings.secret_key, *settings.old_secret_keys),
        public_url=settings.public_url,
        least_seconds=_LEAST_SECONDS,
    )


def _build_kit(settings: Settings, clients: Clients, name: str, extension: Extension) -> Kit:
    """What one extension may use."""
    from webapp.cloud.extension_kits import ExtensionTable
    from webapp.cloud.http_out import CheckedHttp
    from webapp.extending import rule_name
    from webapp.extension_kit import Kit

    table = settings.prefix + rule_name(name)
    return Kit(
        settings=settings.of_extension(name),
        table=ExtensionTable(clients, table) if extension.has_table else None,
        http=CheckedHttp(inside_too=settings.is_local),
        now=lambda: datetime.now(timezone.utc),
        public_url=settings.public_url,
    )


def create_default_shop(services: Services, settings: Settings) -> bool:
    """Makes the default shop at the first start; an existing one keeps its settings."""
    return services.shops.create(
        Shop(
            id=settings.default_shop,
            window_seconds=settings.window_seconds,
            scans_per_code=settings.scans_per_code,
            code_seconds=settings.code_seconds,
            capacity=settings.places,
        )
    )


@cache
def current_app() -> Flask:
    """The app of a Lambda process, made at its first request or event."""
    from webapp import create_app, logs

    logs.configure()
    return create_app()
