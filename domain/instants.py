"""Writes and reads moments as numbers and texts, to the millisecond, in one form for all code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Returns the whole milliseconds since 1970. The moment must have a time zone."""
    return milliseconds(moment - _EPOCH)


def from_ms(value: int) -> datetime:
    """Returns the UTC moment `value` milliseconds after 1970. Raises OverflowError after 9999."""
    return _EPOCH + timedelta(milliseconds=value)


def milliseconds(span: timedelta) -> int:
    """Returns the whole milliseconds of a span."""
    return span // timedelta(milliseconds=1)


def to_iso(moment: datetime) -> str:
    """Returns RFC 3339 in UTC with milliseconds and Z, as in Step Functions' `EnteredTime`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
