"""Figures are a pure function of sets of marks, however the events came."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import orders
from domain.events import events_for_change, parse_event
from domain.metrics import (
    COUNTED,
    Choice,
    OrderRecord,
    Outcome,
    figures,
    mark_of,
    nameless_mark,
    record_of,
    record_of_row,
    row_of_record,
)
from domain.orders import OrderState
from tests.builders import NOW, an_order, journey_to


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _marks(path, announced_at=NOW) -> list[str]:
    events = [e for a, b in zip([None, *path], path) for e in events_for_change(a, b)]
    return [mark for event in events if (mark := mark_of(event, announced_at))]


def _record(state: OrderState):
    return record_of("one", _marks(journey_to(state)))


def test_a_served_order_tells_how_long_it_waited_and_was_made():
    record = _record(OrderState.COLLECTED)
    assert (record.outcome, record.drink, record.barista) == (Outcome.SERVED, "Latte", "Kim")
    assert [f"{c.group}: {c.name}" for c in record.choices] == ["milk: Oat", "strength: Regular"]
    assert record.waited == timedelta(minutes=2)
    assert record.made_in == timedelta(minutes=1)
    assert record.in_all == timedelta(minutes=3)


@pytest.mark.parametrize(
    "state, outcome, cause",
    [
        (OrderState.REFUSED, Outcome.REFUSED, "full"),
        (OrderState.CANCELLED, Outcome.CANCELLED, "the bar is closing"),
        (OrderState.TIMED_OUT, Outcome.TIMED_OUT, "Barista timedout"),
        (OrderState.MAKING, Outcome.OPEN, ""),
    ],
    ids=str,
)
def test_every_end_has_its_cause_and_no_times(state, outcome, cause):
    record = _record(state)
    assert (record.outcome, record.cause, record.in_all) == (outcome, cause, None)


def test_a_customers_own_cancel_is_told_from_the_bars():
    path = [*journey_to(OrderState.QUEUED)]
    path.append(orders.cancel(path[-1], orders.Role.CUSTOMER, None, NOW))
    assert record_of("one", _marks(path)).cause == "customer"


def test_a_released_order_waits_until_the_barista_who_made_it_took_it():
    path = [*journey_to(OrderState.MAKING)]
    path.append(orders.release(path[-1]))
    path.append(orders.make(path[-1], "barista-2", "Rui", NOW + timedelta(minutes=9)))
    path.append(orders.complete(path[-1], NOW + timedelta(minutes=10)))
    record = record_of("one", _marks(path))
    assert record.barista == "Rui"
    assert record.waited == timedelta(minutes=7)


def test_a_drink_that_is_made_again_counts_once_with_its_last_end():
    path = [*journey_to(OrderState.COMPLETED)]
    again = replace(
        path[-1],
        state=OrderState.MAKING,
        version=path[-1].version + 1,
        making_at=NOW + timedelta(minutes=8),
        ended_at=None,
    )
    marks = _marks(path) + [
        mark_of(orders_event, NOW)
        for orders_event in (
            _made(again),
            _completed(orders.complete(again, NOW + timedelta(minutes=9))),
        )
    ]
    record = record_of("one", marks)
    assert record.ended_at == NOW + timedelta(minutes=9)
    assert figures([record], _utc).served == 1


def _made(order):
    from domain.events import MakeOrder

    return MakeOrder.of(order)


def _completed(order):
    from domain.events import OrderCompleted

    return OrderCompleted.of(order)


@given(st.integers(), st.sampled_from(list(OrderState)), st.lists(st.integers(1, 3), min_size=8))
def test_events_repeated_shuffled_and_announced_again_give_the_same_record(seed, state, times):
    random = Random(seed)
    path = journey_to(state)
    once = _marks(path)
    again = [mark for mark in once for _ in range(times[random.randrange(len(times))])]
    again += _marks(path, NOW + timedelta(hours=1))
    random.shuffle(again)
    assert record_of("one", again) == record_of("one", once)


def test_an_event_announced_again_without_a_time_of_its_own_counts_once():
    path = [*journey_to(OrderState.MAKING)]
    path.append(orders.release(path[-1]))
    late = _marks(path, NOW + timedelta(hours=1))
    assert record_of("one", [*late, *_marks(path)]) == record_of("one", _marks(path))


RECORDED = [
    ("Validator.NewOrder", {}, 0),
    ("OrderProcessor.WorkflowStarted", {"TaskToken": "x"}, 1),
    (
        "OrderManager.WaitingCompletion",
        {
            "orderNumber": 12,
            "TS": "not a time",
            "drinkOrder": {"userId": "u", "drink": "Cappuccino", "modifiers": ["Oat"], "icon": "x"},
        },
        30,
    ),
    ("OrderManager.MakeOrder", {"baristaUserId": "b"}, 90),
    ("OrderManager.MakeOrder", {"baristaUserId": ""}, 95),
    ("OrderManager.MakeOrder", {"baristaUserId": "b"}, 120),
    ("OrderManager.OrderCompleted", {}, 210),
]
"""As the original's event player has them: no version, no times, a few fields more."""


def test_events_recorded_elsewhere_count_by_their_envelopes_times():
    marks = [
        mark_of(
            parse_event(name, {"eventId": "ABC", "orderId": "9", "userId": "u"} | detail),
            NOW + timedelta(seconds=after),
        )
        for name, detail, after in RECORDED
    ]
    Random(4).shuffle(marks)
    record = record_of("9", [mark for mark in marks if mark] * 2)
    assert record.began_at == NOW
    assert (record.drink, record.outcome) == ("Cappuccino", Outcome.SERVED)
    assert (record.waited.seconds, record.made_in.seconds) == (90, 90)


def _served(number: int, placed: int, waited: int, made: int, drink="Latte"):
    order = an_order(OrderState.COLLECTED)
    at = [NOW + timedelta(seconds=s) for s in (placed, placed + waited, placed + waited + made)]
    base = record_of(str(number), _marks(journey_to(OrderState.COLLECTED)))
    assert order
    return replace(
        base, drink=drink, began_at=at[0], placed_at=at[0], making_at=at[1], ended_at=at[2]
    )


def test_the_headline_is_orders_drinks_per_hour_and_the_average_wait():
    # 72 drinks, one each 50 seconds: an hour but for the last.
    day = [_served(n, n * 50, 120, 94) for n in range(72)]
    counted = figures(day, _utc)
    assert (counted.orders, counted.served) == (72, 72)
    assert counted.in_all.average_ms == 214_000
    assert counted.drinks_per_hour == pytest.approx(72 / ((71 * 50 + 214) / 3600))


def test_the_hours_between_two_days_are_not_counted_as_service():
    two_days = [_served(1, 0, 1800, 1800), _served(2, 86_400, 1800, 1800)]
    assert figures(two_days, _utc).drinks_per_hour == 1.0


def test_the_90th_percentile_is_what_nine_of_ten_did_not_exceed():
    counted = figures([_served(n, 0, n, 0) for n in range(1, 11)], _utc)
    assert (counted.waited.average_ms, counted.waited.percentile_90_ms) == (5_500, 9_000)


def test_lines_go_by_number_and_name_and_hours_have_no_gap():
    day = [_served(1, 0, 1, 1, "Tea"), _served(2, 1, 1, 1, "Mocha"), _served(3, 7200, 1, 1, "Tea")]
    counted = figures(day, _utc)
    assert [(line.name, line.orders) for line in counted.drinks] == [("Tea", 2), ("Mocha", 1)]
    assert [(line.name, line.served) for line in counted.hours] == [
        ("09:00", 2),
        ("10:00", 0),
        ("11:00", 1),
    ]
    assert [line.name for line in counted.options] == ["milk: Oat", "strength: Regular"]


def test_a_day_without_orders_has_figures_that_say_so():
    counted = figures([], _utc)
    assert (counted.orders, counted.drinks_per_hour, counted.in_all.average_ms) == (0, None, None)


def test_what_counts_is_a_part_of_an_orders_life():
    assert len(set(COUNTED)) == len(COUNTED)
    assert mark_of(events_for_change(*journey_to(OrderState.ADMITTED))[0], NOW) is None


@pytest.mark.parametrize(
    "took, right, early, late",
    [(239, 0, 1, 0), (240, 1, 0, 0), (360, 1, 0, 0), (361, 0, 0, 1)],
)
def test_what_was_told_is_scored_to_the_second(took, right, early, late):
    told = replace(_served(1, 0, took, 0), told=(4, 6))
    promises = figures([told, _served(2, 0, 1, 1)], _utc).promises
    assert (promises.count, promises.right, promises.early, promises.late) == (
        1,
        right,
        early,
        late,
    )
    assert promises.usual == (4, 6)


def test_what_was_told_comes_with_the_choice():
    path = journey_to(OrderState.COLLECTED)
    path = [replace(order, told=(4, 6)) if order.submitted_at else order for order in path]
    assert record_of("one", _marks(path)).told == (4, 6)


@pytest.mark.parametrize("state", [*OrderState], ids=str)
def test_a_record_comes_back_from_its_row(state):
    record = replace(_record(state), told=(3, 5)) if state in _TOLD else _record(state)
    row = row_of_record(record)
    assert record_of_row(json.loads(json.dumps(row))) == record
    assert row[0] == "one" and row[5] == record.outcome.value


_TOLD = (OrderState.MAKING, OrderState.COMPLETED)


def test_a_mark_without_its_barista_tells_all_else():
    marks = _marks(journey_to(OrderState.COLLECTED))
    nameless = [nameless_mark(mark) for mark in marks]
    assert "Kim" in "".join(marks) and "Kim" not in "".join(nameless)
    assert record_of("one", nameless) == replace(record_of("one", marks), barista="")
    assert [nameless_mark(mark) for mark in nameless] == nameless


def _ordered(
    number: int, minutes: int, outcome: Outcome = Outcome.SERVED, **changes
) -> OrderRecord:
    at = NOW + timedelta(minutes=minutes)
    times = {"placed_at": at, "making_at": at + timedelta(minutes=1)}
    if outcome is not Outcome.OPEN:
        times["ended_at"] = at + timedelta(minutes=3)
    return OrderRecord(
        **{"id": f"{number}", "began_at": at, "outcome": outcome, "drink": "Latte"}
        | times
        | changes
    )


def test_the_figures_of_a_day_are_counted_in_full():
    tea = {"drink": "Tea", "barista": "Ada"}
    choices = (Choice("milk", "Oat"),)
    told = figures(
        [
            _ordered(1, 0, choices=choices, barista="Kim", told=(2, 4)),
            _ordered(2, 1, barista="Kim", told=(4, 6)),
            _ordered(3, 120, **tea, told=(1, 2)),
            _ordered(4, 121, Outcome.OPEN),
            _ordered(5, 122, Outcome.CANCELLED, cause="customer"),
            _ordered(6, 123, Outcome.CANCELLED, cause="customer"),
            _ordered(7, 124, Outcome.CANCELLED, cause="closing"),
            _ordered(8, 125, Outcome.TIMED_OUT),
            _ordered(9, 126, Outcome.REFUSED, placed_at=None, making_at=None, cause="full"),
        ],
        _utc,
    )
    assert (told.scans, told.orders, told.served, told.open) == (9, 8, 3, 1)
    assert [(line.name, line.orders, line.served) for line in told.hours] == [
        ("09:00", 2, 2),
        ("10:00", 0, 0),
        ("11:00", 6, 1),
    ]
    assert [(line.name, line.orders, line.served) for line in told.drinks] == [
        ("Latte", 7, 2),
        ("Tea", 1, 1),
    ]
    assert [(line.name, line.orders) for line in told.baristas] == [("Kim", 2), ("Ada", 1)]
    assert told.cancels == (("customer", 2), ("closing", 1))
    assert told.timeouts == (("unknown", 1),)
    assert told.refusals == (("full", 1),)
    promises = told.promises
    assert (promises.count, promises.right, promises.early, promises.late) == (3, 1, 1, 1)
    assert promises.usual == (1, 2)
    assert (told.hours[0].waited.average_ms, told.hours[0].made_in.average_ms) == (60_000, 120_000)
