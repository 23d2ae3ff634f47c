"""Letting go of persons: nothing left names anybody, the figures stay, and it can be repeated."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import NotAllowedNow
from domain.events import events_for_change
from domain.metrics import Days
from domain.orders import FORGOTTEN, WALK_UP, OrderState
from tests.builders import NOW, a_shop, journey_to
from tests.services import browser_of, scan_and_claim
from tests.tables import dynamodb, workflow_writes
from webapp.consumers.journey import store_event, store_step
from webapp.consumers.metrics import count
from webapp.services.orders.customer_steps import cancel_order
from webapp.services.orders.my_orders import my_orders
from webapp.services.past import retention
from webapp.services.past.forgetting import forget_browser, forget_order
from webapp.services.past.metrics import figures_of
from webapp.services.past.retention import forget_past
from webapp.storage.orders.order_items import attributes_of
from webapp.storage.tables import OrderModel


def a_served_order(services, customer_id: str = "ana", name: str = "0" * 32, at=NOW, **changes):
    """An order that was made by Kim, with its journey and its figures."""
    from webapp.services.past.metrics import count_event

    path = [
        replace(step, id=name, customer_id=customer_id, **changes)
        for step in journey_to(OrderState.COLLECTED)
    ]
    later = at - NOW
    path = [
        replace(
            step,
            **{
                field: getattr(step, field) + later
                for field in ("created_at", "submitted_at", "making_at", "ended_at", "collected_at")
                if getattr(step, field)
            },
        )
        for step in path
    ]
    for before, after in zip([None, *path], path):
        for event in events_for_change(before, after):
            store_event(services, event, at)
            count_event(services, event, at)
    OrderModel(path[-1].shop_id, name, **attributes_of(path[-1])).save()
    return services.order(path[-1].shop_id, name)


def told(services, order) -> str:
    """All that is stored about an order."""
    events = [event.detail for event in services.journeys.events(order.id)]
    item = OrderModel.get(order.shop_id, order.id).to_simple_dict()
    return json.dumps([events, item], default=str)


def everything() -> str:
    tables = dynamodb().list_tables()["TableNames"]
    return repr([dynamodb().scan(TableName=name)["Items"] for name in sorted(tables)])


def test_nothing_of_an_order_names_anybody_and_all_else_stays(services):
    order = a_served_order(services)
    before = services.journeys.events(order.id)
    assert "Kim" in told(services, order) and '"ana"' in told(services, order)
    forget_order(services, "main", order.id)
    for person in ("Kim", "barista-1", '"ana"'):
        assert person not in told(services, order)
    after = services.order("main", order.id)
    assert after == replace(order, customer_id=FORGOTTEN, barista_id=None, barista_name=None)
    assert [(e.detail_type, e.at) for e in services.journeys.events(order.id)] == [
        (e.detail_type, e.at) for e in before
    ]
    # Who released and who took an order is told apart by whether anybody is there.
    taken = [
        e.detail["baristaUserId"]
        for e in services.journeys.events(order.id)
        if "baristaUserId" in e.detail
    ]
    assert taken == [FORGOTTEN]


def test_once_more_changes_nothing(services):
    order = a_served_order(services)
    forget_order(services, "main", order.id)
    before = everything()
    forget_order(services, "main", order.id)
    forget_order(services, "main", "f" * 32)
    assert everything() == before


def test_a_walk_up_order_loses_its_name_and_stays_one(services):
    order = a_served_order(services, WALK_UP, for_name="Ines")
    forget_order(services, "main", order.id)
    assert "Ines" not in told(services, order)
    assert services.order("main", order.id).is_walk_up


def test_a_customer_is_erased_at_all_shops_and_their_browser_signed_out(services):
    services.shops.create(a_shop(id="annex"))
    for shop_id in ("main", "annex"):
        order = scan_and_claim(services, services.shop(shop_id), "ana")
        workflow_writes("AdmitOrder", order, services.now())
        cancel_order(services, services.order(shop_id, order.id))
    other = scan_and_claim(services, services.shop("main"), "ben")
    browser = browser_of(services, "ana")
    forget_browser(services, browser)
    assert services.customer_sessions.get("secret of ana", services.now()) is None
    assert my_orders(services, "main", browser) == my_orders(services, "annex", browser) == []
    # What is left is how many there were on that day, for two days.
    left = [
        item
        for name in dynamodb().list_tables()["TableNames"]
        for item in dynamodb().scan(TableName=name)["Items"]
        if "'ana'" in repr(item)
    ]
    assert {"recent_orders", "sessions"} & {key for item in left for key in item} == set()
    assert len(left) == 2 and all("orders_of_day" in item for item in left)
    assert [order.id for order in my_orders(services, "main", browser_of(services, "ben"))] == [
        other.id
    ]


def test_an_order_under_way_comes_first(services):
    order = scan_and_claim(services, services.shop("main"), "ana")
    before = everything()
    with pytest.raises(NotAllowedNow):
        forget_browser(services, browser_of(services, "ana"))
    assert everything() == before
    assert services.order("main", order.id).customer_id == "ana"


def test_a_run_that_broke_off_is_repeated_by_the_same_browser(services, monkeypatch):
    order = scan_and_claim(services, services.shop("main"), "ana")
    workflow_writes("AdmitOrder", order, services.now())
    cancel_order(services, services.order("main", order.id))

    def fail(*_):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(type(services.customer_pool), "forget", fail)
        with pytest.raises(OSError):
            forget_browser(services, browser_of(services, "ana"))
    assert services.customer_sessions.get("secret of ana", services.now())
    forget_browser(services, browser_of(services, "ana"))
    assert services.customer_sessions.get("secret of ana", services.now()) is None


def days_of_orders(services, clock, count: int) -> list:
    """An order every ten minutes, the last one just now."""
    orders = [
        a_served_order(services, name=f"{number:032x}", at=NOW + timedelta(minutes=10 * number))
        for number in range(count)
    ]
    clock.now = orders[-1].created_at
    return orders


def named(services, orders) -> list[bool]:
    return ["Kim" in told(services, order) or '"ana"' in told(services, order) for order in orders]


def test_after_a_day_only_figures_are_left(services, clock):
    orders = days_of_orders(services, clock, 3)
    shop, day = services.shop("main"), Days(NOW.date(), NOW.date())
    before = figures_of(services, shop, day)
    assert [line.name for line in before.baristas] == ["Kim"]
    clock.now = orders[1].created_at + timedelta(days=1, milliseconds=1)
    assert forget_past(services) == 2
    assert named(services, orders) == [False, False, True]
    clock.pass_seconds(3600)
    assert forget_past(services) == 1
    assert named(services, orders) == [False] * 3
    assert "Kim" not in everything()
    after = figures_of(services, shop, day)
    assert replace(after, baristas=()) == replace(before, baristas=())
    assert forget_past(services) == 0


def test_days_that_are_raised_keep_what_is_left_and_go_on_when_they_are_over(services, clock):
    orders = days_of_orders(services, clock, 3)
    clock.now = orders[1].created_at + timedelta(days=1, milliseconds=1)
    assert forget_past(services) == 2
    shop = services.shop("main")
    services.shops.save(shop, replace(shop, keep_days=30, version=shop.version + 1))
    # So far nobody is named in is now later than what is past.
    for _ in range(3):
        assert forget_past(services) == 0
        clock.pass_seconds(9 * 86_400)
    assert named(services, orders) == [False, False, True]
    clock.pass_seconds(3 * 86_400)
    assert forget_past(services) == 1
    assert named(services, orders) == [False] * 3


def test_what_is_delivered_again_after_the_names_days_names_nobody(services, clock):
    order = a_served_order(services)
    clock.pass_seconds(2 * 86_400)
    forget_past(services)
    before, after = (
        replace(step, id=order.id, customer_id="ana")
        for step in journey_to(OrderState.COMPLETED)[-2:]
    )
    events = events_for_change(before, after)
    store_step(services, events, NOW.isoformat())
    for event in events:
        count(services, event, NOW)
    assert "Kim" not in everything() and '"ana"' not in told(services, order)


def test_each_run_is_bounded_and_goes_on_where_the_last_one_came_to(services, clock):
    orders = days_of_orders(services, clock, 5)
    clock.pass_seconds(2 * 86_400)
    runs = []
    while any(named(services, orders)):
        runs.append(forget_past(services, most=2))
        assert max(runs) <= 2
    assert len(runs) == 4


def test_a_shop_whose_past_cannot_be_read_keeps_nobody_elses(services, clock, monkeypatch):
    orders = days_of_orders(services, clock, 1)
    services.shops.create(a_shop(id="a-shop-before-it"))
    oldest = services.orders.oldest

    def unreadable(shop_id: str, *arguments):
        if shop_id != "main":
            raise ValueError("a row that nobody can read")
        return oldest(shop_id, *arguments)

    monkeypatch.setattr(services.orders, "oldest", unreadable)
    clock.pass_seconds(2 * 86_400)
    with pytest.raises(ValueError):
        forget_past(services)
    assert named(services, orders) == [False] * len(orders)


def test_a_shop_that_keeps_names_longer_keeps_them(services, clock):
    orders = days_of_orders(services, clock, 1)
    shop = services.shop("main")
    services.shops.save(shop, replace(shop, keep_days=7, version=shop.version + 1))
    clock.pass_seconds(6 * 86_400)
    assert forget_past(services) == 0 and named(services, orders) == [True]
    clock.pass_seconds(86_400 + 1)
    assert forget_past(services) == 1 and named(services, orders) == [False]


def test_a_run_that_broke_off_is_done_again(services, clock, monkeypatch):
    orders = days_of_orders(services, clock, 3)
    clock.pass_seconds(2 * 86_400)

    def fail(*_):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(type(services.metrics), "forget", fail)
        with pytest.raises(OSError):
            forget_past(services)
    assert named(services, orders) == [False, True, True]
    assert forget_past(services) == 3 and named(services, orders) == [False] * 3
    assert "Kim" not in everything()


def test_a_run_that_is_cut_off_has_noted_how_far_it_came(services, clock, monkeypatch):
    orders = days_of_orders(services, clock, 5)
    clock.pass_seconds(2 * 86_400)
    forget = services.metrics.forget

    def cut_off(order):
        if order.id == orders[3].id:
            raise OSError
        forget(order)

    with monkeypatch.context() as broken:
        broken.setattr(retention, "_BETWEEN_NOTES", 2)
        broken.setattr(services.metrics, "forget", cut_off)
        with pytest.raises(OSError):
            forget_past(services)
    assert services.shops.nameless_until("main") == orders[2].created_at
    assert forget_past(services) == 3 and named(services, orders) == [False] * 5
