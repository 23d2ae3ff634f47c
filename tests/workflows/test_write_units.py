"""What one order writes, from the scan to the empty counter, in the units that AWS bills.

Counted as scripts/cost counts it: by the emulator, in DynamoDB's own arithmetic, with task tokens
of AWS's length. What pages and screens write by themselves is not in it.
"""

from __future__ import annotations

import os
from functools import partial
from unittest import mock

import pytest

from domain.detail_types import DetailType
from domain.orders import Order, OrderState
from scripts.local.stack import LocalStack
from scripts.measuring.meter import LinesOf, write_units
from tests.aws import forget_connections
from tests.patience import wait_for
from tests.workflows.test_emulator_paths import BARISTA, Workflow
from webapp.bootstrap import build_services
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.orders import barista_steps, customer_steps
from webapp.settings import Settings

AN_ORDER = {
    # The browser with its pass, and the claim: the order, one scan, the customer.
    ("customer-sessions", "put_item"): 1,
    ("qr-codes", "transact_write_items"): 2,
    ("customers", "transact_write_items"): 2,
    # The claim, its admission and its end are transactions, each of them twice the item's size.
    ("orders", "transact_write_items"): 8,
    ("intakes", "transact_write_items"): 4,
    # Chosen, queued, in hand, collected. From the admission on the token makes it two units.
    ("counters", "update_item"): 1,
    ("orders", "update_item"): 7,
    ("orders index open-orders", "transact_write_items"): 3,
    ("orders index open-orders", "update_item"): 4,
    ("orders index orders-by-begin", "transact_write_items"): 1,
    # Seven steps and that all of them are there; four marks for the figures.
    ("journeys", "put_item"): 8,
    ("metrics", "update_item"): 4,
}
"""Whoever adds to it says in docs/cost.md what for."""


@pytest.fixture
def metered_bar(tmp_path):
    """A bar of its own whose emulator writes down what it would bill, and how to read that."""
    meter = tmp_path / "meter.log"
    meter.touch()
    with (
        mock.patch.dict(os.environ, METER_LOG=str(meter)),
        LocalStack(data=tmp_path / "bar") as stack,
    ):
        os.environ.update(stack.environment)
        forget_connections()
        yield Workflow(build_services(Settings.from_environment())), LinesOf(meter)
    forget_connections()


def take_through(workflow: Workflow) -> Order:
    """An order of a phone that has never been here, made and collected."""
    services, shop = workflow.services, workflow.services.shop("main")
    code = qr_codes.current_code(services, shop).qr_code.text
    _, phone = passes.scan_code(services, shop, code, None)
    claimed = claims.claim_order(services, shop, phone)
    admitted = workflow.wait(claimed, OrderState.ADMITTED)
    chosen = customer_steps.place_order(services, shop, admitted, "latte", {"milk": "oat"})
    queued = workflow.wait(chosen, OrderState.QUEUED)
    barista_steps.make_order(services, queued.id, BARISTA)
    barista_steps.complete_order(services, queued.id, BARISTA)
    return barista_steps.collect_order(services, queued.id, BARISTA)


def has_settled(workflow: Workflow, order: Order) -> bool:
    """True once its journey is whole and its marks for the figures are there."""
    services = workflow.services
    stored = {name for _, name in services.journeys.stored(order.id)}
    marks = services.metrics.marks("main", order.created_at, services.now())
    is_whole = {DetailType.ORDER_COLLECTED, DetailType.ALL_EVENTS_STORED} <= stored
    return is_whole and len(marks.get(order.id, ())) == 4


def test_an_order_writes_so_much_and_no_more(metered_bar):
    workflow, meter = metered_bar
    # The first look at a window makes its scans, which is no order's.
    qr_codes.current_code(workflow.services, workflow.services.shop("main"))
    meter.new()
    # Two, so that what the first one writes late is counted as well.
    orders = [take_through(workflow) for _ in range(2)]
    for order in orders:
        wait_for(partial(has_settled, workflow, order))
    written = write_units(line for line, _ in meter.new())
    assert {name: units / len(orders) for name, units in written.items()} == AN_ORDER
    assert written.total() / len(orders) == sum(AN_ORDER.values()) == 45
