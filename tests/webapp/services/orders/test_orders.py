"""What customers do with their order: they choose, wait in line, and cancel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from domain.errors import ChoiceInvalid, NotAllowedNow, NotFound, SoldOut
from domain.orders import OrderState, Role
from tests.builders import NOW, a_shop
from tests.services import browser_of, scan_and_claim
from tests.tables import workflow_writes
from tests.webapp.services.steps import (
    KIM,
    all_items,
    let_in,
    meanwhile,
    now,
    place,
    places_held,
    queued,
    scan,
)
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.shop import switches

# The order


def test_a_placed_order_has_its_drink_its_number_and_its_time(services, clock):
    order = let_in(services)
    clock.pass_seconds(30)
    placed = place(services, order, "latte", milk="oat")
    assert placed == now(services, order)
    assert (placed.state, placed.number) == ("SUBMITTED", 1)
    assert placed.drink_order.differences == ("Oat",)
    assert placed.submitted_at == NOW + timedelta(seconds=30)


def test_numbers_are_given_in_the_order_of_placing(services):
    first, second = let_in(services, "customer-1"), let_in(services, "customer-2")
    assert [place(services, second).number, place(services, first).number] == [1, 2]


def test_an_order_placed_twice_keeps_its_first_drink_and_number(services):
    order = let_in(services)
    first = place(services, order, "latte", milk="oat")
    second = place(services, now(services, order), "tea")
    assert second == first == now(services, order)


def test_an_order_placed_twice_from_the_same_page_keeps_its_first_drink(services):
    # The second request read the order before the first one wrote it.
    order = let_in(services)
    first = place(services, order, "latte", milk="oat")
    assert place(services, order, "tea") == first == now(services, order)


def test_an_order_placed_twice_at_once_is_placed_once(services):
    order = let_in(services)
    both = meanwhile(services, "orders", "save", lambda: place(services, order, "tea"))
    assert place(both, order, "latte").drink_order.name == "Tea"
    assert now(services, order).version == 3


def test_a_second_tap_after_the_drink_sold_out_still_finds_the_order(services):
    first = place(services, let_in(services), "mocha")
    switches.set_sold_out(services, "main", "mocha", True)
    assert place(services, now(services, first), "mocha") == first


def test_a_drink_that_sold_out_in_between_is_refused_and_no_number_is_lost(services):
    order = let_in(services)
    switches.set_sold_out(services, "main", "mocha", True)
    with pytest.raises(SoldOut, match="Mocha has just sold out."):
        place(services, order, "mocha")
    assert now(services, order) == order
    assert place(services, order, "latte").number == 1


def test_an_option_that_sold_out_in_between_is_refused(services):
    order = let_in(services)
    switches.set_sold_out(services, "main", "oat", True, "milk")
    with pytest.raises(SoldOut, match="Oat"):
        place(services, order, "latte", milk="oat")
    assert now(services, order) == order


@pytest.mark.parametrize("drink, choices", [("beer", {}), ("latte", {"milk": "whisky"}), ("", {})])
def test_a_choice_that_does_not_exist_writes_nothing(services, drink, choices):
    order = let_in(services)
    with pytest.raises(ChoiceInvalid):
        place(services, order, drink, **choices)
    assert now(services, order) == order
    assert all_items("counters") == []


def test_an_order_whose_time_is_over_cannot_be_placed(services, clock):
    order = let_in(services)
    clock.pass_seconds(300)
    workflow_writes("CloseUnchosen", order, clock())
    with pytest.raises(NotAllowedNow, match="ran out of time"):
        place(services, now(services, order))
    with pytest.raises(NotAllowedNow, match="ran out of time"):
        place(services, order)


def test_the_deadline_and_the_choice_cannot_both_win(services, clock):
    order = let_in(services)
    place(services, order)
    clock.pass_seconds(300)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("CloseUnchosen", order, clock())
    assert now(services, order).state is OrderState.SUBMITTED


def test_numbers_begin_anew_at_midnight_on_the_shops_own_clock(services, clock):
    services.shops.create(a_shop(id="new-york", timezone="America/New_York"))
    shop = services.shop("new-york")

    def number_at(moment: datetime) -> int:
        clock.now = moment
        order = scan_and_claim(services, shop, f"customer at {moment}")
        workflow_writes("AdmitOrder", order, moment)
        return customer_steps.place_order(services, shop, now(services, order), "tea", {}).number

    midnight = datetime(2024, 5, 18, 4, 0, tzinfo=UTC)
    assert number_at(midnight - timedelta(hours=4, minutes=1)) == 1
    assert number_at(midnight - timedelta(hours=3, minutes=59)) == 2
    assert number_at(midnight - timedelta(seconds=1)) == 3
    assert number_at(midnight) == 1
    assert number_at(midnight + timedelta(hours=23)) == 2


def test_each_shop_counts_for_itself(services):
    services.shops.create(a_shop(id="annex"))
    assert place(services, let_in(services)).number == 1
    assert services.shops.next_number("annex", "2024-05-17") == 1


def test_a_strangers_order_is_not_found(services):
    order = scan(services, "customer-1")
    owner, other = (browser_of(services, f"customer-{number}") for number in (1, 2))
    assert customer_steps.own_order(services, "main", order.id, owner) == order
    for stranger in (other, None):
        with pytest.raises(NotFound):
            customer_steps.own_order(services, "main", order.id, stranger)
    with pytest.raises(NotFound):
        customer_steps.own_order(services, "main", "unknown", owner)


# Cancelling


@pytest.mark.parametrize("begin", [let_in, queued], ids=["before choosing", "in line"])
def test_a_customer_cancels_and_can_scan_again_at_once(services, begin):
    order = begin(services)
    cancelled = customer_steps.cancel_order(services, order)
    assert (cancelled.state, cancelled.cancelled_by) == ("CANCELLED", Role.CUSTOMER)
    assert places_held() == set()
    assert scan(services).id != order.id


def test_cancelling_twice_is_harmless(services):
    first = customer_steps.cancel_order(services, let_in(services))
    assert customer_steps.cancel_order(services, first) == first == now(services, first)


def test_a_customer_cannot_cancel_a_drink_in_the_making(services):
    order = queued(services)
    barista_steps.make_order(services, order.id, KIM)
    with pytest.raises(NotAllowedNow, match="Kim has already started your drink."):
        customer_steps.cancel_order(services, order)


def test_of_make_and_cancel_at_once_one_wins_and_the_other_reads_why(services):
    order = queued(services)
    both = meanwhile(
        services, "orders", "save", lambda: barista_steps.make_order(services, order.id, KIM)
    )
    with pytest.raises(NotAllowedNow, match="Kim has already started your drink."):
        customer_steps.cancel_order(both, order)
    assert now(services, order).state is OrderState.MAKING


def test_of_cancel_and_make_at_once_one_wins_and_the_other_reads_why(services):
    order = queued(services)
    both = meanwhile(
        services, "orders", "save", lambda: customer_steps.cancel_order(services, order)
    )
    with pytest.raises(NotAllowedNow, match="Order 1 was cancelled."):
        barista_steps.make_order(both, order.id, KIM)
    assert now(services, order).state is OrderState.CANCELLED
