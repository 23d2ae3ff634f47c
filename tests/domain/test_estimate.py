"""The wait that is told: a range in order, longer with a longer queue, silent without data."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.estimate import (
    FEWEST_SAMPLES,
    Sample,
    WaitRange,
    estimate,
    next_place_at,
    quantile,
    samples_of,
)
from domain.metrics import OrderRecord, Outcome
from domain.orders import OrderState
from tests.builders import NOW, an_order

seconds = st.integers(0, 1800).map(lambda s: timedelta(seconds=s))
samples = st.lists(
    st.builds(Sample, st.sampled_from(["Latte", "Tea"]), st.integers(0, 20), seconds, seconds),
    max_size=60,
)
ahead = st.integers(0, 40)


@given(samples, ahead, st.sampled_from(["Latte", "Tea", "Mocha"]), st.integers(0, 30))
def test_the_range_is_in_order_and_never_negative(known, queue, drink, extra):
    told = estimate(known, queue, drink, extra)
    if len(known) < FEWEST_SAMPLES:
        assert told is None
    else:
        assert extra <= told.low < told.high


@given(samples, ahead, ahead)
def test_a_longer_queue_is_never_a_shorter_wait(known, one, other):
    near, far = (estimate(known, queue, "Latte") for queue in sorted((one, other)))
    if near:
        assert near.low <= far.low and near.high <= far.high


@given(samples, ahead, st.integers(0, 30))
def test_extra_minutes_are_added_to_both_ends(known, queue, extra):
    plain, busy = estimate(known, queue), estimate(known, queue, extra_minutes=extra)
    if plain:
        assert (busy.low - plain.low, busy.high - plain.high) == (extra, extra)


@given(samples, ahead)
def test_the_order_in_which_samples_were_read_does_not_matter(known, queue):
    assert estimate(known, queue) == estimate(known[::-1], queue)


def test_a_steady_bar_is_told_to_the_minute():
    steady = [Sample("Latte", 1, timedelta(minutes=2), timedelta(seconds=90))] * FEWEST_SAMPLES
    # Two orders in front and its own turn, a minute each, and one and a half in the making.
    assert estimate(steady, 2) == WaitRange(4, 5)


def test_the_making_is_that_of_the_drink_where_enough_were_made():
    quick = [Sample("Espresso", 0, timedelta(), timedelta(seconds=30))] * FEWEST_SAMPLES
    slow = [Sample("Mocha", 0, timedelta(), timedelta(minutes=4))] * FEWEST_SAMPLES
    assert estimate(quick + slow, 0, "Espresso") == WaitRange(0, 1)
    assert estimate(quick + slow, 0, "Mocha") == WaitRange(4, 5)
    assert estimate(quick + slow, 0, "Tea") == WaitRange(0, 4)


def _record(number: int, placed: int, taken: int, ended: int, **changes) -> OrderRecord:
    at = [NOW + timedelta(seconds=s) for s in (placed, taken, ended)]
    return OrderRecord(str(number), NOW, *at, outcome=changes.get("outcome", Outcome.SERVED))


def test_those_in_front_are_the_ones_placed_before_and_not_ended_yet():
    known = samples_of(
        [
            _record(1, 0, 10, 60),
            _record(2, 5, 60, 120),
            _record(3, 50, 120, 200, outcome=Outcome.CANCELLED),
            _record(4, 61, 200, 260),
        ]
    )
    assert [sample.ahead for sample in known] == [0, 1, 2]


@given(st.lists(seconds, min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_one_of_the_spans_and_covers_its_part(spans, part):
    found = quantile(spans, part)
    assert found in spans
    assert sum(span <= found for span in spans) >= part * len(spans) - 1e-9


_THREE_MINUTES = [Sample("Latte", 0, timedelta(), timedelta(minutes=3))] * FEWEST_SAMPLES


def test_a_place_is_likely_when_the_drink_in_hand_is_made():
    making = an_order(OrderState.MAKING)
    orders = [an_order(OrderState.QUEUED), making, an_order(OrderState.COMPLETED)]
    now = making.making_at + timedelta(seconds=30)
    assert next_place_at(_THREE_MINUTES, orders, now) == making.making_at + timedelta(minutes=3)
    # Late drinks come any moment, which is a minute to whoever waits for them.
    late = making.making_at + timedelta(minutes=10)
    assert next_place_at(_THREE_MINUTES, [making], late) == late + timedelta(minutes=1)


def test_where_nothing_is_known_a_place_is_likely_at_the_first_deadline():
    orders = [an_order(OrderState.ADMITTED), an_order(OrderState.QUEUED)]
    assert next_place_at([], orders, NOW) == min(order.deadline_at for order in orders)
    assert next_place_at([], [an_order(OrderState.COMPLETED)], NOW) is None
