"""The shop's places: held by the orders that hold one, and given out once."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from domain.errors import NotAllowedNow
from domain.orders import HOLDS_CAPACITY, Order
from tests.services import browser_of
from tests.tables import workflow_writes
from tests.webapp.services.steps import ADA, KIM, let_in, now, places_held, queued, scan
from webapp.services.all_services import Services
from webapp.services.intake import passes
from webapp.services.orders import barista_steps, customer_steps

_WAYS_TO_AN_END = {
    "made": lambda s, o: barista_steps.complete_order(
        s, barista_steps.make_order(s, o.id, KIM).id, KIM
    ),
    "made after a release": lambda s, o: (
        barista_steps.make_order(s, o.id, KIM),
        barista_steps.release_order(s, o.id, KIM),
        barista_steps.make_order(s, o.id, ADA),
        barista_steps.complete_order(s, o.id, ADA),
    ),
    "cancelled by the customer": lambda s, o: customer_steps.cancel_order(s, o),
    "cancelled by a barista": lambda s, o: barista_steps.cancel_order(
        s, o.id, KIM, barista_steps.CancelReason.CLOSING
    ),
    "timed out by the workflow": lambda s, o: workflow_writes("CloseUnmade", o, s.now()),
}


@pytest.mark.parametrize("way", _WAYS_TO_AN_END)
def test_the_places_held_are_always_the_orders_that_hold_one(services, way):
    orders = [queued(services, "customer-1"), queued(services, "customer-2")]
    waits_outside = scan(services, "customer-3")
    _assert_places_balance(services, [*orders, waits_outside])
    assert places_held() == {order.id for order in orders}
    _WAYS_TO_AN_END[way](services, orders[0])
    _assert_places_balance(services, [*orders, waits_outside])
    assert places_held() == {orders[1].id}
    assert passes.open_order(services, "main", browser_of(services, "customer-1")) is None


def _assert_places_balance(services: Services, orders: list[Order]):
    holding = {o.id for o in orders if now(services, o).state in HOLDS_CAPACITY}
    assert places_held() == holding
    assert services.shops.open_order_count("main") == len(holding)


def test_the_last_place_is_given_out_once(services):
    for number in range(2):
        let_in(services, f"customer-{number}")
    third, fourth = scan(services, "customer-3"), scan(services, "customer-4")
    workflow_writes("AdmitOrder", third, services.now())
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("AdmitOrder", fourth, services.now())
    workflow_writes("RefuseFull", fourth, services.now())
    assert now(services, fourth).reason == "full"
    assert len(places_held()) == 3
    assert passes.open_order(services, "main", browser_of(services, "customer-4")) is None


def test_no_refusal_can_be_written_while_there_is_a_place(services):
    order = scan(services)
    for refusal in ("RefuseClosed", "RefuseFull"):
        with pytest.raises(ClientError, match="TransactionCanceledException"):
            workflow_writes(refusal, order, services.now())
    assert now(services, order) == order


def test_an_end_written_twice_frees_one_place(services):
    kept, ended = queued(services, "customer-1"), queued(services, "customer-2")
    workflow_writes("CloseUnmade", ended, services.now())
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("CloseUnmade", ended, services.now())
    with pytest.raises(NotAllowedNow):
        customer_steps.cancel_order(services, ended)
    assert places_held() == {kept.id}
