"""Moments and spans of time as people say them, by the shop's clock, in the current locale."""

from __future__ import annotations

from datetime import datetime

from domain import instants
from domain.shops import Shop
from domain.texts import N_
from webapp.words import _, ngettext

_MONTHS = (
    N_("Jan"),
    N_("Feb"),
    N_("Mar"),
    N_("Apr"),
    N_("May"),
    N_("Jun"),
    N_("Jul"),
    N_("Aug"),
    N_("Sep"),
    N_("Oct"),
    N_("Nov"),
    N_("Dec"),
)
_ON_WEEKDAY = (
    N_("on Monday at %(clock)s"),
    N_("on Tuesday at %(clock)s"),
    N_("on Wednesday at %(clock)s"),
    N_("on Thursday at %(clock)s"),
    N_("on Friday at %(clock)s"),
    N_("on Saturday at %(clock)s"),
    N_("on Sunday at %(clock)s"),
)


def clock(shop: Shop, moment: datetime) -> str:
    """Returns the moment as the clock on the shop's wall shows it."""
    return shop.local_time(moment).strftime("%H:%M")


def moment(shop: Shop, at: datetime | None, now: datetime) -> str:
    """Returns the moment by the shop's clock, with its date unless that is today."""
    if at is None:
        return "unknown"
    local = shop.local_time(at)
    if local.date() == shop.local_time(now).date():
        return local.strftime("%H:%M")
    return _("%(day)s, %(clock)s", day=calendar_day(local), clock=local.strftime("%H:%M"))


def calendar_day(local: datetime) -> str:
    """Returns a day without its year: "24 Dec"."""
    month = _(_MONTHS[local.month - 1])
    return _("%(day)s %(month)s", day=local.day, month=month)


def coming(shop: Shop, at: datetime, now: datetime) -> str:
    """Returns a coming moment: "at 13:00", "tomorrow at 09:00", "on Monday at 09:00"."""
    local, today = shop.local_time(at), shop.local_time(now).date()
    days, at_clock = (local.date() - today).days, local.strftime("%H:%M")
    if days == 0:
        return _("at %(clock)s", clock=at_clock)
    if days == 1:
        return _("tomorrow at %(clock)s", clock=at_clock)
    if days < 7:
        return _(_ON_WEEKDAY[local.weekday()], clock=at_clock)
    return _("on %(day)s at %(clock)s", day=calendar_day(local), clock=at_clock)


def duration(seconds: int) -> str:
    """Returns a span of time as people say it."""
    if seconds % 60 == 0 and seconds >= 60:
        return ngettext("%(count)s minute", "%(count)s minutes", seconds // 60)
    return ngettext("%(count)s second", "%(count)s seconds", seconds)


def minutes_and_seconds(seconds: float) -> str:
    """Returns a span as the deck writes it: "3m 34s", "34s", "1h 4m"."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    return f"{whole // 60}m {whole % 60}s" if whole >= 60 else f"{whole}s"


def to_ms(moment: datetime | None) -> int | None:
    """Returns the moment for the browser's clocks, in milliseconds; None stays None."""
    return None if moment is None else instants.to_ms(moment)
