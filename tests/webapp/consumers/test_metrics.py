"""Counting events: the same figures however they are delivered, and again from the journeys."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date, timedelta
from random import Random

import pytest

from domain.events import events_for_change
from domain.metrics import Days
from domain.orders import OrderState
from tests.builders import NOW, journey_to
from tests.tables import dynamodb
from webapp.consumers.journey import store_event
from webapp.consumers.metrics import count
from webapp.consumers.registry import run
from webapp.services.past.metrics import figures_of, records
from webapp.storage.tables import MetricModel

ENDS = [
    OrderState.COLLECTED,
    OrderState.REFUSED,
    OrderState.CANCELLED,
    OrderState.TIMED_OUT,
    OrderState.MAKING,
]
TODAY = Days(date(2024, 5, 17), date(2024, 5, 17))


def a_day(orders: int = 15) -> list:
    """The events of orders that end in all ways, four minutes apart."""
    events = []
    for number in range(orders):
        later = timedelta(minutes=4 * number)
        path = [_moved(step, number, later) for step in journey_to(ENDS[number % len(ENDS)])]
        events += [e for a, b in zip([None, *path], path) for e in events_for_change(a, b)]
    return events


def _moved(order, number: int, later: timedelta):
    times = (
        "created_at",
        "admitted_at",
        "submitted_at",
        "queued_at",
        "making_at",
        "ended_at",
        "collected_at",
    )
    moved = {name: getattr(order, name) + later for name in times if getattr(order, name)}
    return replace(order, id=f"{number:032x}", **moved)


def as_bytes(services) -> bytes:
    figures = asdict(figures_of(services, services.shop("main"), TODAY))
    return json.dumps(figures, sort_keys=True).encode()


def forget() -> None:
    for item in stored():
        key = {name: item[name] for name in ("shop_id", "item_key")}
        dynamodb().delete_item(TableName=MetricModel.Meta.table_name, Key=key)


def stored() -> list[dict]:
    return dynamodb().scan(TableName=MetricModel.Meta.table_name)["Items"]


@pytest.mark.parametrize("seed", range(3))
def test_repeated_and_shuffled_delivery_gives_the_same_figures_byte_for_byte(services, seed):
    events = a_day()
    for event in events:
        count(services, event, NOW)
    once = as_bytes(services)
    assert json.loads(once)["orders"] == 12
    forget()
    random = Random(seed)
    again = [event for event in events for _ in range(random.randint(1, 3))]
    random.shuffle(again)
    for event in again:
        count(services, event, NOW + timedelta(seconds=random.randint(0, 900)))
    assert as_bytes(services) == once


def test_an_order_is_four_small_writes(services):
    path = journey_to(OrderState.COLLECTED)
    writes = sum(
        count_is_written(services, event)
        for a, b in zip([None, *path], path)
        for event in events_for_change(a, b)
    )
    assert writes == 4
    [item] = stored()
    assert len(json.dumps(item)) < 1024


def count_is_written(services, event) -> bool:
    before = stored()
    count(services, event, NOW)
    return stored() != before


def test_the_shops_own_calendar_day_counts(services):
    services.shops.save(
        shop := services.shop("main"), replace(shop, timezone="Pacific/Auckland", version=2)
    )
    for event in a_day(5):
        count(services, event, NOW)
    shop = services.shop("main")
    # 09:31 in UTC is 21:31 on the 17th; fifteen hours later it is the 18th there, not in UTC.
    assert len(records(services, shop, TODAY)) == 5
    for event in a_day(5):
        count(
            services,
            replace(
                event,
                order_id="f" * 31 + event.order_id[-1],
                began_at=event.began_at + timedelta(hours=4),
            ),
            NOW,
        )
    assert len(records(services, shop, TODAY)) == 5
    assert len(records(services, shop, Days(date(2024, 5, 18), date(2024, 5, 18)))) == 5


def test_shops_do_not_see_each_others_figures(services):
    from tests.builders import a_shop

    services.shops.create(a_shop(id="main-2"))
    for event in a_day(5):
        count(services, replace(event, shop_id="main-2"), NOW)
    assert figures_of(services, services.shop("main"), TODAY).scans == 0
    assert figures_of(services, services.shop("main-2"), TODAY).scans == 5


def test_an_order_recorded_elsewhere_over_midnight_is_one_order(services):
    shop = services.shop("main")
    late = NOW.replace(hour=23, minute=58)
    for name, at in (
        ("Validator.NewOrder", late),
        ("OrderManager.WaitingCompletion", late),
        ("OrderManager.OrderCompleted", late + timedelta(minutes=5)),
    ):
        for consumer in ("metrics", "recorded-metrics"):
            run(
                services,
                {
                    "consumer": consumer,
                    "event": {
                        "detail-type": name,
                        "time": at.isoformat(),
                        "detail": {"eventId": "main", "orderId": "abc", "userId": "u"},
                    },
                },
            )
    assert len(stored()) == 2
    [record] = records(services, shop, TODAY)
    assert record.in_all == timedelta(minutes=5)


def test_figures_rebuilt_from_the_journeys_are_the_live_ones(services):
    from webapp.services.past.rebuilding import rebuild

    events = a_day()
    for event in events:
        store_event(services, event, NOW)
        count(services, event, NOW)
    live, items = as_bytes(services), stored()
    assert rebuild(services.metrics, services.journeys.all_events(), services.now()) == 15
    assert (as_bytes(services), _sorted(stored())) == (live, _sorted(items))
    forget()
    rebuild(services.metrics, services.journeys.all_events(), services.now())
    assert (as_bytes(services), _sorted(stored())) == (live, _sorted(items))


def test_a_rebuild_takes_away_marks_that_no_journey_knows(services, clock):
    from webapp.services.past.rebuilding import rebuild

    events = a_day(1)
    for event in events:
        store_event(services, event, NOW)
        count(services, event, NOW)
    live = as_bytes(services)
    wrong = replace(events[-2], version=9, at=NOW + timedelta(hours=1))
    count(services, replace(events[0], version=8), NOW)
    count(services, wrong, NOW)
    clock.pass_seconds(2 * 3600)
    rebuild(services.metrics, services.journeys.all_events(), services.now())
    assert as_bytes(services) == live


def _sorted(items: list[dict]) -> list[str]:
    for item in items:
        item["marks"]["SS"].sort()
    return sorted(json.dumps(item, sort_keys=True) for item in items)
