"""The composition root: the only place that builds adapters."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from domain.shops import Shop
from webapp.clock import clock_of
from webapp.cloud.clients import Clients
from webapp.services.ports import Services
from webapp.settings import Settings
from webapp.when_used import WhenUsed, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from webapp.extension_kit import Extension, Kit


_LEAST_SECONDS = 1.0
"""Longer than SNS takes to accept a text, so that its absence does not show in the time."""


def build_services(settings: Settings) -> Services:
    """The services over DynamoDB and the other AWS services; each is made when used."""
    from webapp.extending import Installed

    clients = Clients(settings.region)
    now = clock_of(settings)

    def cloud(name: str, *arguments: object):
        return WhenUsed(lambda: load(f"cloud.{name}")(clients, *arguments))

    def stored(name: str):
        return WhenUsed(lambda: _repository(name, settings.prefix))

    services = Services(
        orders=stored("order_repository.OrderRepository"),
        shops=stored("shop_repository.ShopRepository"),
        qr_codes=stored("shop_repository.QrCodeRepository"),
        sessions=stored("session_repository.SessionRepository"),
        badges=stored("badge_repository.BadgeRepository"),
        sign_ins=stored("sign_in_repository.SignInRepository"),
        staff_pool=cloud("staff_pool.StaffPool", settings.prefix),
        customers=stored("customer_repository.CustomerRepository"),
        customer_sessions=stored("customer_session_repository.CustomerSessionRepository"),
        phone_sign_ins=stored("phone_sign_in_repository.PhoneSignInRepository"),
        customer_pool=cloud("customer_pool.CustomerPool", settings.prefix),
        texts=cloud("texts.Texts", settings.sms_sender),
        limits=stored("limit_repository.LimitRepository"),
        logos=stored("logo_repository.LogoRepository"),
        journeys=stored("journey_repository.JourneyRepository"),
        devices=stored("device_repository.DeviceRepository"),
        answers=stored("answer_repository.AnswerRepository"),
        metrics=stored("metric_repository.MetricRepository"),
        executions=cloud("executions.Executions", settings.prefix),
        bus=cloud("event_bus.EventBus", settings.prefix, now),
        live=cloud("live_topics.LiveTopics", settings.prefix),
        dead_letters=cloud("dead_letters.DeadLetters", settings.prefix),
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
    """What one extension may use."""
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
        table=table,
        http=CheckedHttp(inside_too=settings.is_local),
        now=now,
        public_url=settings.public_url,
        bar=KnownBar(services()),
        printer=PrintQueue(table, now) if extension.draw else None,
    )


def _repository(name: str, prefix: str) -> object:
    """A repository over this deployment's tables; opens no connection yet."""
    from webapp.storage import tables
    from webapp.storage.transaction import shared_connection

    tables.use_prefix(prefix)
    shared_connection()
    return load(f"storage.{name}")()


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
