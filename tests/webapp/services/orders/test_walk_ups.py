"""People at the counter: walk-ups, drinks made again, and taps taken back, over the real tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import NotAllowedNow, NotFound, ShopClosed, ShopFull, SoldOut
from domain.events import OrderReopened
from domain.orders import MAKE_SECONDS, Action, Order, OrderState, in_line
from tests.builders import NOW
from tests.services import scan_and_claim
from tests.tables import dynamodb, workflow_writes
from tests.webapp.services.steps import KIM, now, places_held
from webapp.consumers.start_execution import start_execution
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.orders.sweep import sweep
from webapp.services.orders.walk_ups import place_walk_up, submit_walk_up
from webapp.services.shop import rush, switches
from webapp.services.shop.editing import change_shop
from webapp.services.staff.ports import StaffSession
from webapp.storage.tables import DEFAULT_PREFIX


def walk_up(services, drink: str = "latte", form: str = "form-1", **choices) -> Order:
    return place_walk_up(services, KIM, form, drink, choices, "Anna")


def admitted(services, order: Order) -> Order:
    workflow_writes("AdmitOrder", order, services.now(), token=f"first token of {order.id}")
    services.executions.running.add(order.execution_name)
    return now(services, order)


def queued(services, order: Order) -> Order:
    workflow_writes("AwaitBarista", order, services.now(), token=f"second token of {order.id}")
    return now(services, order)


def of_a_customer(services, customer: str = "customer-1") -> Order:
    order = admitted(services, scan_and_claim(services, services.shop("main"), customer))
    customer_steps.place_order(services, services.shop("main"), order, "latte", {})
    return queued(services, order)


def made(services, customer: str = "customer-1") -> Order:
    order = of_a_customer(services, customer)
    barista_steps.make_order(services, order.id, KIM)
    return barista_steps.complete_order(services, order.id, KIM)


def item(table: str, **key) -> dict:
    found = dynamodb().get_item(TableName=DEFAULT_PREFIX + table, Key=key)
    return found.get("Item", {})


# Walk-ups


def test_a_walk_up_has_its_number_at_once_and_goes_through_the_same_workflow(services):
    order = walk_up(services, milk="oat")
    assert (order.state, order.number, order.for_name) == ("CLAIMED", 1, "Anna")
    submit_walk_up(services, admitted(services, order))
    order = queued(services, order)
    assert (order.state, order.number, order.drink_order.differences) == ("QUEUED", 1, ("Oat",))
    assert places_held() == {order.id}
    barista_steps.make_order(services, order.id, KIM)
    barista_steps.complete_order(services, order.id, KIM)
    assert places_held() == set()


def test_walk_ups_and_scans_share_one_row_of_numbers_and_one_line(services, clock):
    first = of_a_customer(services)
    clock.pass_seconds(1)
    second = walk_up(services)
    submit_walk_up(services, admitted(services, second))
    clock.pass_seconds(1)
    third = of_a_customer(services, "customer-2")
    line = in_line(services.orders.open_orders("main"))
    assert [order.number for order in line] == [1, 2, 3]
    assert [order.id for order in line] == [first.id, second.id, third.id]


def test_the_same_form_takes_one_order(services):
    assert walk_up(services).id == walk_up(services).id
    assert walk_up(services, form="form-2").id != walk_up(services).id


def test_no_limit_of_customers_counts_for_walk_ups_and_no_scan_is_taken(services):
    change_shop(services, "main", lambda shop: replace(shop, orders_per_day=1))
    for number in range(3):
        admitted(services, walk_up(services, form=f"form-{number}"))
    assert len(places_held()) == 3


def test_a_full_or_closed_bar_takes_no_walk_up_but_a_paused_one_does(services):
    rush.pause(services, "main")
    admitted(services, walk_up(services))
    change_shop(services, "main", lambda shop: replace(shop, capacity=1))
    with pytest.raises(ShopFull):
        walk_up(services, form="form-2")
    switches.set_open(services, "main", False)
    with pytest.raises(ShopClosed):
        walk_up(services, form="form-3")


def test_a_walk_up_is_checked_against_the_menu(services):
    switches.set_sold_out(services, "main", "oat", True, "milk")
    with pytest.raises(SoldOut):
        walk_up(services, milk="oat")


def test_a_walk_up_that_the_workflow_refuses_leaves_nothing_behind(services):
    order = walk_up(services)
    switches.set_open(services, "main", False)
    workflow_writes("RefuseClosed", order, services.now())
    assert now(services, order).state is OrderState.REFUSED
    assert item("qr-codes", shop_id={"S": "main"}, window_index={"N": "0"})["taken"] == {"N": "0"}
    customer = item("customers", shop_id={"S": "main"}, customer_id={"S": "walk-up"})
    assert "open_orders" not in customer and customer["orders_of_day"] == {"N": "0"}


def test_submitting_a_walk_up_twice_submits_it_once_and_no_customers_order(services):
    order = admitted(services, walk_up(services))
    submit_walk_up(services, order)
    once = now(services, order)
    submit_walk_up(services, order)
    submit_walk_up(services, once)
    assert now(services, order) == once
    choosing = admitted(services, scan_and_claim(services, services.shop("main"), "customer-1"))
    submit_walk_up(services, choosing)
    assert now(services, choosing) == choosing


def test_the_sweep_submits_a_walk_up_that_was_forgotten(services, clock):
    order = admitted(services, walk_up(services))
    clock.pass_seconds(6)
    assert sweep(services) == 1
    assert now(services, order).state is OrderState.SUBMITTED


# Several at once


def test_a_batch_is_taken_order_by_order_and_what_is_lost_has_a_name(services):
    waiting = [of_a_customer(services, f"customer-{n}") for n in range(3)]
    rui = StaffSession("barista-2", "main", "barista", "Rui")
    barista_steps.make_order(services, waiting[1].id, rui)
    taken, refused = barista_steps.make_batch(services, [order.id for order in waiting], KIM)
    assert [order.number for order in taken] == [1, 3]
    assert refused == ["2: Rui was first."]
    assert [now(services, order).barista_name for order in waiting] == ["Kim", "Rui", "Kim"]
    left = barista_steps.undo_batch(services, [order.id for order in waiting], KIM)
    assert left == ["Order 2 is in Rui's hands."]
    assert [now(services, order).barista_name for order in waiting] == [None, "Rui", None]


def test_a_batch_with_an_unknown_order_takes_none(services):
    order = of_a_customer(services)
    with pytest.raises(NotFound):
        barista_steps.make_batch(services, [order.id, "0" * 32], KIM)
    assert now(services, order).state == "QUEUED"


def test_a_batch_is_taken_back_but_for_what_moved_on(services):
    waiting = [of_a_customer(services, f"customer-{n}") for n in range(2)]
    ids = [order.id for order in waiting]
    barista_steps.make_batch(services, ids, KIM)
    barista_steps.complete_order(services, ids[0], KIM)
    assert barista_steps.undo_batch(services, ids, KIM) == ["Order 1 has already moved on."]
    assert [now(services, order).state for order in waiting] == ["COMPLETED", "QUEUED"]


# Made again


def remade(services, order: Order) -> Order:
    return barista_steps.remake_order(services, order.id, KIM)


@pytest.mark.parametrize("is_collected", [False, True], ids=["ready", "collected"])
def test_a_remade_order_has_its_place_back_and_an_execution_of_its_own(services, is_collected):
    order = made(services)
    if is_collected:
        barista_steps.collect_order(services, order.id, KIM)
    order = remade(services, order)
    assert places_held() == {order.id}
    event = OrderReopened.of(order)
    start_execution(services, event, NOW)
    start_execution(services, event, NOW)
    assert set(services.executions.started) == {(f"{order.id}-2", 900)}
    order = queued(services, order)
    barista_steps.make_order(services, order.id, KIM)
    assert barista_steps.complete_order(services, order.id, KIM).number == order.number
    assert places_held() == set()


def test_a_full_bar_makes_a_drink_again_all_the_same_and_the_remade_one_is_next(services):
    order = made(services)
    for number in range(2, 5):
        waiting = of_a_customer(services, f"customer-{number}")
    again = remade(services, order)
    assert len(places_held()) == 4
    assert in_line(services.orders.open_orders("main"))[0].id == again.id
    assert waiting.id in places_held()


def test_two_baristas_who_remake_at_once_remake_once(services):
    order = made(services)
    again = remade(services, order)
    with pytest.raises(NotAllowedNow):
        remade(services, order)
    assert now(services, order) == again


def test_a_remade_order_that_lost_its_event_is_started_by_the_sweep(services, clock):
    order = remade(services, made(services))
    clock.pass_seconds(6)
    sweep(services)
    assert services.executions.started == [(f"{order.id}-3", MAKE_SECONDS)]


def test_a_collected_order_leaves_the_list_and_may_be_made_again_for_a_quarter_of_an_hour(
    services, clock
):
    order = made(services)
    barista_steps.collect_order(services, order.id, KIM)
    # The list is read with each step of every order: it must not grow by what is over.
    assert services.orders.listed_orders("main") == []
    clock.pass_seconds(900)
    assert [one.id for one in barista_steps.remakable_orders(services, "main")] == [order.id]
    clock.pass_seconds(1)
    assert barista_steps.remakable_orders(services, "main") == []
    clock.pass_seconds(1)
    with pytest.raises(NotAllowedNow):
        remade(services, order)


def test_the_sweep_takes_what_an_earlier_version_left_on_the_list_off_it(services, clock):
    order = made(services)
    barista_steps.collect_order(services, order.id, KIM)
    dynamodb().update_item(
        TableName=DEFAULT_PREFIX + "orders",
        Key={"shop_id": {"S": "main"}, "order_id": {"S": order.id}},
        UpdateExpression="SET open_since = created_at",
    )
    assert sweep(services) == 1
    assert services.orders.listed_orders("main") == []


# Taken back


def test_each_of_the_last_taps_is_taken_back(services):
    order = of_a_customer(services)
    barista_steps.make_order(services, order.id, KIM)
    assert barista_steps.undo(services, order.id, KIM, Action.MAKE).state is OrderState.QUEUED
    barista_steps.make_order(services, order.id, KIM)
    barista_steps.complete_order(services, order.id, KIM)
    barista_steps.collect_order(services, order.id, KIM)
    assert barista_steps.undo(services, order.id, KIM, Action.COLLECT).state is OrderState.COMPLETED
    assert [one.id for one in services.orders.open_orders("main")] == [order.id]
    assert places_held() == set()
    back = barista_steps.undo(services, order.id, KIM, Action.COMPLETE)
    assert (back.state, back.barista_name) == (OrderState.MAKING, "Kim")
    assert places_held() == {order.id}


def test_the_execution_of_an_order_taken_back_waits_the_whole_time_again(services, clock):
    order = made(services)
    clock.pass_seconds(20)
    back = barista_steps.undo(services, order.id, KIM, Action.COMPLETE)
    start_execution(services, OrderReopened.of(back), NOW)
    assert services.executions.started == [(f"{order.id}-2", MAKE_SECONDS)]
    workflow_writes("AwaitBaristaAgain", back, services.now(), token="third token")
    assert services.orders.task_token(back) == "third token"


def test_a_wrong_complete_in_the_last_second_gives_the_whole_time_back(services, clock):
    order = of_a_customer(services)
    clock.pass_seconds(MAKE_SECONDS - 10)
    barista_steps.make_order(services, order.id, KIM)
    barista_steps.complete_order(services, order.id, KIM)
    clock.pass_seconds(20)
    back = barista_steps.undo(services, order.id, KIM, Action.COMPLETE)
    assert back.deadline_at == clock() + timedelta(seconds=MAKE_SECONDS)
    services.executions.running.add(back.execution_name)
    assert sweep(services) == 0


def test_only_the_tap_that_was_made_is_taken_back_and_only_for_a_while(services, clock):
    order = made(services)
    for done in (Action.MAKE, Action.COLLECT):
        with pytest.raises(NotAllowedNow, match="already moved on"):
            barista_steps.undo(services, order.id, KIM, done)
    clock.pass_seconds(31)
    with pytest.raises(NotAllowedNow, match="too late"):
        barista_steps.undo(services, order.id, KIM, Action.COMPLETE)
