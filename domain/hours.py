"""Opening hours by the shop's own clock: for each weekday, with exceptions by date.

A door that a person moved stays so until the next boundary of the hours. Then the clock decides
again.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import SettingInvalid
from domain.reading import read_day

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"(\d{1,2})[:.](\d{2})\s*(?:-|–|to)\s*(\d{1,2})[:.](\d{2})")
_LOOK_AHEAD_DAYS = 15
_MOST_SPANS = 6
_MOST_EXCEPTIONS = 60


@dataclass(frozen=True)
class Span:
    """One span of open time, in minutes after the midnight that begins its day.

    A `closes` above 1440 is past midnight, on the next day.
    """

    opens: int
    closes: int

    def __str__(self) -> str:
        closes = self.closes if self.closes <= _DAY_MINUTES else self.closes - _DAY_MINUTES
        return f"{_clock(self.opens)}–{_clock(closes)}"


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Hours:
    """When the clock opens and closes a shop. Without any span, only people do.

    weekly: a tuple of spans for each day, Monday first.
    exceptions: the spans of a date (ISO) that replace its weekday's spans; an empty tuple means
        that the shop is closed on that day.
    """

    weekly: tuple[Spans, ...] = ((),) * 7
    exceptions: Mapping[str, Spans] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.weekly) or any(self.exceptions.values())

    def is_open(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Returns True when the hours say that the shop is open at this moment."""
        return any(opens <= moment < closes for opens, closes in self._around(moment, zone))

    def last_boundary(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Returns the latest opening or closing at or before the moment, within the last days."""
        passed = [at for span in self._around(moment, zone) for at in span if at <= moment]
        return max(passed, default=None)

    def next_boundary(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Returns the next opening or closing after the moment, within the next two weeks."""
        coming = [at for span in self._around(moment, zone) for at in span if at > moment]
        return min(coming, default=None)

    def next_opening(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Returns when the clock opens the shop next, within the next two weeks."""
        return min(
            (opens for opens, _ in self._around(moment, zone) if opens > moment), default=None
        )

    def _around(self, moment: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        """Returns the open times near a moment.

        Times that touch are joined, so that the door does not move between them.
        """
        today = moment.astimezone(zone).date()
        merged: list[tuple[datetime, datetime]] = []
        for opens, closes in sorted(self._stretches(today, zone)):
            if merged and opens <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
            else:
                merged.append((opens, closes))
        return merged

    def _stretches(self, today: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        for after in range(-8, _LOOK_AHEAD_DAYS):
            day = today + timedelta(days=after)
            spans = self.exceptions.get(day.isoformat(), self.weekly[day.weekday()])
            for span in spans:
                yield _at(day, span.opens, zone), _at(day, span.closes, zone)


def read_spans(text: str, what: str) -> Spans:
    """Returns the spans from "08:30-12:00, 13:00-02:00"; no spans from an empty text or "closed".

    what: names the field in the error.
    A closing time that is not after the opening is past midnight. Raises SettingInvalid.
    """
    text = text.strip()
    if not text or text.lower() == "closed":
        return ()
    spans = []
    for part in re.split(r"[,;]", text):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise SettingInvalid(what, f"Write hours like 08:30–17:00, not “{part.strip()[:24]}”.")
        opens, closes = _minutes(match[1], match[2], what), _minutes(match[3], match[4], what)
        if opens == _DAY_MINUTES:
            raise SettingInvalid(what, "A day begins at 00:00.")
        if closes == opens:
            raise SettingInvalid(what, "Opening and closing are the same minute.")
        spans.append(Span(opens, closes if closes > opens else closes + _DAY_MINUTES))
    spans.sort(key=lambda span: span.opens)
    if len(spans) > _MOST_SPANS:
        raise SettingInvalid(what, f"At most {_MOST_SPANS} stretches a day.")
    if any(later.opens < earlier.closes for earlier, later in itertools.pairwise(spans)):
        raise SettingInvalid(what, "These hours overlap.")
    return tuple(spans)


def write_spans(spans: Spans) -> str:
    """Returns the text that `read_spans` reads."""
    return ", ".join(str(span) for span in spans)


def read_exceptions(text: str) -> dict[str, Spans]:
    """Returns the exceptions from lines such as "2026-12-24 09:00-12:00" or "2026-12-25 closed".

    Raises SettingInvalid.
    """
    found: dict[str, Spans] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        day, _, spans = line.partition(" ")
        try:
            day = read_day(day.rstrip(":")).isoformat()
        except ValueError:
            raise SettingInvalid(
                "exceptions", f"Begin each line with a date like 2026-12-24, not “{day[:24]}”."
            ) from None
        if day in found:
            raise SettingInvalid("exceptions", f"{day} is there twice.")
        found[day] = read_spans(spans, "exceptions")
    if len(found) > _MOST_EXCEPTIONS:
        raise SettingInvalid("exceptions", f"At most {_MOST_EXCEPTIONS} dates.")
    return dict(sorted(found.items()))


def write_exceptions(exceptions: Mapping[str, Spans]) -> str:
    """Returns the text that `read_exceptions` reads."""
    return "\n".join(f"{day} {write_spans(spans) or 'closed'}" for day, spans in exceptions.items())


def hours_to_dict(hours: Hours) -> dict:
    """Returns the hours as data that can be written as JSON, in the words of an exported file."""
    days = {day: write_spans(spans) for day, spans in zip(DAYS, hours.weekly) if spans}
    exceptions = {day: write_spans(spans) or "closed" for day, spans in hours.exceptions.items()}
    return days | ({"exceptions": exceptions} if exceptions else {})


def hours_from_dict(data: Mapping) -> Hours:
    """Returns the hours from the shape that `hours_to_dict` makes. Raises SettingInvalid."""
    return Hours(
        weekly=tuple(read_spans(data.get(day, ""), day) for day in DAYS),
        exceptions=read_exceptions(
            "\n".join(f"{day} {spans}" for day, spans in data.get("exceptions", {}).items())
        ),
    )


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # The wall clock counts, so 08:00 stays 08:00 on days with a change of summer time.
    day += timedelta(days=minutes // _DAY_MINUTES)
    wall = time(minutes % _DAY_MINUTES // 60, minutes % 60)
    return datetime.combine(day, wall, zone).astimezone(UTC)


def _minutes(hour: str, minute: str, what: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > _DAY_MINUTES:
        raise SettingInvalid(what, f"There is no {hour}:{minute} on a clock.")
    return minutes


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
