"""scripts/chaos: what it would find, and what it finds."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from domain.events import OrderEvent, events_for_change
from domain.orders import Order
from scripts.breaking import equations
from scripts.breaking.memory import Memory
from scripts.environment import ROOT
from scripts.machine import plain_environment
from scripts.options import KILLED
from tests.builders import Clock, a_shop
from tests.services import services_over_tables
from tests.tables import empty_tables, moto_tables, workflow_writes
from tests.webapp.services.steps import KIM, let_in, now, place, scan
from webapp.consumers.journey import store_step
from webapp.services.all_services import Services
from webapp.services.orders import barista_steps
from webapp.services.past import metrics
from webapp.storage.tables import IntakeModel, JourneyModel, MetricModel, OrderModel, QrCodeModel


@pytest.fixture(scope="module")
def moto():
    with moto_tables():
        yield


@pytest.fixture
def services(moto) -> Services:
    empty_tables()
    services = services_over_tables(Clock())
    services.shops.create(a_shop())
    return services


@pytest.fixture
def served(services) -> Order:
    """An order that was made and collected, with its journey and figures."""
    steps = [scan(services)]
    workflow_writes("AdmitOrder", steps[0], services.now())
    steps.append(now(services, steps[0]))
    steps.append(place(services, steps[-1]))
    workflow_writes("AwaitBarista", steps[0], services.now())
    steps.append(now(services, steps[0]))
    for act in (
        barista_steps.make_order,
        barista_steps.complete_order,
        barista_steps.collect_order,
    ):
        steps.append(act(services, steps[0].id, KIM))
    for before, after in pairwise([None, *steps]):
        events = [e for e in events_for_change(before, after) if isinstance(e, OrderEvent)]
        store_step(services, events, services.now().isoformat())
        for event in events:
            metrics.count_event(services, event, services.now())
    return steps[-1]


def _told(order: Order) -> Memory:
    memory = Memory()
    memory.order(order.id, order.version, order.number, order.state.value)
    return memory


def test_a_day_without_faults_is_found_to_be_whole(services, served):
    assert not equations.check(services, _told(served))


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"order_id": "0" * 32, "version": 3}, "is gone"),
        ({"version": 99}, "99 was told"),
        ({"number": 77}, "number 77 was told"),
        ({"state": "CANCELLED"}, "CANCELLED was told"),
    ],
)
def test_what_was_told_and_is_not_so_is_lost(services, served, told, says):
    memory = _told(served)
    memory.order(**{"order_id": served.id, **told})
    [lost] = equations.check(services, memory).lost
    assert says in lost


def test_what_is_told_while_the_tables_are_read_is_not_called_lost(services, served, monkeypatch):
    memory, read = _told(served), equations._orders

    def read_and_hear_more():
        orders = read()
        memory.order(served.id, served.version + 1, state="CANCELLED")
        memory.fact("account", "new@example.com", "")
        return orders

    monkeypatch.setattr(equations, "_orders", read_and_hear_more)
    assert not equations.check(services, memory)


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("account", "nobody@example.com", ""),
        ("device token", "bar_nobody", "1"),
        ("sold out", "mocha", True),
    ],
)
def test_what_the_office_was_told_and_is_not_so_is_lost(services, served, kind, key, value):
    memory = _told(served)
    memory.fact(kind, key, value)
    assert len(equations.check(services, memory).lost) == 1


def test_an_erased_order_that_names_its_customer_is_lost(services, served):
    memory = _told(served)
    memory.erased(served.id)
    assert "erased" in equations.check(services, memory).lost[0]


def test_a_number_that_two_orders_were_told_is_there_twice(services, served):
    memory = _told(served)
    memory.order("f" * 32, number=served.number)
    assert equations.check(services, memory).twice


def _keep_a_place(order: Order) -> None:
    IntakeModel("main").update(actions=[IntakeModel.open_orders.add({order.id})])


def _take_a_scan(order: Order) -> None:
    QrCodeModel("main", order.window).update(actions=[QrCodeModel.taken.add(1)])


def _lose_a_step(order: Order) -> None:
    next(iter(JourneyModel.query(order.id, scan_index_forward=False))).delete()


def _lose_a_mark(order: Order) -> None:
    [item] = MetricModel.query("main", MetricModel.item_key.startswith("order#"))
    item.update(actions=[MetricModel.marks.delete({min(item.marks)})])


@pytest.mark.parametrize("spoil", [_keep_a_place, _take_a_scan, _lose_a_step, _lose_a_mark])
def test_tables_that_do_not_agree_do_not_add_up(services, served, spoil):
    spoil(served)
    assert equations.check(services, _told(served)).uneven


def test_an_order_that_somebody_waits_for_is_open(services, served):
    waiting = let_in(services, "customer-2")
    assert [order.id for order in equations.open_orders()] == [waiting.id]
    assert OrderModel.get("main", waiting.id).state == "ADMITTED"


@pytest.mark.timeout(400)
def test_whatever_is_killed_nothing_that_was_told_is_lost_or_there_twice():
    done = subprocess.run(
        [sys.executable, "-P", "-m", "scripts.commands.chaos", "--kills", "4", "--json"],
        env=plain_environment() | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    for what in ("lost", "twice", "uneven", "faults"):
        assert found[what] == []
    assert found["killed"].keys() == set(KILLED)
    assert {"order", "collected", "walk-up", "account"} <= found["acknowledged"].keys()
    assert done.returncode == 0
