"""The bar's own time, whatever is done to a machine's clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bar_time import FOLLOWS, BarTime

JUMPS = [-3600, -10, 10, 3600]
BEGIN = 1_800_000_000.0


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_is_set_moves_nothing_at_once_and_is_followed_in_the_end(jump):
    time = BarTime(BEGIN, 0.0)
    assert time.read(BEGIN + 60, 60) == BEGIN + 60
    assert time.read(BEGIN + 60 + jump, 60) == BEGIN + 60
    second = time.read(BEGIN + 61 + jump, 61) - (BEGIN + 60)
    assert second == pytest.approx(1 + math.copysign(FOLLOWS, jump), abs=1e-5)
    steady = 61 + abs(jump) / FOLLOWS
    assert time.read(BEGIN + steady + jump, steady) == pytest.approx(BEGIN + steady + jump)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_is_set_and_corrected_was_never_followed_far(jump):
    time = BarTime(BEGIN, 0.0)
    for steady in range(60):
        time.read(BEGIN + steady + (jump if steady > 30 else 0), steady)
    assert abs(time.read(BEGIN + 60, 60) - (BEGIN + 60)) <= 30 * FOLLOWS


@given(st.lists(st.tuples(st.floats(0, 4e9), st.floats(-10, 1e5)), max_size=50))
def test_it_never_goes_back_and_never_runs_more_than_a_tenth_off(readings):
    time, steady = BarTime(BEGIN, 0.0), 0.0
    for wall, passed in readings:
        before = time.now
        after = time.read(wall, steady + passed)
        # Where even the steady count goes back, time stands still.
        assert 0.89 * max(passed, 0) <= after - before + 1e-4
        assert after - before <= 1.11 * max(passed, 0) + 1e-4
        steady += passed


# Between two starts


def _later(wall: float, steady: float, boot: str | None, text: str | None = None) -> float:
    time = BarTime(BEGIN, 500.0)
    again = BarTime.from_text(text or time.to_text("first"), wall, steady, boot)
    return again.read(wall, steady)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_is_set_between_two_starts_moves_nothing_at_once(jump):
    """A minute after it was written down, in the same run of the system."""
    now = _later(BEGIN + 60 + jump, 560, "first")
    assert abs(now - (BEGIN + 60)) <= 60 * FOLLOWS + 1e-4
    assert _later(BEGIN + 60 + jump, 560, None) == now


@pytest.mark.parametrize("jump", [-3600, -10])
def test_after_a_restart_of_the_machine_it_is_not_earlier_than_it_was(jump):
    assert _later(BEGIN + jump, 5, "second") == BEGIN


@pytest.mark.parametrize("jump", [10, 3600])
def test_after_a_restart_of_the_machine_the_clock_says_what_time_it_is(jump):
    assert _later(BEGIN + jump, 5, "second") == BEGIN + jump
    assert _later(BEGIN + jump, 600, "") == BEGIN + jump


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{",
        "garbage",
        '{"now": "x"}',
        '{"now": 5}',
        "[" * 100_000,
        '{"now": NaN, "steady": 1, "boot": "first"}',
        '{"now": 1e99, "steady": 1, "boot": "first"}',
    ],
    ids=lambda text: text[:12],
)
def test_a_spoiled_note_is_as_good_as_none(text):
    assert _later(BEGIN + 7, 5, "first", text) == BEGIN + 7
