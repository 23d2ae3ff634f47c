"""Numbers, days and moments: what is read, and what is not."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reading import EARLIEST, LATEST, read_day, read_moment, read_number

READERS = {
    "number": lambda text: read_number(text, 0, 999_999_999),
    "day": read_day,
    "moment": read_moment,
}


def test_what_is_meant_is_read():
    assert read_number("0050", 1, 100) == 50
    assert read_day("2026-11-24") == date(2026, 11, 24)
    at = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert read_moment("2026-11-24T08:30:00Z") == at
    assert read_moment("2026-11-24T09:30:00.000+01:00") == at


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        *(
            ("number", text)
            for text in (
                "",
                " 1",
                "+1",
                "-1",
                "1.0",
                "1_0",
                "٣",
                "１",
                "²",
                "0000000001",
                "9" * 5000,
                "1\n",
            )
        ),
        *(
            ("day", text)
            for text in (
                "",
                "20261124",
                "2026-W48-2",
                "2026-11-31",
                "0001-01-01",
                "9999-12-31",
                "２０26-11-24",
                "2026-11-24\n",
                "2026-11-24T00:00:00Z",
            )
        ),
        *(
            ("moment", text)
            for text in (
                "",
                "2026-11-24",
                "2026-11-24T09:30:00",
                "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59Z",
                "1999-12-31T23:59:59Z",
                "2026-11-24T09:30:00Z" + " " * 40,
                "２０26-11-24T09:30:00Z",
            )
        ),
    ],
)
def test_what_python_would_read_or_choke_on_is_not_read(reader, text):
    with pytest.raises(ValueError):
        READERS[reader](text)


@given(st.sampled_from(sorted(READERS)), st.text(max_size=30))
def test_no_text_is_a_fault_and_nothing_is_read_beyond_the_bounds(reader, text):
    try:
        found = READERS[reader](text)
    except ValueError:
        return
    if reader == "number":
        assert 0 <= found <= 999_999_999
    else:
        assert EARLIEST <= (found if reader == "day" else found.date()) <= LATEST


def test_the_bounds_belong_to_what_is_read_or_not_as_is_said():
    assert (read_number("1", 1, 3), read_number("3", 1, 3)) == (1, 3)
    assert read_day("2000-01-01") == EARLIEST
    assert read_day("2998-12-31") < LATEST
    assert read_moment("2000-01-01T00:00:00Z").date() == EARLIEST
    for beyond in ("1999-12-31", "2999-01-01"):
        with pytest.raises(ValueError, match=r"^not a day of this time$"):
            read_day(beyond)
        with pytest.raises(ValueError, match=r"^not a moment of this time$"):
            read_moment(f"{beyond}T00:00:00Z")


def test_what_is_wrong_is_said():
    for wrong in ("", "4"):
        with pytest.raises(ValueError, match=r"^not such a number$"):
            read_number(wrong, 1, 3)
    with pytest.raises(ValueError, match=r"^not a day$"):
        read_day("today")
    for wrong in ("2026-11-24T08:30:00" + "0" * 22, "2026-11-24T08:30:00é"):
        with pytest.raises(ValueError, match=r"^not a moment$"):
            read_moment(wrong)
    with pytest.raises(ValueError, match=r"^not a moment of this time$"):
        read_moment("2026-11-24T08:30:00")


def test_a_moment_of_forty_characters_is_read_and_comes_in_utc():
    text = "2026-11-24T08:30:00.000000+01:00:00.0000"
    assert len("2026-11-24T08:30:00+01:00") < 40
    moment = read_moment("2026-11-24T08:30:00+01:00")
    assert moment.tzinfo is UTC and moment.hour == 7
    assert len(text) == 40
