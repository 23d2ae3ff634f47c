"""What baristas do with orders, and with the shop's door and menu."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from domain.errors import AlreadyTaken, ChoiceInvalid, NotAllowedNow, NotFound
from domain.orders import OrderState, Role
from tests.tables import workflow_writes
from tests.webapp.services.steps import (
    ADA,
    KIM,
    made,
    making,
    meanwhile,
    now,
    places_held,
    queued,
    scan,
    taken,
)
from webapp.services.orders import barista_steps
from webapp.services.shop import switches
from webapp.services.staff.ports import StaffSession


def test_a_second_barista_reads_who_was_first(services):
    order = queued(services)
    barista_steps.make_order(services, order.id, KIM)
    with pytest.raises(AlreadyTaken, match="Kim was first."):
        barista_steps.make_order(services, order.id, ADA)
    assert now(services, order).barista_name == "Kim"


def test_of_two_baristas_at_once_one_wins_and_the_other_reads_who(services):
    order = queued(services)
    both = meanwhile(
        services, "orders", "save", lambda: barista_steps.make_order(services, order.id, KIM)
    )
    with pytest.raises(AlreadyTaken, match="Kim was first."):
        barista_steps.make_order(both, order.id, ADA)
    stored = now(services, order)
    assert (stored.barista_id, stored.version) == ("barista-1", order.version + 1)


def test_an_order_released_can_be_made_by_somebody_else(services):
    order = making(services)
    barista_steps.release_order(services, order.id, KIM)
    assert barista_steps.make_order(services, order.id, ADA).barista_name == "Ada"


def test_a_completed_order_frees_its_place_and_stays_on_the_board(services):
    order = making(services)
    assert places_held() == {order.id}
    barista_steps.complete_order(services, order.id, KIM)
    assert places_held() == set()
    assert [one.state for one in services.orders.open_orders("main")] == ["COMPLETED"]


def test_a_collected_order_leaves_the_board(services):
    order = made(services)
    assert barista_steps.collect_order(services, order.id, ADA).state is OrderState.COLLECTED
    assert services.orders.open_orders("main") == []


def test_completing_twice_completes_once(services):
    order = made(services)
    with pytest.raises(NotAllowedNow, match="Order 1 is already made."):
        barista_steps.complete_order(services, order.id, ADA)
    assert now(services, order) == order


@pytest.mark.parametrize("begin", [queued, making], ids=["in line", "in the making"])
def test_a_barista_cancels_with_a_reason_that_the_customer_reads(services, begin):
    order = begin(services)
    cancelled = barista_steps.cancel_order(
        services, order.id, KIM, barista_steps.CancelReason.MACHINE
    )
    assert cancelled.cancelled_by is Role.BARISTA
    assert cancelled.reason == "the machine needs a break"
    assert places_held() == set()


def test_a_barista_of_another_shop_finds_no_such_order(services):
    order = queued(services)
    stranger = StaffSession("barista-9", "annex", "barista", "Eve")
    for act in (
        barista_steps.make_order,
        barista_steps.release_order,
        barista_steps.complete_order,
        barista_steps.collect_order,
    ):
        with pytest.raises(NotFound):
            act(services, order.id, stranger)
    assert now(services, order) == order


def test_closing_the_shop_lets_open_orders_go_on(services):
    order = queued(services)
    shop = switches.set_open(services, "main", False)
    assert (shop.is_open, shop.version) == (False, 2)
    assert barista_steps.make_order(services, order.id, KIM).state is OrderState.MAKING
    assert barista_steps.complete_order(services, order.id, KIM).state is OrderState.COMPLETED


def test_a_closed_shop_lets_no_claimed_order_in(services):
    order = scan(services)
    switches.set_open(services, "main", False)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("AdmitOrder", order, services.now())
    workflow_writes("RefuseClosed", order, services.now())
    refused = now(services, order)
    assert (refused.state, refused.reason) == ("REFUSED", "closed")
    assert taken(services) == 0


def test_opening_an_open_shop_changes_nothing(services):
    assert switches.set_open(services, "main", True).version == 1


def test_two_changes_of_the_shop_at_once_are_both_kept(services):
    both = meanwhile(
        services, "shops", "save", lambda: switches.set_sold_out(services, "main", "mocha", True)
    )
    switches.set_open(both, "main", False)
    shop = services.shop("main")
    assert (shop.is_open, shop.menu.drink("mocha").is_sold_out, shop.version) == (False, True, 3)


def test_what_is_not_on_the_menu_cannot_be_sold_out(services):
    with pytest.raises(ChoiceInvalid):
        switches.set_sold_out(services, "main", "beer", True)
    assert services.shop("main").version == 1
