"""Moments as numbers and texts, to the millisecond, in the one spelling that all of the bar has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970; parts of one are cut off. The moment has a time zone."""
    return milliseconds(moment - _EPOCH)


def from_ms(value: int) -> datetime:
    """The moment, in UTC, so many milliseconds after 1970. Raises OverflowError after 9999."""
    return _EPOCH + timedelta(milliseconds=value)


def milliseconds(span: timedelta) -> int:
    """The whole milliseconds of a span."""
    return span // timedelta(milliseconds=1)


def to_iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z, as Step Functions spells `$$.State.EnteredTime`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
