"""Reads numbers, days and moments as people, devices and files write them, each in one way.

Python itself accepts more than people mean: digits of other scripts, numbers of any length, weeks
instead of days, the year 1. Each function raises ValueError for a value out of its bounds; the
caller turns that into its own message.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 1, 1)
"""The functions accept days and moments from the first on and before the second, so that a value
stays within the calendar when a time zone or a span is added."""
_MOST_DIGITS = 9
_NUMBER = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_MOMENT = 40


def read_number(text: str, least: int, most: int) -> int:
    """Returns a whole number of at most nine ASCII digits, from `least` to `most`."""
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError("not such a number")
    return int(text)


def read_day(text: str) -> date:
    """Returns a calendar day, such as 2026-11-24."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a day")
    day = date.fromisoformat(text)
    if not EARLIEST <= day < LATEST:
        raise ValueError("not a day of this time")
    return day


def read_moment(text: str) -> datetime:
    """Returns a moment in UTC from a text with a time zone, such as 2026-11-24T09:30:00Z."""
    if len(text) > _LONGEST_MOMENT or not text.isascii():
        raise ValueError("not a moment")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not EARLIEST <= moment.date() < LATEST:
        raise ValueError("not a moment of this time")
    return moment.astimezone(UTC)
