"""Every path of the generated definition in moto's interpreter, the emulator's second opinion.

moto runs all integrations the definition uses: transactWriteItems and updateItem, waiting for a
task token or not, getItem, Catch, TimeoutSeconds, Choice and, which the emulator ignores,
TimeoutSecondsPath. It never raises a transaction conflict or a throttled write: a door that is
neither open nor closed stands for the one, Retry is only looked at in test_definition.py. And it
has no rule or stream here: each test answers the task token itself, as webapp.consumers.announce
does.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import mock

import boto3
import pytest

from domain.errors import NotAllowedNow
from domain.orders import Order, OrderState, Role
from tests.builders import a_shop
from tests.services import browser_of, scan_and_claim, services_over_tables
from tests.tables import REGION, moto_tables
from webapp.cloud.clients import Clients
from webapp.cloud.executions import StepFunctionsExecutions
from webapp.services.intake import passes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.orders.sweep import sweep
from webapp.services.shop import switches
from webapp.services.staff.ports import StaffSession
from webapp.storage.orders.order_items import order_from_model
from webapp.storage.tables import DEFAULT_PREFIX, IntakeModel, OrderModel
from workflows import order_workflow
from workflows.order_workflow import MOST_CONFLICTS, TableNames, order_definition
from workflows.variants import ITEM_WAITS_API, TRANSACTION_WAITS_API

NEVER = 120
_PATIENCE_SECONDS = 15


@pytest.fixture(scope="module")
def machines():
    """Makes each variant of the workflow once; reading a definition takes moto a second."""
    with moto_tables(execute_state_machine=True):
        client, made = boto3.client("stepfunctions"), set()

        def make(choose_seconds: int, make_seconds: int, single_items: bool, conflicts: int) -> str:
            prefix = f"{choose_seconds}-{make_seconds}-{single_items}-{conflicts}-"
            if prefix not in made:
                made.add(prefix)
                with mock.patch.object(order_workflow, "MOST_CONFLICTS", conflicts):
                    definition = order_definition(
                        TableNames.with_prefix(DEFAULT_PREFIX),
                        choose_seconds,
                        make_seconds,
                        ITEM_WAITS_API if single_items else TRANSACTION_WAITS_API,
                    )
                client.create_state_machine(
                    name=prefix + "order-workflow",
                    definition=json.dumps(definition),
                    roleArn="arn:aws:iam::123456789012:role/workflow",
                )
            return prefix

        yield make


@pytest.fixture
def open_bar(machines):
    """Opens a bar of its own, with deadlines that nobody lives to see unless a test asks."""
    return lambda choose=NEVER, make=NEVER, single_items=False, conflicts=MOST_CONFLICTS: Bar(
        f"bar-{next(_numbers)}", machines(choose, make, single_items, conflicts)
    )


_numbers = itertools.count()


class Bar:
    """One shop, its workflow in moto, and one customer."""

    def __init__(self, shop_id: str, machine_prefix: str):
        self.id = shop_id
        self.customer = f"customer-of-{shop_id}"
        self.kim = StaffSession("barista-1", shop_id, "barista", "Kim")
        self.executions = InsistentExecutions(
            StepFunctionsExecutions(Clients(REGION), machine_prefix)
        )
        services = services_over_tables(lambda: datetime.now(UTC))
        self.services = replace(services, executions=self.executions)
        self.services.shops.create(a_shop(id=shop_id, capacity=2))
        self.step_functions = boto3.client("stepfunctions")

    # What people do

    def scan(self) -> Order:
        shop = self.services.shop(self.id)
        return scan_and_claim(self.services, shop, self.customer)

    def start(self, order: Order, seconds_left: int = NEVER) -> Order:
        self.executions.start(order, seconds_left)
        return order

    def let_in(self) -> Order:
        return self.wait(self.start(self.scan()), OrderState.ADMITTED)

    def choose(self, order: Order) -> Order:
        return customer_steps.place_order(
            self.services, self.services.shop(self.id), order, "latte", {"milk": "oat"}
        )

    def queued(self) -> Order:
        order = self.let_in()
        self.choose(order)
        self.executions.resume(order.task_token)
        return self.wait(order, OrderState.QUEUED)

    # What is seen

    def now(self, order: Order) -> Order:
        """The order with its task token, as the stream shows it to the outbox."""
        return order_from_model(OrderModel.get(self.id, order.id, consistent_read=True))

    def jam_the_door(self) -> None:
        """Neither open nor closed nor full: so it looks to an admission that meets others there."""
        IntakeModel(self.id).update(actions=[IntakeModel.is_open.remove()])

    def free_the_door(self) -> None:
        IntakeModel(self.id).update(actions=[IntakeModel.is_open.set(True)])

    def wait(self, order: Order, state: OrderState) -> Order:
        return self._until(lambda: self.now(order), lambda current: current.state is state)

    def states_entered(self, order: Order, status: str = "SUCCEEDED") -> list[str]:
        """The workflow states of an order whose execution has come to its end."""
        arn = self._execution_arn(order)
        ended = self._until(
            lambda: self.step_functions.describe_execution(executionArn=arn)["status"],
            lambda current: current != "RUNNING",
        )
        assert ended == status
        return self.states_so_far(order)

    def states_so_far(self, order: Order) -> list[str]:
        history = self.step_functions.get_execution_history(
            executionArn=self._execution_arn(order), maxResults=1000
        )
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in history["events"]
            if "stateEnteredEventDetails" in event
        ]

    def _execution_arn(self, order: Order) -> str:
        arn = self.executions._state_machine_arn().replace(":stateMachine:", ":execution:")
        return f"{arn}:{order.execution_name}"

    def assert_nothing_is_held(self, order: Order):
        """No place, no customer and no room on a screen is kept for an order that is over."""
        assert self.services.shops.open_order_count(self.id) == 0
        assert (
            passes.open_order(self.services, self.id, browser_of(self.services, order.customer_id))
            is None
        )
        on_screen = self.services.orders.open_orders(self.id)
        assert [one.state for one in on_screen] in ([], [OrderState.COMPLETED])

    def _until(self, read: Callable, is_done: Callable):
        end = time.monotonic() + _PATIENCE_SECONDS
        while not is_done(current := read()):
            assert time.monotonic() < end, f"still {current!r}"
            self.executions.answer_again()
            time.sleep(0.02)
        return current


class InsistentExecutions:
    """Answers a task token until it counts: moto stores it a moment before it listens for it."""

    def __init__(self, executions: StepFunctionsExecutions):
        self._executions = executions
        self._answers: list[tuple[Callable, tuple]] = []

    def __getattr__(self, name: str):
        return getattr(self._executions, name)

    def resume(self, *arguments) -> None:
        self._answer(self._executions.resume, arguments)

    def close(self, *arguments) -> None:
        self._answer(self._executions.close, arguments)

    def answer_again(self) -> None:
        for answer, arguments in self._answers:
            answer(*arguments)

    def _answer(self, answer: Callable, arguments: tuple) -> None:
        answer(*arguments)
        self._answers.append((answer, arguments))


def test_a_finished_order_enters_two_states(open_bar):
    shop = open_bar()
    order = shop.queued()
    assert order.task_token and order.make_seconds == NEVER and order.queued_at
    barista_steps.make_order(shop.services, order.id, shop.kim)
    barista_steps.complete_order(shop.services, order.id, shop.kim)
    shop.executions.resume(order.task_token)
    entered = shop.states_entered(order)
    assert entered == ["AdmitOrder", "AwaitBarista"]
    assert len(entered) <= 3
    assert shop.now(order).version == 6
    shop.assert_nothing_is_held(order)


def test_with_single_item_callbacks_a_finished_order_enters_three_states(open_bar):
    shop = open_bar(single_items=True)
    order = shop.let_in()
    order = shop._until(lambda: shop.now(order), lambda current: current.task_token)
    shop.choose(order)
    shop.executions.resume(order.task_token)
    order = shop.wait(order, OrderState.QUEUED)
    barista_steps.make_order(shop.services, order.id, shop.kim)
    barista_steps.complete_order(shop.services, order.id, shop.kim)
    shop.executions.resume(order.task_token)
    assert shop.states_entered(order) == ["AdmitOrder", "AwaitChoice", "AwaitBarista"]
    shop.assert_nothing_is_held(order)


def test_with_single_item_callbacks_an_order_comes_to_each_other_end(open_bar):
    shop = open_bar(choose=1, single_items=True)
    order = shop.let_in()
    begun = ["AdmitOrder", "AwaitChoice"]
    assert shop.states_entered(order) == [*begun, "CloseUnchosen", "Finished"]
    shop.assert_nothing_is_held(order)

    shop = open_bar(make=2, single_items=True)
    order = shop.let_in()
    order = shop._until(lambda: shop.now(order), lambda current: current.task_token)
    shop.choose(order)
    shop.executions.resume(order.task_token)
    assert shop.states_entered(order) == [*begun, "AwaitBarista", "CloseUnmade", "Finished"]
    shop.assert_nothing_is_held(order)

    shop = open_bar(single_items=True)
    order = shop.let_in()
    order = shop._until(lambda: shop.now(order), lambda current: current.task_token)
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    assert shop.states_entered(order) == [*begun, "Finished"]

    order = shop.scan()
    switches.set_open(shop.services, shop.id, False)
    shop.start(order)
    assert shop.states_entered(order) == ["AdmitOrder", "RefuseClosed", "Finished"]
    shop.assert_nothing_is_held(order)


def test_an_order_holds_a_place_from_its_admission_to_its_end(open_bar):
    shop = open_bar()
    order = shop.scan()
    assert shop.services.shops.open_order_count(shop.id) == 0
    shop.wait(shop.start(order), OrderState.ADMITTED)
    assert shop.services.shops.open_order_count(shop.id) == 1
    waiting = shop.now(order)
    customer_steps.cancel_order(shop.services, waiting)
    assert shop.services.shops.open_order_count(shop.id) == 0
    shop.executions.close(waiting.task_token, "CANCELLED")
    shop.states_entered(order)


def test_a_closed_shop_refuses_and_gives_the_scan_back(open_bar):
    shop = open_bar()
    order = shop.scan()
    assert shop.services.qr_codes.get(shop.id, order.window).taken == 1
    switches.set_open(shop.services, shop.id, False)
    shop.start(order)
    assert shop.states_entered(order) == ["AdmitOrder", "RefuseClosed", "Finished"]
    refused = shop.now(order)
    assert (refused.state, refused.reason, refused.version) == ("REFUSED", "closed", 2)
    assert shop.services.qr_codes.get(shop.id, order.window).taken == 0
    shop.assert_nothing_is_held(order)


def test_a_full_shop_refuses_and_gives_the_scan_back(open_bar):
    shop = open_bar()
    order = shop.scan()
    IntakeModel(shop.id).update(actions=[IntakeModel.open_orders.add({"one", "two"})])
    shop.start(order)
    assert shop.states_entered(order) == ["AdmitOrder", "RefuseClosed", "RefuseFull", "Finished"]
    refused = shop.now(order)
    assert (refused.state, refused.reason, refused.version) == ("REFUSED", "full", 2)
    assert shop.services.qr_codes.get(shop.id, order.window).taken == 0
    assert shop.services.shops.open_order_count(shop.id) == 2
    assert (
        passes.open_order(shop.services, shop.id, browser_of(shop.services, shop.customer)) is None
    )


_REFUSED_IN_VAIN = ["AdmitOrder", "RefuseClosed", "RefuseFull", "ReadOrder", "FindPlace"]


def test_an_order_that_meets_others_at_the_door_is_let_in_a_second_later(open_bar):
    shop = open_bar()
    order = shop.scan()
    shop.jam_the_door()
    shop.start(order)
    shop._until(lambda: shop.states_so_far(order), lambda entered: "CountConflict" in entered)
    shop.free_the_door()
    order = shop.wait(order, OrderState.ADMITTED)
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    again = ["CountConflict", "PauseForConflict", "AdmitOrder"]
    entered = shop.states_entered(order)
    assert entered[:8] == _REFUSED_IN_VAIN + again
    shop.assert_nothing_is_held(order)


def test_an_admission_that_comes_to_nothing_ends_and_the_sweep_begins_another(open_bar):
    shop = open_bar(conflicts=1)
    order = shop.scan()
    shop.jam_the_door()
    shop.start(order)
    assert shop.states_entered(order) == [
        *_REFUSED_IN_VAIN,
        "CountConflict",
        "PauseForConflict",
        *_REFUSED_IN_VAIN,
        "Finished",
    ]
    assert shop.now(order).state is OrderState.CLAIMED
    shop.free_the_door()
    assert sweep(shop.services, settle=timedelta()) >= 1
    order = shop.wait(order, OrderState.ADMITTED)
    assert order.attempt == 2
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    shop.states_entered(order)


def test_an_execution_of_the_version_before_leaves_a_conflict_to_the_sweep(open_bar):
    shop = open_bar()
    order = shop.scan()
    shop.jam_the_door()
    given = {
        "shopId": shop.id,
        "orderId": order.id,
        "customerId": order.customer_id,
        "window": str(order.window),
        "secondsLeft": NEVER,
    }
    shop.step_functions.start_execution(
        stateMachineArn=shop.executions._state_machine_arn(),
        name=order.execution_name,
        input=json.dumps(given),
    )
    assert shop.states_entered(order) == [*_REFUSED_IN_VAIN, "Finished"]


def test_a_customer_cancels_before_choosing(open_bar):
    shop = open_bar()
    order = shop.let_in()
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    assert shop.states_entered(order) == ["AdmitOrder", "Finished"]
    assert shop.now(order).cancelled_by is Role.CUSTOMER
    shop.assert_nothing_is_held(order)


def test_a_customer_cancels_after_choosing(open_bar):
    shop = open_bar()
    order = shop.queued()
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    assert shop.states_entered(order) == ["AdmitOrder", "AwaitBarista", "Finished"]
    shop.assert_nothing_is_held(order)


def test_an_order_cancelled_before_the_workflow_queued_it_stays_cancelled(open_bar):
    shop = open_bar()
    order = shop.let_in()
    submitted = shop.choose(order)
    customer_steps.cancel_order(shop.services, submitted)
    shop.executions.resume(order.task_token)
    entered = shop.states_entered(order)
    assert entered == ["AdmitOrder", "AwaitBarista", "ReadOrder", "FindPlace", "Finished"]
    assert shop.now(order).state is OrderState.CANCELLED
    shop.assert_nothing_is_held(order)


def test_a_barista_cancels_a_drink_in_the_making(open_bar):
    shop = open_bar()
    order = shop.queued()
    barista_steps.make_order(shop.services, order.id, shop.kim)
    barista_steps.cancel_order(
        shop.services, order.id, shop.kim, barista_steps.CancelReason.MACHINE
    )
    shop.executions.close(order.task_token, "CANCELLED")
    assert shop.states_entered(order) == ["AdmitOrder", "AwaitBarista", "Finished"]
    shop.assert_nothing_is_held(order)


def test_an_order_nobody_chooses_a_drink_for_is_closed(open_bar):
    shop = open_bar(choose=1)
    order = shop.let_in()
    assert shop.states_entered(order) == ["AdmitOrder", "CloseUnchosen", "Finished"]
    closed = shop.now(order)
    assert (closed.state, closed.reason) == ("TIMED_OUT", "Customer timedout")
    assert closed.ended_at >= order.deadline_at
    shop.assert_nothing_is_held(order)
    with pytest.raises(NotAllowedNow, match="ran out of time"):
        shop.choose(closed)


@pytest.mark.parametrize("in_hand", [False, True], ids=["in the queue", "in a barista's hands"])
def test_an_order_nobody_makes_is_closed(open_bar, in_hand):
    shop = open_bar(make=2)
    order = shop.queued()
    if in_hand:
        barista_steps.make_order(shop.services, order.id, shop.kim)
    assert shop.states_entered(order) == ["AdmitOrder", "AwaitBarista", "CloseUnmade", "Finished"]
    closed = shop.now(order)
    assert (closed.state, closed.reason) == ("TIMED_OUT", "Barista timedout")
    shop.assert_nothing_is_held(order)


def test_a_choice_made_in_the_last_moment_wins_over_the_deadline(open_bar):
    shop = open_bar(choose=2)
    order = shop.let_in()
    shop.choose(order)
    # The deadline passes before anybody tells the execution of the choice.
    order = shop.wait(order, OrderState.QUEUED)
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    assert shop.states_entered(order) == [
        "AdmitOrder",
        "CloseUnchosen",
        "ReadOrder",
        "FindPlace",
        "AwaitBarista",
        "Finished",
    ]


def test_a_restarted_execution_waits_for_the_choice_with_the_time_that_was_left(open_bar):
    shop = open_bar()
    first = shop.let_in()
    second = shop.services.orders.next_attempt(first)
    shop.start(second, seconds_left=1)
    assert shop.states_entered(second) == [
        "AdmitOrder",
        "RefuseClosed",
        "RefuseFull",
        "ReadOrder",
        "FindPlace",
        "AwaitChoiceAgain",
        "CloseUnchosen",
        "Finished",
    ]
    closed = shop.now(first)
    assert (closed.state, closed.reason) == ("TIMED_OUT", "Customer timedout")
    shop.assert_nothing_is_held(first)
    shop.executions.close(first.task_token, "TIMED_OUT")
    shop.states_entered(first)


def test_a_restarted_execution_finds_a_queued_order_and_sees_it_made(open_bar):
    shop = open_bar()
    first = shop.queued()
    second = shop.services.orders.next_attempt(first)
    shop.start(second)
    order = shop._until(
        lambda: shop.now(first), lambda current: current.task_token != first.task_token
    )
    assert (order.state, order.version) == (OrderState.QUEUED, first.version)
    barista_steps.make_order(shop.services, order.id, shop.kim)
    barista_steps.complete_order(shop.services, order.id, shop.kim)
    shop.executions.resume(order.task_token)
    assert shop.states_entered(second)[-1] == "AwaitBaristaAgain"
    shop.assert_nothing_is_held(order)
    shop.executions.close(first.task_token, "COMPLETED")
    shop.states_entered(first)


def test_a_token_answered_twice_is_no_error(open_bar):
    shop = open_bar()
    order = shop.let_in()
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    shop.states_entered(order)
    shop.executions.close(order.task_token, "CANCELLED")
    shop.executions.resume(order.task_token)


def test_an_execution_started_twice_runs_once(open_bar):
    shop = open_bar()
    order = shop.let_in()
    shop.start(order)
    assert shop.executions.is_running(order)
    assert not shop.executions.is_running(replace(order, attempt=2))
    assert shop.now(order).task_token == order.task_token
    customer_steps.cancel_order(shop.services, order)
    shop.executions.close(order.task_token, "CANCELLED")
    assert shop.states_entered(order) == ["AdmitOrder", "Finished"]
