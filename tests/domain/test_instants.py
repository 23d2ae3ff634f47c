"""Moments as numbers and texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import from_ms, milliseconds, to_iso, to_ms

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(MOMENTS)
def test_a_moment_comes_back_to_the_millisecond(moment):
    assert timedelta() <= moment - from_ms(to_ms(moment)) < timedelta(milliseconds=1)
    assert datetime.fromisoformat(to_iso(moment)) == from_ms(to_ms(moment))


def test_the_count_begins_in_1970_and_knows_time_zones():
    assert from_ms(1_500) == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    lisbon = timezone(timedelta(hours=1))
    assert to_ms(datetime(1970, 1, 1, 1, 0, 0, 57_999, tzinfo=lisbon)) == 57
    assert to_iso(datetime(2024, 5, 17, 10, 31, 7, tzinfo=lisbon)) == "2024-05-17T09:31:07.000Z"


def test_a_moment_beyond_the_calendar_is_refused():
    with pytest.raises(OverflowError):
        from_ms(10**15)


def test_a_span_is_counted_in_whole_milliseconds():
    assert milliseconds(timedelta(seconds=2, microseconds=1_999)) == 2_001
