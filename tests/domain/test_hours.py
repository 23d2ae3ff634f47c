"""Opening hours: past midnight, exceptions, summer time, and the hand that moves the door."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SettingInvalid
from domain.hours import (
    DAYS,
    Hours,
    Span,
    hours_from_dict,
    hours_to_dict,
    read_exceptions,
    read_spans,
    write_exceptions,
    write_spans,
)
from domain.shops import follow_clock, move_door
from tests.builders import a_shop

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = hours_from_dict(dict.fromkeys(DAYS[:5], "09:00-13:00, 14:00-17:00"))
NIGHT = hours_from_dict({"friday": "20:00-02:00", "saturday": "20:00-24:00"})


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("09:00-17:00", (Span(540, 1020),)),
        ("9.30 – 12:00; 13:00 to 17:00", (Span(570, 720), Span(780, 1020))),
        ("18:00-02:00", (Span(1080, 1560),)),
        ("00:00-24:00", (Span(0, 1440),)),
        ("", ()),
        (" Closed ", ()),
    ],
)
def test_hours_are_read_as_people_write_them(text, spans):
    assert read_spans(text, "monday") == spans
    assert read_spans(write_spans(spans), "monday") == spans


@pytest.mark.parametrize(
    "text",
    [
        "9-17",
        "09:00",
        "25:00-26:00",
        "09:60-10:00",
        "10:00-10:00",
        "24:00-02:00",
        "09:00-12:00, 11:00-13:00",
        "soon",
        "1:00-2:00,3:00-4:00,5:00-6:00,7:00-8:00,9:00-10:00,11:00-12:00,13:00-14:00",
    ],
)
def test_hours_that_mean_nothing_are_refused_with_their_field(text):
    with pytest.raises(SettingInvalid) as refused:
        read_spans(text, "monday")
    assert refused.value.field == "monday"


@pytest.mark.parametrize(
    "text", ["christmas closed", "2026-12-24 09:00", "2026-12-24 closed\n2026-12-24 09:00-10:00"]
)
def test_exceptions_that_mean_nothing_are_refused(text):
    with pytest.raises(SettingInvalid) as refused:
        read_exceptions(text)
    assert refused.value.field == "exceptions"


def test_exceptions_are_read_as_they_are_written():
    text = "2026-12-24 09:00–12:00\n2026-12-25 closed"
    assert write_exceptions(read_exceptions("2026-12-25: closed\n2026-12-24 9:00-12:00")) == text


spans = st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 600)), max_size=1).map(
    lambda found: tuple(Span(opens, opens + length) for opens, length in found)
)
hours = st.builds(Hours, weekly=st.tuples(*[spans] * 7))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(hours=hours)
def test_hours_survive_being_stored(hours):
    assert hours_from_dict(hours_to_dict(hours)) == hours


@given(hours=hours, moment=moments, zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]))
def test_the_door_only_moves_at_boundaries(hours, moment, zone):
    zone = ZoneInfo(zone)
    coming, passed = hours.next_boundary(moment, zone), hours.last_boundary(moment, zone)
    now = hours.is_open(moment, zone)
    if coming is not None:
        assert hours.is_open(coming - timedelta(seconds=1), zone) == now
        assert hours.is_open(coming, zone) != now
    if passed is not None:
        assert hours.is_open(passed, zone) == now
    opening = hours.next_opening(moment, zone)
    assert opening is None or hours.is_open(opening, zone)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T09:00", True),
        ("2026-11-23T13:00", False),
        ("2026-11-23T14:00", True),
        ("2026-11-28T10:00", False),
    ],
)
def test_the_lunch_break_and_the_weekend_are_closed(moment, is_open):
    assert WEEKDAYS.is_open(berlin(moment), BERLIN) is is_open


def test_a_night_goes_on_past_midnight_and_two_that_touch_are_one():
    assert NIGHT.is_open(berlin("2026-11-28T01:59"), BERLIN)
    assert not NIGHT.is_open(berlin("2026-11-28T02:00"), BERLIN)
    both = hours_from_dict({"friday": "20:00-24:00", "saturday": "00:00-03:00"})
    assert both.next_boundary(berlin("2026-11-27T21:00"), BERLIN) == berlin("2026-11-28T03:00")


def test_an_exception_takes_the_place_of_its_weekday():
    hours = replace(
        WEEKDAYS, exceptions=read_exceptions("2026-11-23 closed\n2026-11-28 10:00-11:00")
    )
    assert not hours.is_open(berlin("2026-11-23T10:00"), BERLIN)
    assert hours.is_open(berlin("2026-11-28T10:30"), BERLIN)


def test_nine_oclock_stays_nine_oclock_when_the_clocks_change():
    sundays = hours_from_dict({"sunday": "09:00-10:00"})
    before = sundays.next_opening(berlin("2026-10-18T00:00"), BERLIN)
    after = sundays.next_opening(berlin("2026-10-25T00:00"), BERLIN)
    assert (before.astimezone(BERLIN).hour, after.astimezone(BERLIN).hour) == (9, 9)
    assert after - before == timedelta(days=7, hours=1)


# The door


def shop(**changes):
    return a_shop(timezone="Europe/Berlin", hours=WEEKDAYS, **changes)


def test_the_clock_opens_and_closes():
    closed = shop(is_open=False)
    opened = follow_clock(closed, berlin("2026-11-23T09:00:30"))
    assert opened.is_open
    assert not follow_clock(opened, berlin("2026-11-23T13:00")).is_open


def test_a_hand_wins_until_the_next_boundary():
    by_hand = move_door(shop(), False, berlin("2026-11-23T10:30"))
    assert not follow_clock(by_hand, berlin("2026-11-23T12:59")).is_open
    assert not follow_clock(by_hand, berlin("2026-11-23T13:59")).is_open
    assert follow_clock(by_hand, berlin("2026-11-23T14:00")).is_open


def test_a_bar_opened_late_at_night_by_hand_stays_open_until_its_next_closing_time():
    late = move_door(shop(is_open=False), True, berlin("2026-11-23T20:00"))
    assert follow_clock(late, berlin("2026-11-24T08:00")).is_open
    assert not follow_clock(late, berlin("2026-11-24T13:00:01")).is_open


def test_a_shop_without_hours_or_an_archived_one_is_left_alone():
    for untouched in (a_shop(is_open=False), shop(is_open=False, is_archived=True)):
        assert follow_clock(untouched, berlin("2026-11-23T10:00")) is untouched


def test_closing_ends_a_rush_and_a_pause():
    now = berlin("2026-11-23T10:00")
    busy = shop(extra_minutes=10, paused_until=now + timedelta(minutes=10))
    closed = move_door(busy, False, now)
    assert (closed.extra_minutes, closed.paused_until) == (0, None)


def test_a_closed_shop_says_when_it_opens_again():
    assert shop(is_open=False).opens_again_at(berlin("2026-11-23T13:30")) == berlin(
        "2026-11-23T14:00"
    )
    assert shop(is_open=False).opens_again_at(berlin("2026-11-27T18:00")) == berlin(
        "2026-11-30T09:00"
    )
    assert a_shop(is_open=False).opens_again_at(berlin("2026-11-23T13:30")) is None
