"""The wait that is told on TV and phone, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.events import events_for_change
from domain.orders import OrderState
from tests.builders import NOW, an_order, journey_to
from tests.services import scan_and_claim
from tests.tables import workflow_writes
from webapp.consumers.metrics import count
from webapp.services.orders import customer_steps, waits


def serve(services, orders: int, since: timedelta = timedelta(minutes=20)) -> None:
    """Orders that each waited two minutes with nobody in front, and took one in the making."""
    for number in range(orders):
        later = timedelta(minutes=10 * number) - since - timedelta(minutes=10 * orders)
        path = [_moved(step, number, later) for step in journey_to(OrderState.COMPLETED)]
        for before, after in zip([None, *path], path):
            for event in events_for_change(before, after):
                count(services, event, NOW)
    services.memory.clear()


def _moved(order, number: int, later: timedelta):
    times = ("created_at", "admitted_at", "submitted_at", "queued_at", "making_at", "ended_at")
    moved = {name: getattr(order, name) + later for name in times if getattr(order, name)}
    return replace(order, id=f"{number + 500:032x}", **moved)


@pytest.fixture
def shop(services):
    return services.shop("main")


@pytest.fixture(autouse=True)
def recent(monkeypatch):
    # Orders ten minutes apart do not meet; so the hour is stretched to hold them.
    monkeypatch.setattr(waits, "RECENT", timedelta(hours=5))


def test_nobody_is_told_a_number_until_enough_orders_were_served(services, shop):
    serve(services, 4)
    assert waits.wait_of_next(services, shop, []) is None
    serve(services, 5)
    told = waits.wait_of_next(services, shop, [])
    assert (told.low, told.high) == (3, 4)


def test_old_orders_say_nothing_about_now(services, shop, clock):
    serve(services, 9)
    clock.pass_seconds(6 * 3600)
    assert waits.wait_of_next(services, shop, []) is None


def test_the_queue_and_the_bars_own_minutes_make_it_longer(services, shop):
    serve(services, 9)
    queue = [
        an_order(OrderState.QUEUED, id="a"),
        an_order(OrderState.MAKING, id="b"),
        an_order(OrderState.ADMITTED, id="c"),
        an_order(OrderState.COMPLETED, id="d"),
    ]
    told = waits.wait_of_next(services, replace(shop, extra_minutes=5), queue)
    assert (told.low, told.high) == (12, 13)


def test_a_waiting_order_is_told_by_its_own_place(services, shop):
    serve(services, 9)
    first = an_order(OrderState.QUEUED, id="a")
    second = replace(first, id="b", submitted_at=first.submitted_at + timedelta(seconds=1))
    near, far = (waits.wait_of(services, shop, one, [first, second]) for one in (first, second))
    assert (near.low, far.low) == (3, 5)
    making = an_order(OrderState.MAKING, id="a")
    assert waits.wait_of(services, shop, making, [making]) is None


def test_what_was_told_is_kept_with_the_order_and_announced(services, shop):
    serve(services, 9)
    order = scan_and_claim(services, shop, "customer-1")
    workflow_writes("AdmitOrder", order, services.now())
    placed = customer_steps.place_order(
        services, shop, services.order("main", order.id), "latte", {"milk": "oat"}
    )
    assert services.order("main", placed.id).told == placed.told == (3, 4)


def test_what_was_read_is_remembered_for_seconds_only(services, shop, clock):
    serve(services, 9)
    assert waits.recent_samples(services, "main") is waits.recent_samples(services, "main")
    kept = waits.recent_samples(services, "main")
    clock.pass_seconds(11)
    assert waits.recent_samples(services, "main") is not kept
    assert waits.recent_samples(services, "annex") == []


def test_the_table_is_asked_for_few_items(services):
    serve(services, 9)
    assert len(services.metrics.latest_marks("main", NOW - timedelta(hours=5), 4)) == 4


def test_times_shown_are_the_words_of_the_look():
    from domain.estimate import WaitRange
    from webapp.presenters.shop import wait_sentence, wait_words

    assert wait_words(WaitRange(4, 6)) == "4–6 min"
    assert wait_words(WaitRange(0, 2)) == "up to 2 min"
    assert wait_words(None) is None
    assert wait_sentence(WaitRange(4, 6)) == "Ready in about 4–6 minutes."
    assert wait_sentence(WaitRange(0, 1)) == "Ready within about 1 minute."
