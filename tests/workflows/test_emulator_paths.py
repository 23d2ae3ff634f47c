"""Every path of the workflow on the running emulator, through stream, bus and consumers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from uuid import uuid4

import pytest

from domain.orders import Order, OrderState, TimeOutCause
from tests.aws import forget_connections
from tests.services import browser_of, scan_and_claim
from webapp.bootstrap import build_services
from webapp.services.all_services import Services
from webapp.services.intake import qr_codes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.orders.ports import Claim
from webapp.services.shop import switches
from webapp.services.staff.ports import StaffSession
from webapp.settings import Settings
from workflows.order_workflow import TableNames, order_definition
from workflows.variants import ITEM_WAITS_API

BARISTA = StaffSession("rui", "main", "barista", "Rui")
_PATIENCE_SECONDS = 20


@dataclass
class Workflow:
    """Drives orders of the quick bar as phones and tablets would."""

    services: Services

    def claim(self) -> Order:
        shop = self.services.shop("main")
        return scan_and_claim(self.services, shop, uuid4().hex)

    def claim_unchecked(self) -> Order:
        """Claims although the shop is closed or full, as somebody does who was a moment earlier."""
        shop = self.services.shop("main")
        bucket = qr_codes.current_code(self.services, shop).bucket
        order = Order("main", uuid4().hex, uuid4().hex, bucket.window, self.services.now())
        browser = browser_of(self.services, order.customer_id)
        self.services.orders.claim(
            Claim(order, bucket, browser.id, "2024-05-17", 1, 10, self.services.now())
        )
        return order

    def submitted(self) -> Order:
        order = self.wait(self.claim(), OrderState.ADMITTED)
        shop = self.services.shop("main")
        order = customer_steps.place_order(self.services, shop, order, "latte", {"milk": "oat"})
        return self.wait(order, OrderState.QUEUED)

    def wait(self, order: Order, state: OrderState) -> Order:
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end:
            current = self.services.order("main", order.id)
            if current.state is state:
                return current
            time.sleep(0.02)
        raise AssertionError(f"{current!r} never became {state}")

    def states_entered(self, order: Order) -> list[str]:
        """The workflow states of an order whose execution has succeeded."""
        client = self.services.executions._clients.step_functions
        machine = self.services.executions._state_machine_arn()
        arn = machine.replace(":stateMachine:", ":execution:") + ":" + order.execution_name
        end = time.monotonic() + _PATIENCE_SECONDS
        while (status := client.describe_execution(executionArn=arn)["status"]) == "RUNNING":
            assert time.monotonic() < end, "the execution still runs"
            time.sleep(0.02)
        assert status == "SUCCEEDED"
        history = client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in history
            if "stateEnteredEventDetails" in event
        ]

    def places_taken(self) -> int:
        return self.services.shops.open_order_count("main")

    def wait_until_empty(self) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while self.places_taken():
            assert time.monotonic() < end, "an order keeps its place"
            time.sleep(0.02)


class Machine:
    """The state machine, whose definition an update changes."""

    def __init__(self, workflow: Workflow):
        executions = workflow.services.executions
        self._client = executions._clients.step_functions
        self._arn = executions._state_machine_arn()

    @property
    def definition(self) -> dict:
        machine = self._client.describe_state_machine(stateMachineArn=self._arn)
        return json.loads(machine["definition"])

    def use(self, definition: dict) -> None:
        self._client.update_state_machine(
            stateMachineArn=self._arn, definition=json.dumps(definition)
        )


@pytest.fixture
def workflow(quick_stack, monkeypatch):
    for name, value in quick_stack.environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    workflow = Workflow(build_services(Settings.from_environment()))
    # An order that an earlier test has left would free its place in the middle of this one.
    workflow.wait_until_empty()
    yield workflow
    forget_connections()


def test_a_made_order_enters_at_most_three_states_and_frees_its_place(workflow):
    order = workflow.submitted()
    taken = workflow.places_taken()
    barista_steps.make_order(workflow.services, order.id, BARISTA)
    made = barista_steps.complete_order(workflow.services, order.id, BARISTA)
    assert workflow.states_entered(order) == ["AdmitOrder", "AwaitBarista"]
    assert workflow.places_taken() == taken - 1
    assert made.number > 0


def test_a_closed_shop_refuses_and_gives_the_scan_back(workflow):
    before = qr_codes.current_code(workflow.services, workflow.services.shop("main")).bucket
    switches.set_open(workflow.services, "main", False)
    try:
        order = workflow.wait(workflow.claim_unchecked(), OrderState.REFUSED)
    finally:
        switches.set_open(workflow.services, "main", True)
    assert order.reason == "closed"
    assert workflow.services.qr_codes.get("main", order.window).taken == (
        before.taken if before.window == order.window else 0
    )
    assert workflow.services.orders.open_orders_of("main", order.customer_id) == []
    assert workflow.states_entered(order) == ["AdmitOrder", "RefuseClosed", "Finished"]


def test_a_full_shop_refuses_and_gives_the_scan_back(workflow):
    held = [workflow.submitted() for _ in range(2)]
    order = workflow.wait(workflow.claim_unchecked(), OrderState.REFUSED)
    assert order.reason == "full"
    assert workflow.states_entered(order)[-2:] == ["RefuseFull", "Finished"]
    for one in held:
        workflow.wait(one, OrderState.TIMED_OUT)


def test_a_customer_cancels_before_choosing(workflow):
    order = workflow.wait(workflow.claim(), OrderState.ADMITTED)
    customer_steps.cancel_order(workflow.services, order)
    assert workflow.states_entered(order) == ["AdmitOrder", "Finished"]


def test_a_customer_cancels_while_waiting(workflow):
    order = workflow.submitted()
    customer_steps.cancel_order(workflow.services, order)
    assert workflow.states_entered(order) == ["AdmitOrder", "AwaitBarista", "Finished"]


def test_a_barista_cancels_with_a_reason(workflow):
    order = workflow.submitted()
    barista_steps.make_order(workflow.services, order.id, BARISTA)
    cancelled = barista_steps.cancel_order(
        workflow.services, order.id, BARISTA, barista_steps.CancelReason.SOLD_OUT
    )
    assert cancelled.reason == barista_steps.CancelReason.SOLD_OUT.value
    assert workflow.states_entered(order) == ["AdmitOrder", "AwaitBarista", "Finished"]


def test_the_customers_deadline_closes_the_order(workflow):
    order = workflow.wait(workflow.claim(), OrderState.ADMITTED)
    closed = workflow.wait(order, OrderState.TIMED_OUT)
    assert closed.reason == TimeOutCause.CUSTOMER
    assert workflow.states_entered(order) == ["AdmitOrder", "CloseUnchosen", "Finished"]


def test_the_baristas_deadline_closes_the_order_even_in_hand(workflow):
    order = workflow.submitted()
    barista_steps.make_order(workflow.services, order.id, BARISTA)
    closed = workflow.wait(order, OrderState.TIMED_OUT)
    assert closed.reason == TimeOutCause.BARISTA
    assert workflow.states_entered(order)[-2:] == ["CloseUnmade", "Finished"]


def test_a_restarted_execution_finds_the_orders_place_and_waits_on(workflow):
    order = workflow.submitted()
    client = workflow.services.executions._clients.step_functions
    arn = workflow.services.executions._state_machine_arn().replace(":stateMachine:", ":execution:")
    client.stop_execution(executionArn=f"{arn}:{order.execution_name}")
    token = workflow.services.orders.task_token(order)

    again = workflow.services.orders.next_attempt(order)
    workflow.services.executions.start(again, 60)
    end = time.monotonic() + _PATIENCE_SECONDS
    while workflow.services.orders.task_token(order) == token:
        assert time.monotonic() < end, "no new task token was stored"
        time.sleep(0.02)
    barista_steps.make_order(workflow.services, order.id, BARISTA)
    barista_steps.complete_order(workflow.services, order.id, BARISTA)

    assert workflow.states_entered(again)[-3:] == ["ReadOrder", "FindPlace", "AwaitBaristaAgain"]


def test_every_event_of_a_finished_order_is_in_its_journey(workflow):
    order = workflow.submitted()
    barista_steps.make_order(workflow.services, order.id, BARISTA)
    barista_steps.complete_order(workflow.services, order.id, BARISTA)
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        names = [name for _, name in workflow.services.journeys.stored(order.id)]
        if "OrderJourney.AllEventsStored" in names:
            break
        assert time.monotonic() < end, f"the journey has only {names}"
        time.sleep(0.05)
    assert names == [
        "Validator.NewOrder",
        "OrderProcessor.WorkflowStarted",
        "OrderProcessor.WaitingProduction",
        "OrderProcessor.WaitingCompletion",
        "OrderManager.WaitingCompletion",
        "QueueService.OrderStarted",
        "OrderManager.MakeOrder",
        "OrderManager.OrderCompleted",
        "QueueService.OrderCompleted",
        "OrderProcessor.orderFinished",
        "OrderJourney.AllEventsStored",
    ]


@pytest.fixture
def fallback(workflow):
    """The bar with the workflow of an account that lets no transaction wait for a token."""
    machine = Machine(workflow)
    before = machine.definition
    deadlines = [
        before["States"][name]["TimeoutSeconds"] for name in ("AdmitOrder", "AwaitBarista")
    ]
    tables = TableNames.with_prefix("serverlesspresso-")
    machine.use(order_definition(tables, *deadlines, ITEM_WAITS_API))
    yield workflow
    machine.use(before)


def test_where_only_single_items_wait_an_order_comes_to_each_of_its_ends(fallback):
    services, begun = fallback.services, ["AdmitOrder", "AwaitChoice"]
    shop = services.shop("main")

    unchosen = fallback.wait(fallback.claim(), OrderState.ADMITTED)
    made = fallback.submitted()
    full = fallback.wait(fallback.claim_unchecked(), OrderState.REFUSED)
    assert fallback.states_entered(full) == ["AdmitOrder", "RefuseClosed", "RefuseFull", "Finished"]
    barista_steps.make_order(services, made.id, BARISTA)
    barista_steps.complete_order(services, made.id, BARISTA)
    assert fallback.states_entered(made) == [*begun, "AwaitBarista"]

    fallback.wait(unchosen, OrderState.TIMED_OUT)
    assert fallback.states_entered(unchosen) == [*begun, "CloseUnchosen", "Finished"]
    unmade, unwanted = fallback.submitted(), fallback.wait(fallback.claim(), OrderState.ADMITTED)
    customer_steps.cancel_order(services, unwanted)
    assert fallback.states_entered(unwanted) == [*begun, "Finished"]
    spilt = fallback.submitted()
    barista_steps.cancel_order(services, spilt.id, BARISTA, barista_steps.CancelReason.SOLD_OUT)
    assert fallback.states_entered(spilt) == [*begun, "AwaitBarista", "Finished"]
    fallback.wait(unmade, OrderState.TIMED_OUT)
    assert fallback.states_entered(unmade) == [*begun, "AwaitBarista", "CloseUnmade", "Finished"]

    switches.set_open(services, shop.id, False)
    try:
        closed = fallback.wait(fallback.claim_unchecked(), OrderState.REFUSED)
    finally:
        switches.set_open(services, shop.id, True)
    assert fallback.states_entered(closed) == ["AdmitOrder", "RefuseClosed", "Finished"]
    assert fallback.places_taken() == 0
