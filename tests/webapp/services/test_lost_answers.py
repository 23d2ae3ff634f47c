"""What AWS does and its emulators do not: an answer to a write gets lost and the SDK sends the write
again; a single write meets a transaction that is under way; a transaction is throttled."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps

import pytest
from pynamodb.exceptions import (
    CancellationReason,
    TransactWriteError,
    UpdateError,
    VerboseClientError,
)

from domain.errors import Busy, ChoiceInvalid
from domain.orders import OrderState
from tests.webapp.services.test_counter import KIM, now, of_a_customer
from webapp.services import bar
from webapp.services.once import once
from webapp.services.ports import PhoneSignIn, StaffSession, StoredAnswer
from webapp.services.sign_in import approve_pairing, ask_pairing
from webapp.storage import transaction as transactions
from webapp.storage.tables import AnswerModel, OrderModel, PhoneSignInModel, SessionModel


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
    sends_twice(AnswerModel, "save")
    answer, was_given = once(services, "till", "key", b"PUT", lambda: StoredAnswer(200, "{}"))
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
    assert bar.make_order(services, order.id, KIM).state is OrderState.MAKING


def test_a_batch_goes_on_past_an_order_that_is_busy_and_the_second_tap_finds_ones_own(
    services, conflicts
):
    orders = [of_a_customer(services, f"customer-{n}") for n in range(2)]
    ids = [order.id for order in orders]
    conflicts(100)
    assert bar.make_batch(services, ids, KIM) == (
        [], ["1: the bar was too busy; try again.", "2: the bar was too busy; try again."]
    )


def test_a_batch_that_was_tapped_twice_is_still_ones_own(services):
    ids = [of_a_customer(services, f"customer-{n}").id for n in range(2)]
    bar.make_batch(services, ids, KIM)
    taken, refused = bar.make_batch(services, ids, KIM)
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
