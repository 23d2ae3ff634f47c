"""Small builders that tests of all layers share: orders in any state, a clock, recording fakes."""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from unittest import mock

from domain import orders
from domain.errors import HasOpenOrder
from domain.events import Event
from domain.menu import DEFAULT_MENU, DrinkOrder
from domain.orders import Order, OrderState, RefusalReason, Role
from domain.recordings import RecordedEvent
from domain.shops import Shop
from tests.canaries import CANARIES
from tests.dynamodb_local import LocalTables, is_judge
from tests.staff_pool import (
    authenticators_stand_still,
    create_staff_pool,
    empty_staff_pool,
    put_into_staff_pool,
    staff_pool_content,
)
from webapp.services.all_services import Services
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.intake.ports import CustomerSession
from webapp.services.phone.ports import TextNotSent

NOW = datetime(2024, 5, 17, 9, 31, 7, tzinfo=UTC)
SECRET_KEY = "a key that only tests use"
PUBLIC_URL = "https://coffee.example"
REGION = "us-east-1"
TOKEN = "task-token-that-nobody-may-see"


def a_shop(**changes) -> Shop:
    """The shop `main`, changed as the test needs it."""
    return replace(Shop(id="main"), **changes)


def a_drink_order() -> DrinkOrder:
    """An oat latte: it differs from the default in one option."""
    return DEFAULT_MENU.check_choice("latte", {"milk": "oat"})


def an_order(state: OrderState = OrderState.CLAIMED, **changes) -> Order:
    """An order in this state, brought there by the domain's own moves, a minute each."""
    return replace(journey_to(state)[-1], **changes)


def journey_to(state: OrderState) -> list[Order]:
    """The order after each step of the shortest way to a state; the first is the fresh claim."""
    path = [an_order_just_claimed()]
    for step in _WAYS[state]:
        path.append(_STEPS[step](path[-1], NOW + timedelta(minutes=len(path))))
    return path


def an_order_just_claimed() -> Order:
    return Order(
        shop_id="main",
        id="0123456789abcdef0123456789abcdef",
        customer_id="customer-1",
        window=5719898,
        created_at=NOW,
    )


_STEPS = {
    "admit": lambda order, at: replace(orders.admit(order, 300, at), task_token=TOKEN),
    "refuse": lambda order, at: orders.refuse(order, RefusalReason.FULL, at),
    "submit": lambda order, at: orders.submit(order, a_drink_order(), 7, at),
    "queue": lambda order, at: replace(orders.queue(order, 900, at), task_token=TOKEN + "-2"),
    "make": lambda order, at: orders.make(order, "barista-1", "Kim", at),
    "complete": orders.complete,
    "collect": lambda order, at: orders.collect(order, Role.BARISTA, at),
    "cancel": lambda order, at: orders.cancel(order, Role.BARISTA, "the bar is closing", at),
    "time_out": orders.time_out,
}
_S = OrderState
_WAYS = {
    _S.CLAIMED: (),
    _S.ADMITTED: ("admit",),
    _S.SUBMITTED: ("admit", "submit"),
    _S.QUEUED: ("admit", "submit", "queue"),
    _S.MAKING: ("admit", "submit", "queue", "make"),
    _S.COMPLETED: ("admit", "submit", "queue", "make", "complete"),
    _S.COLLECTED: ("admit", "submit", "queue", "make", "complete", "collect"),
    _S.REFUSED: ("refuse",),
    _S.CANCELLED: ("admit", "submit", "queue", "cancel"),
    _S.TIMED_OUT: ("admit", "submit", "queue", "time_out"),
}


class Clock:
    """The time of a test; it stands still until somebody moves it."""

    def __init__(self, now: datetime = NOW):
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class RecordingExecutions:
    """Executions that only remember what they were told."""

    running: set[str] = field(default_factory=set)
    started: list[tuple[str, int]] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)

    def start(self, order: Order, seconds_left: int) -> None:
        self.started.append((order.execution_name, seconds_left))
        self.running.add(order.execution_name)

    def is_running(self, order: Order) -> bool:
        return order.execution_name in self.running

    def resume(self, task_token: str) -> None:
        self.resumed.append(task_token)

    def close(self, task_token: str, cause: str) -> None:
        self.closed.append((task_token, cause))


@dataclass
class RecordingBus:
    """A bus that only remembers its events."""

    events: list[Event] = field(default_factory=list)

    def put(self, events: list[Event]) -> None:
        for event in events:
            CANARIES.saw("event", event.detail_type, json.dumps(event.to_detail()))
        self.events += events

    def put_recorded(self, events: list[RecordedEvent]) -> None:
        self.events += [recorded.event for recorded in events]

    def check(self) -> None:
        pass


@dataclass
class RecordingLive:
    """Topics that only remember what was published."""

    messages: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, topic: str, html: str) -> None:
        CANARIES.saw_fragment(topic, html)
        self.messages.append((topic, html))


@dataclass
class RecordingDeadLetters:
    """A queue of dead letters that only remembers them."""

    kept: list[tuple[Mapping, str]] = field(default_factory=list)

    def keep(self, payload: Mapping, why: str) -> None:
        self.kept.append((payload, why))


@dataclass
class RecordingTexts:
    """Text messages that only remember themselves; `fails` lets none out."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    fails: bool = False

    def send(self, number: str, text: str) -> None:
        if self.fails:
            raise TextNotSent("Throttling")
        CANARIES.guard_text(number, text)
        self.sent.append((number, text))

    def code_to(self, number: str) -> str:
        """The newest code that was texted to a number."""
        return [text for to, text in self.sent if to == number][-1][:6]


@dataclass
class TriggeredPool:
    """What Cognito does with a custom challenge: it asks the product's own triggers, step by step.

    As on AWS, a trigger learns the client's words from the first response on, not before it.
    """

    services: Services | None = None
    names: set[str] = field(default_factory=set)

    def send_code(self, customer_id: str, sign_in_id: str) -> bool:
        self.names.add(customer_id)
        return self._sign_in(customer_id, "send", sign_in_id, "-") == {"text": "sent"}

    def check_code(self, customer_id: str, sign_in_id: str, code: str) -> bool:
        return self._sign_in(customer_id, "check", sign_in_id, code) == "tokens"

    def forget(self, customer_id: str) -> None:
        self.names.discard(customer_id)

    def _sign_in(self, user: str, wanted: str, sign_in_id: str, typed: str):
        words = {"wanted": wanted, "signIn": sign_in_id}
        assert self._ask("DefineAuthChallenge", user, [], {})["challengeName"]
        begun = self._ask("CreateAuthChallenge", user, [], {})
        hidden = begun["privateChallengeParameters"]
        verified = self._ask(
            "VerifyAuthChallengeResponse",
            user,
            None,
            words,
            challengeAnswer=typed,
            privateChallengeParameters=hidden,
        )
        one = {
            "challengeName": "CUSTOM_CHALLENGE",
            "challengeMetadata": begun["challengeMetadata"],
            "challengeResult": verified["answerCorrect"],
        }
        after = self._ask("DefineAuthChallenge", user, [one], words)
        if after["issueTokens"] or after["failAuthentication"]:
            return "tokens" if after["issueTokens"] else "refused"
        created = self._ask("CreateAuthChallenge", user, [one], words)
        return created["publicChallengeParameters"]

    def _ask(self, trigger: str, user: str, rounds: list | None, words: dict, **request) -> dict:
        from webapp.consumers import registry

        event = {
            "version": "1",
            "triggerSource": f"{trigger}_Authentication",
            "userPoolId": "us-east-1_customers",
            "userName": user,
            "request": {"userAttributes": {}, "clientMetadata": words or None, **request},
            "response": {},
        }
        if rounds is not None:
            event["request"]["session"] = rounds
        return registry.run(self.services, event)["response"]


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
    passes.scan_code(services, shop, text, "127.0.0.1", browser_of(services, customer_id))


def scan_and_claim(services: Services, shop: Shop, customer_id: str) -> Order:
    """Scans the code and takes the place; a customer with an order under way keeps that one."""

    with suppress(HasOpenOrder):
        open_code(services, shop, customer_id)
    browser = browser_of(services, customer_id)
    return claims.claim_order(services, shop, browser, "127.0.0.1")


@contextmanager
def moto_tables(execute_state_machine: bool = False) -> Iterator[None]:
    """The product's tables in moto's DynamoDB; with moto's Step Functions interpreter if asked.

    When the second judge sits, the tables are in DynamoDB Local and all other services are moto's.
    """
    from moto import mock_aws

    from tests.aws import forget_connections
    from webapp.storage import tables

    prefix_before = tables.OrderModel.Meta.table_name.removesuffix("orders")
    tables.use_prefix(tables.DEFAULT_PREFIX)
    config = {"stepfunctions": {"execute_state_machine": execute_state_machine}}
    judge = LocalTables() if is_judge() else MotoTables()
    with mock.patch.dict(os.environ):
        # Another test's emulator must not be what answers here.
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ["AWS_DEFAULT_REGION"] = REGION
        os.environ["MOTO_COGNITO_IDP_USER_POOL_ENABLE_TOTP"] = "true"
        forget_connections()
        dynamodb.cache_clear()
        _judges.append(judge)
        try:
            with (
                mock_aws(config=config),
                mock.patch.dict(os.environ, judge.environment),
                judge.watched(),
                authenticators_stand_still(),
            ):
                _create_tables()
                create_staff_pool()
                yield
        finally:
            _judges.remove(judge)
            tables.use_prefix(prefix_before)
            forget_connections()
            dynamodb.cache_clear()


_judges: list[MotoTables | LocalTables] = []
"""Whose tables are in use: those of the innermost moto_tables."""


@cache
def dynamodb():
    """A client of the tables' DynamoDB, within moto_tables."""
    import boto3

    return boto3.client("dynamodb")


class MotoTables:
    """The product's tables in moto's DynamoDB, in this process."""

    environment: Mapping[str, str] = MappingProxyType({})

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Makes each request to moto's DynamoDB whole: by itself it lets another thread, such as
        an execution's, read an item half written or change it while it is being copied."""
        from moto.dynamodb.responses import DynamoHandler

        lock, answer = threading.RLock(), DynamoHandler._dispatch

        def whole(*arguments, **options):
            with lock:
                return answer(*arguments, **options)

        with mock.patch.object(DynamoHandler, "_dispatch", whole):
            yield

    def empty(self) -> None:
        for table in self._tables().values():
            table.items.clear()

    def content(self) -> dict:
        return {name: table.items for name, table in self._tables().items()}

    def put_back(self, content: dict) -> None:
        for name, table in self._tables().items():
            table.items = content[name]

    def items(self) -> dict[str, list[dict]]:
        return {
            name: [item.to_json()["Attributes"] for item in table.all_items()]
            for name, table in self._tables().items()
        }

    @staticmethod
    def _tables() -> dict:
        from moto.backends import get_backend
        from moto.core import DEFAULT_ACCOUNT_ID

        return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION].tables


def empty_tables() -> None:
    """Takes all items out of the tables, which is much quicker than making new ones."""
    _judges[-1].empty()
    empty_staff_pool()


@dataclass(frozen=True)
class Stored:
    """All that the tables and the staff's pool held at a moment; much quicker to put back than
    to bring about again."""

    _pickled: bytes

    @classmethod
    def now(cls) -> Stored:
        return cls(pickle.dumps((_judges[-1].content(), staff_pool_content())))

    def put_back(self) -> None:
        content, pool = pickle.loads(self._pickled)
        _judges[-1].put_back(content)
        put_into_staff_pool(pool)


def stored_items() -> dict[str, list[dict]]:
    """The items of each table, in DynamoDB's JSON, past the paths that a request takes."""
    return _judges[-1].items()


def _create_tables() -> None:
    from webapp.storage.tables import DEFAULT_PREFIX, table_definitions

    for definition in table_definitions():
        dynamodb().create_table(**_create_table_arguments(definition, DEFAULT_PREFIX))


def _create_table_arguments(definition: dict, prefix: str) -> dict:
    arguments = {
        "TableName": prefix + definition["name"],
        "AttributeDefinitions": definition["attributes"],
        "KeySchema": definition["keys"],
        "BillingMode": "PAY_PER_REQUEST",
    }
    for kind, indexes in (
        ("LocalSecondaryIndexes", definition["local_indexes"]),
        ("GlobalSecondaryIndexes", definition["global_indexes"]),
    ):
        if indexes:
            arguments[kind] = [
                {
                    "IndexName": index["index_name"],
                    "KeySchema": index["key_schema"],
                    "Projection": index["projection"],
                }
                for index in indexes
            ]
    return arguments


def workflow_writes(state_name: str, order: Order, at: datetime, token: str = TOKEN) -> None:
    """Sends the write of one state of the generated workflow, as its execution would.

    Raises what DynamoDB raises when the write's condition does not hold.
    """
    from webapp.storage.tables import DEFAULT_PREFIX
    from workflows.order_workflow import TableNames, order_definition
    from workflows.variants import TRANSACTION_WAITS_API

    tables = TableNames.with_prefix(DEFAULT_PREFIX)
    state = order_definition(tables, variant=TRANSACTION_WAITS_API)["States"][state_name]
    action = state["Resource"].split("dynamodb:")[1].removesuffix(".waitForTaskToken")
    known = {
        "$.shopId": order.shop_id,
        "$.orderId": order.id,
        "$.customerId": order.customer_id,
        "$.window": str(order.window),
        "States.Array($.orderId)": [order.id],
        "$$.Task.Token": token,
        "$$.State.EnteredTime": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    call = dynamodb().transact_write_items if "transact" in action else dynamodb().update_item
    call(**_filled_in(state["Parameters"], known))


def _filled_in(template, known: dict):
    if isinstance(template, list):
        return [_filled_in(part, known) for part in template]
    if isinstance(template, dict):
        return {
            name.removesuffix(".$"): known[part] if name.endswith(".$") else _filled_in(part, known)
            for name, part in template.items()
        }
    return template


class Interleaved:
    """A repository in which somebody else acts once, just before one of its writes."""

    def __init__(self, repository, method: str, act):
        self._repository, self._method, self._act = repository, method, act

    def __getattr__(self, name: str):
        if name == self._method and self._act:
            act, self._act = self._act, None
            act()
        return getattr(self._repository, name)
