"""A shop's figures: they are counted from events and read for one day or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from domain.errors import ChoiceInvalid
from domain.events import OrderEvent
from domain.metrics import Days, Figures, OrderRecord, figures, mark_of, record_of
from domain.reading import read_day
from domain.shops import Shop
from webapp.services.past.bundle import PastServices

MOST_DAYS = 31
_HOUR = timedelta(hours=1)
_SETTLED = timedelta(minutes=30)
"""Hardly any order leaves a mark this long after its hour; a mark that does unpacks the hour."""
_AGREE = timedelta(minutes=5)
"""How far the clocks of the process that packs and the process that marks may differ."""
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)


def today(services: PastServices, shop: Shop) -> date:
    """Returns the shop's calendar day now."""
    return shop.local_time(services.now()).date()


def chosen_days(services: PastServices, shop: Shop, first: str, last: str) -> Days:
    """Returns the days that were asked for.

    first: YYYY-MM-DD, or empty for today. last: YYYY-MM-DD, or empty for `first`.
    Raises ChoiceInvalid.
    """
    try:
        begin = read_day(first) if first else today(services, shop)
        end = read_day(last) if last else begin
    except ValueError:
        raise ChoiceInvalid("Write a day as year-month-day, such as 2024-05-17.") from None
    if not _EARLIEST <= begin < _LATEST:
        raise ChoiceInvalid("Choose a day of this century.")
    if not begin <= end < begin + timedelta(days=MOST_DAYS):
        raise ChoiceInvalid(f"Choose a last day within {MOST_DAYS} days from the first one.")
    return Days(begin, end)


def count_event(services: PastServices, event: OrderEvent, announced_at: datetime) -> bool:
    """Leaves the event's mark at its order; returns False when the event does not count."""
    mark = mark_of(event, announced_at)
    if mark is None:
        return False
    services.metrics.mark(event, event.at or announced_at, mark)
    if event.began_at and _hour_of(event.began_at) + _HOUR <= services.now() - _SETTLED + _AGREE:
        services.metrics.unpack(event.shop_id, event.began_at)
    return True


def records(services: PastServices, shop: Shop, days: Days) -> list[OrderRecord]:
    """Returns the orders that began on these days, oldest first."""
    since, until = days.bounds(shop)
    packed = services.metrics.packed_hours(shop.id, since, until)
    read = [record for hour in packed.values() for record in hour]
    marks = services.metrics.recorded_marks(shop.id, since, until)
    read += _records_of(marks)
    for begin, end in _gaps(packed, since, until):
        read += _read_and_pack(services, shop, begin, end)
    of_days = [record for record in read if since <= record.began_at < until]
    return sorted(of_days, key=lambda record: (record.began_at, record.id))


def _gaps(
    hours: Iterable[datetime], since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yields the spans between `since` and `until` that these whole hours leave out."""
    begin = since
    for hour in sorted(hours):
        if begin < hour:
            yield begin, hour
        begin = max(begin, hour + _HOUR)
    if begin < until:
        yield begin, until


def _read_and_pack(
    services: PastServices, shop: Shop, since: datetime, until: datetime
) -> list[OrderRecord]:
    """Returns the orders that began in this span, and packs its whole hours that are long over."""
    read = _records_of(services.metrics.marks(shop.id, since, until))
    settled = services.now() - _SETTLED
    for hour in {_hour_of(record.began_at) for record in read}:
        if since <= hour and hour + _HOUR <= min(until, settled):
            # The marks are read again between begin_packing and finish_packing, so that none gets
            # lost: a consistent read has all earlier marks, and a later one unpacks the hour.
            proof = services.metrics.begin_packing(shop.id, hour)
            marks = services.metrics.marks(shop.id, hour, hour + _HOUR, is_consistent=True)
            services.metrics.finish_packing(shop.id, hour, proof, _records_of(marks))
    return read


def _records_of(marks: Mapping[str, Iterable[str]]) -> list[OrderRecord]:
    return [record_of(order_id, found) for order_id, found in marks.items()]


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def figures_of(services: PastServices, shop: Shop, days: Days) -> Figures:
    """Returns the figures of these days."""
    return figures(records(services, shop, days), shop.local_time)


def refused_scans(services: PastServices, shop: Shop, days: Days) -> dict[str, int]:
    """Returns how many scans were refused before there was an order, by the refusal's name."""
    return services.metrics.refusals(shop.id, days.first.isoformat(), days.last.isoformat())
