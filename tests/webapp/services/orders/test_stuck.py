"""Every unfinished order is somewhere; one that nothing moves is counted, for an alarm."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.orders import Order, OrderState
from tests.builders import NOW, an_order
from tests.services import scan_and_claim
from tests.tables import workflow_writes
from webapp.services.all_services import Services
from webapp.services.orders.stuck import GRACE, is_stuck, overdue_by
from webapp.services.orders.sweep import sweep
from workflows.signals import Signal


def _claimed(services: Services, customer: str = "customer-1") -> Order:
    return scan_and_claim(services, services.shop("main"), customer)


def _counted(caplog) -> list[str]:
    """The ids of the orders that were counted as stuck."""
    return [
        record.order_id
        for record in caplog.records
        if getattr(record, "counted", None) == Signal.STUCK_ORDERS
    ]


@pytest.mark.parametrize("state", [OrderState.ADMITTED, OrderState.QUEUED, OrderState.MAKING])
def test_a_person_has_until_the_deadline_and_the_sweep_two_minutes_more(state):
    order = an_order(state)
    assert overdue_by(order, order.deadline_at) == timedelta()
    assert not is_stuck(order, order.deadline_at + GRACE)
    assert is_stuck(order, order.deadline_at + GRACE + timedelta(seconds=1))


@pytest.mark.parametrize(
    "state, since", [(OrderState.CLAIMED, "created_at"), (OrderState.SUBMITTED, "submitted_at")]
)
def test_where_nobodys_turn_it_is_the_order_moves_at_once(state, since):
    order = an_order(state)
    moved = getattr(order, since)
    assert overdue_by(order, moved + timedelta(seconds=50)) == timedelta(seconds=50)
    assert is_stuck(order, moved + GRACE + timedelta(seconds=1))


def test_a_drink_that_waits_on_the_counter_is_not_stuck():
    assert not is_stuck(an_order(OrderState.COMPLETED), NOW + timedelta(days=1))


def test_an_order_that_no_execution_takes_on_is_counted_until_one_does(services, clock, caplog):
    order = _claimed(services)
    clock.pass_seconds(GRACE.total_seconds() + 1)
    assert sweep(services) == 1
    clock.pass_seconds(60)
    services.executions.running.clear()
    sweep(services)
    assert _counted(caplog) == [order.id, order.id]
    workflow_writes("AdmitOrder", order, services.now())
    sweep(services)
    assert len(_counted(caplog)) == 2


def test_a_late_sweep_closes_an_order_and_counts_nothing(services, clock, caplog):
    order = _claimed(services)
    workflow_writes("AdmitOrder", order, services.now())
    clock.pass_seconds(3600)
    assert sweep(services) == 1
    assert _counted(caplog) == []


def test_one_order_that_cannot_be_repaired_is_counted_and_the_others_are_repaired(
    services, clock, caplog
):
    first = _claimed(services, "customer-1")
    clock.pass_seconds(1)
    second = _claimed(services, "customer-2")
    clock.pass_seconds(6)
    failing = replace(services, executions=_FailingFor(first.id, services.executions))
    assert sweep(failing) == 1
    assert _counted(caplog) == [first.id]
    assert [name for name, _ in services.executions.started] == [f"{second.id}-2"]


class _FailingFor:
    """Executions that answer for all orders but one."""

    def __init__(self, order_id: str, executions):
        self._order_id, self._executions = order_id, executions

    def is_running(self, order: Order) -> bool:
        if order.id == self._order_id:
            raise ConnectionError("Step Functions does not answer")
        return self._executions.is_running(order)

    def start(self, order: Order, seconds_left: int) -> None:
        self._executions.start(order, seconds_left)
