"""What the sweep repairs, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.orders import BOARD_SECONDS, MAKE_SECONDS, OrderState
from tests.builders import a_shop
from tests.services import browser_of, scan_and_claim
from tests.tables import workflow_writes
from tests.webapp.services.steps import (
    KIM,
    let_in,
    made,
    making,
    meanwhile,
    now,
    place,
    places_held,
    queued,
    scan,
)
from webapp.services.intake import passes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.orders.sweep import sweep


def test_the_sweep_leaves_a_healthy_order_alone(services, clock):
    orders = [let_in(services, "customer-1"), queued(services, "customer-2")]
    clock.pass_seconds(60)
    assert sweep(services) == 0
    assert [now(services, order) for order in orders] == orders
    assert (services.executions.started, services.executions.resumed) == ([], [])


def test_the_sweep_gives_a_step_a_moment_before_it_thinks_it_lost(services, clock):
    order = scan(services)
    clock.pass_seconds(4)
    assert sweep(services) == 0
    clock.pass_seconds(1)
    assert sweep(services) == 1
    # The first one may just have begun after all: then its customer still has the time to choose.
    assert services.executions.started == [(f"{order.id}-2", MAKE_SECONDS)]


@pytest.mark.parametrize(
    "begin, seconds_left",
    [(let_in, 300 - 100), (queued, 900 - 100), (making, 900 - 100)],
    ids=["choosing", "in line", "in the making"],
)
def test_the_sweep_restarts_a_missing_execution_with_the_time_left(
    services, clock, begin, seconds_left
):
    order = begin(services)
    services.executions.running.clear()
    clock.pass_seconds(100)
    assert sweep(services) == 1
    assert services.executions.started == [(f"{order.id}-2", seconds_left)]
    assert now(services, order) == replace(now(services, order), state=order.state, attempt=2)


def test_the_sweep_restarts_an_execution_once(services, clock):
    let_in(services)
    services.executions.running.clear()
    clock.pass_seconds(60)
    assert [sweep(services), sweep(services)] == [1, 0]
    assert len(services.executions.started) == 1


def test_the_sweep_restarts_an_execution_that_dies_again_under_a_new_name(services, clock):
    order = let_in(services)
    for _ in range(2):
        services.executions.running.clear()
        clock.pass_seconds(60)
        sweep(services)
    assert services.executions.started == [(f"{order.id}-2", 240), (f"{order.id}-3", 180)]


def test_two_sweeps_at_once_restart_an_execution_once(services, clock):
    let_in(services)
    services.executions.running.clear()
    clock.pass_seconds(60)
    both = meanwhile(services, "orders", "next_attempt", lambda: sweep(services))
    assert sweep(both) == 0
    assert len(services.executions.started) == 1


@pytest.mark.parametrize(
    "begin, seconds, cause",
    [
        (let_in, 300, "Customer timedout"),
        (queued, 900, "Barista timedout"),
        (making, 900, "Barista timedout"),
    ],
    ids=["choosing", "in line", "in the making"],
)
def test_the_sweep_closes_an_order_whose_deadline_has_passed(
    services, clock, begin, seconds, cause
):
    order = begin(services)
    clock.pass_seconds(seconds + 5)
    assert sweep(services) == 0
    clock.pass_seconds(1)
    assert sweep(services) == 1
    closed = now(services, order)
    assert (closed.state, closed.reason, closed.ended_at) == ("TIMED_OUT", cause, clock())
    assert closed.version == order.version + 1
    assert places_held() == set()
    assert services.orders.open_orders("main") == []
    assert passes.open_order(services, "main", browser_of(services, "customer-1")) is None
    assert sweep(services) == 0


def test_a_deadline_that_the_workflow_closes_meanwhile_is_closed_once(services, clock):
    order = let_in(services)
    clock.pass_seconds(310)
    both = meanwhile(
        services, "orders", "save", lambda: workflow_writes("CloseUnchosen", order, clock())
    )
    assert sweep(both) == 0
    assert now(services, order).version == order.version + 1


def test_the_sweep_resumes_an_execution_that_never_heard_of_the_choice(services, clock):
    order = place(services, let_in(services))
    clock.pass_seconds(6)
    assert sweep(services) == 1
    assert services.executions.resumed == [f"first token of {order.id}"]
    assert now(services, order).state is OrderState.SUBMITTED


def test_a_ready_drink_leaves_the_board_after_ten_minutes(services, clock):
    order = made(services)
    assert BOARD_SECONDS == 600
    clock.pass_seconds(599)
    assert sweep(services) == 0
    clock.pass_seconds(1)
    assert sweep(services) == 1
    cleared = now(services, order)
    assert (cleared.state, cleared.collected_at) == ("COLLECTED", clock())
    assert services.orders.open_orders("main") == []
    assert sweep(services) == 0


def test_a_drink_collected_while_the_sweep_looks_is_collected_once(services, clock):
    order = made(services)
    clock.pass_seconds(600)
    both = meanwhile(
        services, "orders", "save", lambda: barista_steps.collect_order(services, order.id, KIM)
    )
    assert sweep(both) == 0
    assert now(services, order).version == order.version + 1


def test_the_sweep_looks_after_every_shop(services, clock):
    services.shops.create(a_shop(id="annex"))
    shop = services.shop("annex")
    here = scan(services)
    there = scan_and_claim(services, shop, "customer-2")
    clock.pass_seconds(5)
    assert sweep(services) == 2
    assert {name for name, _ in services.executions.started} == {f"{here.id}-2", f"{there.id}-2"}


def test_an_order_that_is_over_is_not_swept(services, clock):
    order = made(services)
    barista_steps.collect_order(services, order.id, KIM)
    customer_steps.cancel_order(services, let_in(services, "customer-2"))
    clock.pass_seconds(24 * 3600)
    assert sweep(services) == 0
    assert now(services, order).state is OrderState.COLLECTED
