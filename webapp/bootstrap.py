"""The composition root: the only place that builds adapters."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from domain.shops import Shop
from webapp.clock import clock_of
from webapp.cloud.clients import Clients
from webapp.lazy_proxy import Port, lazy, load
from webapp.services.all_services import Services
from webapp.services.api.ports import IdempotentCalls
from webapp.services.events.ports import Bus, DeadLetters, LiveTopics
from webapp.services.intake.ports import CustomerSessions, QrCodes
from webapp.services.limits.ports import Limits
from webapp.services.orders.ports import Executions, Orders
from webapp.services.past.ports import Customers, Journeys, Metrics
from webapp.services.phone.ports import CustomerPool, PhoneSignIns, Texts
from webapp.services.shop.ports import Logos, Shops
from webapp.services.staff.ports import (
    Devices,
    SessionEpochs,
    Sessions,
    StaffPool,
    StaffSignIns,
)
from webapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from webapp.extension_kit import Extension, Kit


_LEAST_SECONDS = 1.0
"""Longer than SNS takes to accept a text message, so that the time of an answer does not reveal
whether one was sent."""


def build_services(settings: Settings) -> Services:
    """Returns the services over DynamoDB and other AWS services; each is made at its first use."""
    from webapp.extending import Installed

    clients = Clients(settings.region)
    now = clock_of(settings)

    def cloud(port: type[Port], path: str, *arguments: object) -> Port:
        return lazy(port, lambda: load(f"webapp.cloud.{path}")(clients, *arguments))

    def stored(port: type[Port], path: str) -> Port:
        return lazy(port, lambda: _repository(path, settings.prefix))

    services: Services = Services(
        orders=stored(Orders, "orders.order_repository.OrderRepository"),
        shops=stored(Shops, "shop.shop_repository.ShopRepository"),
        qr_codes=stored(QrCodes, "intake.qr_code_repository.QrCodeRepository"),
        sessions=stored(Sessions, "staff.session_repository.SessionRepository"),
        session_epochs=stored(
            SessionEpochs, "staff.session_epoch_repository.SessionEpochRepository"
        ),
        sign_ins=stored(StaffSignIns, "staff.sign_in_repository.SignInRepository"),
        staff_pool=cloud(StaffPool, "staff_pool.CognitoStaffPool", settings.prefix),
        customers=stored(Customers, "past.customer_repository.CustomerRepository"),
        customer_sessions=stored(
            CustomerSessions, "intake.customer_session_repository.CustomerSessionRepository"
        ),
        phone_sign_ins=stored(PhoneSignIns, "phone.phone_sign_in_repository.PhoneSignInRepository"),
        customer_pool=cloud(CustomerPool, "customer_pool.CognitoCustomerPool", settings.prefix),
        texts=cloud(Texts, "texts.SnsTexts", settings.sms_sender),
        limits=stored(Limits, "limits.limit_repository.LimitRepository"),
        logos=stored(Logos, "shop.logo_repository.LogoRepository"),
        journeys=stored(Journeys, "past.journey_repository.JourneyRepository"),
        devices=stored(Devices, "staff.device_repository.DeviceRepository"),
        idempotent_calls=stored(
            IdempotentCalls, "api.idempotency_repository.IdempotentCallRepository"
        ),
        metrics=stored(Metrics, "past.metric_repository.MetricRepository"),
        executions=cloud(Executions, "executions.StepFunctionsExecutions", settings.prefix),
        bus=cloud(Bus, "event_bus.EventBus", settings.prefix, now),
        live=cloud(LiveTopics, "live_topics.IotLiveTopics", settings.prefix),
        dead_letters=cloud(DeadLetters, "dead_letters.SqsDeadLetters", settings.prefix),
        extensions=Installed(settings, partial(_build_kit, settings, clients, lambda: services)),
        now=now,
        secret_keys=(settings.secret_key, *settings.old_secret_keys),
        public_url=settings.public_url,
        least_seconds=_LEAST_SECONDS,
    )
    return services


def _build_kit(
    settings: Settings,
    clients: Clients,
    services: Callable[[], Services],
    name: str,
    extension: Extension,
) -> Kit:
    """Returns the kit with all that one extension may use."""
    from webapp.cloud.extension_kits import ExtensionTable
    from webapp.cloud.http_out import CheckedHttp
    from webapp.extending import KnownBar, rule_name
    from webapp.extension_kit import Kit
    from webapp.extension_kit.print_queue import PrintQueue

    now = services().now
    table_name = settings.prefix + rule_name(name)
    table = ExtensionTable(clients, table_name) if extension.has_table else None
    return Kit(
        settings=settings.of_extension(name),
        own_table=table,
        http=CheckedHttp(inside_too=settings.is_local),
        now=now,
        public_url=settings.public_url,
        bar=KnownBar(services()),
        own_printer=PrintQueue(table, now) if extension.draw and table else None,
    )


def _repository(path: str, prefix: str) -> object:
    """Returns a repository over this deployment's tables. It opens no connection yet."""
    from webapp.storage import tables
    from webapp.storage.transaction import shared_connection

    tables.use_prefix(prefix)
    shared_connection()
    return load(f"webapp.storage.{path}")()


def create_default_shop(services: Services, settings: Settings) -> bool:
    """Creates the default shop at the first start. An existing shop keeps its settings.

    Returns whether it was created.
    """
    return services.shops.create(
        Shop(
            id=settings.default_shop,
            window_seconds=settings.window_seconds,
            scans_per_code=settings.scans_per_code,
            code_seconds=settings.code_seconds,
            capacity=settings.capacity,
        )
    )


@cache
def current_app() -> Flask:
    """Returns the app of a Lambda process, made at its first request or event."""
    from webapp import create_app, logs

    logs.configure()
    return create_app()
