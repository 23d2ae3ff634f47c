"""Numbers, days and moments as people, devices and files write them: one way to read each.

What Python takes by itself is more than anybody means: digits of other scripts, numbers of any
length, weeks for days, the year 1. Each function raises ValueError for what is not within bounds;
whoever asks says it in the words of the place.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 1, 1)
"""No day or moment before the first or from the second on: with any zone or span added, what is
read here stays within what a calendar has."""
_MOST_DIGITS = 9
_NUMBER = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_MOMENT = 40


def read_number(text: str, least: int, most: int) -> int:
    """A whole number of at most nine ASCII digits, from `least` to `most`."""
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError("not such a number")
    return int(text)


def read_day(text: str) -> date:
    """A calendar day, such as 2026-11-24."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a day")
    day = date.fromisoformat(text)
    if not EARLIEST <= day < LATEST:
        raise ValueError("not a day of this time")
    return day


def read_moment(text: str) -> datetime:
    """A moment with its zone, such as 2026-11-24T09:30:00Z, in UTC."""
    if len(text) > _LONGEST_MOMENT or not text.isascii():
        raise ValueError("not a moment")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not EARLIEST <= moment.date() < LATEST:
        raise ValueError("not a moment of this time")
    return moment.astimezone(UTC)
