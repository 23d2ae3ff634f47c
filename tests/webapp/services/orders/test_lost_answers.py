"""What AWS does and its emulators do not.

An answer to a write gets lost and the SDK sends the write again; a single write meets a transaction
that is under way; a transaction is throttled.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import wraps

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import (
    CancellationReason,
    PynamoDBException,
    TransactWriteError,
    UpdateError,
    VerboseClientError,
)
from pynamodb.transactions import TransactWrite

from domain.errors import Busy, ChoiceInvalid, ShopIdTaken
from domain.orders import OrderState
from tests.builders import NOW, a_shop
from tests.fakes import Interleaved
from tests.services import browser_of
from tests.webapp.services.orders.test_walk_ups import of_a_customer
from tests.webapp.services.steps import KIM, now
from webapp.services.api.idempotency import carry_out_once
from webapp.services.api.ports import StoredAnswer
from webapp.services.intake import passes, qr_codes
from webapp.services.orders import barista_steps
from webapp.services.phone.ports import PhoneSignIn
from webapp.services.shop import switches
from webapp.services.shop.shops import create_shop
from webapp.services.staff.ports import StaffSession
from webapp.services.staff.sign_in import approve_pairing, ask_pairing, create_link, open_link
from webapp.storage import transaction as transactions
from webapp.storage.tables import (
    CustomerModel,
    IdempotentCallModel,
    OrderModel,
    PhoneSignInModel,
    SessionModel,
)


@pytest.fixture
def sends_twice(monkeypatch):
    """Makes a model's write arrive twice, as a retry after a lost answer does."""

    def twice(model, method: str) -> None:
        write = getattr(model, method)

        @wraps(write)
        def again(*arguments, **options):
            write(*arguments, **options)
            return write(*arguments, **options)

        monkeypatch.setattr(model, method, again)

    return twice


@pytest.fixture
def conflicts(monkeypatch):
    """Makes the next so many updates of orders meet a transaction."""

    def meet(times: int) -> None:
        write, left = OrderModel.update, [times]

        def update(*arguments, **options):
            if left[0]:
                left[0] -= 1
                raise UpdateError("conflict", refusal("UpdateItem", "TransactionConflictException"))
            return write(*arguments, **options)

        monkeypatch.setattr(OrderModel, "update", update)

    return meet


@pytest.fixture
def transactions_conflict(monkeypatch):
    """Makes the next so many transactions meet another one."""

    def meet(times: int) -> None:
        commit, left = TransactWrite._commit, [times]

        def commit_or_conflict(transaction):
            if left[0]:
                left[0] -= 1
                code = "TransactionCanceledException"
                cause = refusal("TransactWriteItems", code, ("TransactionConflict", "None"))
                raise TransactWriteError("conflict", cause)
            return commit(transaction)

        monkeypatch.setattr(TransactWrite, "_commit", commit_or_conflict)
        monkeypatch.setattr(transactions.time, "sleep", lambda _: None)

    return meet


@pytest.fixture
def refused_as(monkeypatch):
    """Makes all calls of the tables be answered with an error."""

    def answer(code: str) -> None:
        def refuse(operation: str, _arguments: dict) -> None:
            raise ClientError({"Error": {"Code": code, "Message": ""}}, operation)

        monkeypatch.setattr(transactions.shared_connection().client, "_make_api_call", refuse)

    return answer


def refusal(operation: str, code: str, reasons: tuple[str, ...] = ()) -> VerboseClientError:
    return VerboseClientError(
        {"Error": {"Code": code, "Message": ""}},
        operation,
        cancellation_reasons=[CancellationReason(code=reason) for reason in reasons],
    )


def test_a_code_that_arrived_twice_is_texted_all_the_same(services, sends_twice):
    asked = PhoneSignIn(
        "session-1", "main", "customer-1", "+4915112345678", "…678", "ask-1", services.now(), False
    )
    services.phone_sign_ins.ask(asked)
    sends_twice(PhoneSignInModel, "update")
    ends_at = services.now() + timedelta(minutes=5)
    assert services.phone_sign_ins.give_code(asked, "hash", ends_at)
    assert not services.phone_sign_ins.give_code(asked, "another hash", ends_at)


def test_a_call_that_was_begun_twice_by_the_sdk_is_carried_out(services, sends_twice):
    sends_twice(IdempotentCallModel, "save")
    answer, was_given = carry_out_once(
        services, "till", "key", b"PUT", lambda: StoredAnswer(200, "{}")
    )
    assert (answer.status, was_given) == (200, False)


def test_a_screen_that_was_approved_twice_is_approved(services, sends_twice):
    admin = StaffSession("admin-1", "main", "admin", "Ana")
    pairing = ask_pairing(services, "main", "203.0.113.7")
    sends_twice(SessionModel, "update")
    approve_pairing(services, admin, pairing.code, "display", "TV")
    with pytest.raises(ChoiceInvalid):
        approve_pairing(services, admin, pairing.code, "admin", "Eve")


def test_a_tap_that_meets_a_transaction_is_made_again(services, conflicts):
    order = of_a_customer(services)
    conflicts(2)
    assert barista_steps.make_order(services, order.id, KIM).state is OrderState.MAKING


def test_a_batch_goes_on_past_an_order_that_is_busy_and_the_second_tap_finds_ones_own(
    services, conflicts
):
    orders = [of_a_customer(services, f"customer-{n}") for n in range(2)]
    ids = [order.id for order in orders]
    conflicts(100)
    assert barista_steps.make_batch(services, ids, KIM) == (
        [],
        ["1: the bar was too busy; try again.", "2: the bar was too busy; try again."],
    )


def test_a_batch_that_was_tapped_twice_is_still_ones_own(services):
    ids = [of_a_customer(services, f"customer-{n}").id for n in range(2)]
    barista_steps.make_batch(services, ids, KIM)
    taken, refused = barista_steps.make_batch(services, ids, KIM)
    assert [order.id for order in taken] == ids and refused == []
    assert {now(services, order).barista_id for order in taken} == {KIM.id}


def test_erasing_an_order_that_is_in_a_transaction_says_busy(services, conflicts):
    order = of_a_customer(services)
    conflicts(100)
    with pytest.raises(Busy):
        services.orders.forget("main", order.id)


def test_a_throttled_transaction_is_tried_again_and_ends_as_busy(services, monkeypatch):
    tries = []

    def throttled(_transaction) -> None:
        tries.append(1)
        reasons = ("ThrottlingError", "None")
        cause = refusal("TransactWriteItems", "TransactionCanceledException", reasons)
        raise TransactWriteError("throttled", cause)

    monkeypatch.setattr(transactions.time, "sleep", lambda _: None)
    with pytest.raises(Busy):
        transactions.transact(throttled)
    assert len(tries) > 1


def test_the_door_moves_although_orders_go_through_it(services, transactions_conflict):
    transactions_conflict(5)
    assert not switches.set_open(services, "main", False).is_open


def test_an_address_is_not_taken_because_the_database_is_busy(services, transactions_conflict):
    transactions_conflict(1)
    assert create_shop(services, "annex", "Annex").id == "annex"
    with pytest.raises(ShopIdTaken):
        create_shop(services, "annex", "Annex")


def test_a_sign_in_link_is_not_used_up_because_the_database_is_busy(
    services, transactions_conflict
):
    secret = create_link(services, "main", "barista", "Kim").rsplit("/", 1)[1]
    transactions_conflict(1)
    _, session = open_link(services, secret)
    assert session.name == "Kim"


def test_erasing_a_customer_who_is_in_a_transaction_says_busy(services, monkeypatch):
    order = of_a_customer(services)
    trace = services.customers.trace("main", order.customer_id)

    def conflict(*_, **__):
        raise UpdateError("conflict", refusal("UpdateItem", "TransactionConflictException"))

    monkeypatch.setattr(CustomerModel, "update", conflict)
    with pytest.raises(Busy):
        services.customers.forget(trace)


def test_a_scan_of_a_browser_that_was_erased_meanwhile_is_a_new_customers(services):
    shop = services.shop("main")
    browser = browser_of(services, "customer-1")
    erased = Interleaved(
        services.customer_sessions, "give_pass", lambda: services.customer_sessions.end(browser)
    )
    text = qr_codes.current_code(services, shop).qr_code.text
    both = replace(services, customer_sessions=erased)
    secret, customer = passes.scan_code(both, shop, text, browser)
    assert services.customer_sessions.get(secret, services.now()) == customer
    assert customer.customer_id != browser.customer_id and customer.scan_pass


def test_a_barista_who_is_sent_away_while_choosing_a_name_is_told_by_the_next_page(services):
    services.sessions.rename("a secret that opens nothing any more", "Kim")


@pytest.mark.parametrize(
    "call",
    [
        lambda services: services.shop("main"),
        lambda services: services.shops.ids(),
        lambda services: services.orders.open_orders("main"),
        lambda services: services.shops.next_number("main", "2024-05-17"),
        lambda services: services.limits.take("key", 1, NOW),
        lambda services: services.shops.create(a_shop(id="annex")),
        lambda services: services.sessions.end("secret"),
    ],
    ids=["get", "scan", "query", "update", "conditional update", "transaction", "delete"],
)
def test_whatever_is_throttled_says_busy(services, refused_as, call):
    refused_as("ThrottlingException")
    with pytest.raises(Busy):
        call(services)


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TransactionInProgressException",
    ],
)
def test_throttling_has_several_names(services, refused_as, code):
    refused_as(code)
    with pytest.raises(Busy):
        services.shop("main")


def test_what_is_wrong_with_a_call_is_no_business_of_the_person_who_waits(services, refused_as):
    refused_as("ValidationException")
    with pytest.raises(PynamoDBException):
        services.shops.create(a_shop(id="annex"))
