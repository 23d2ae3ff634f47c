"""The bar's figures: kept from events, read for a day or several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from domain.errors import ChoiceInvalid
from domain.events import OrderEvent
from domain.metrics import Figures, OrderRecord, figures, mark_of, record_of
from domain.reading import read_day
from domain.shops import Shop
from webapp.services.ports import Services

MOST_DAYS = 31
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Days:
    """A span of a shop's calendar days, both ends included."""

    first: date
    last: date

    def bounds(self, shop: Shop) -> tuple[datetime, datetime]:
        """The span's begin and its end, in UTC; the end is not part of it."""
        zone = ZoneInfo(shop.timezone)
        first, after = self.first, self.last + timedelta(days=1)
        begin, end = (datetime.combine(day, time(), zone) for day in (first, after))
        return begin.astimezone(timezone.utc), end.astimezone(timezone.utc)


def today(services: Services, shop: Shop) -> date:
    """The shop's calendar day now."""
    return shop.local_time(services.now()).date()


def chosen_days(services: Services, shop: Shop, first: str, last: str) -> Days:
    """The days asked for (YYYY-MM-DD; empty: today, or the first). Raises ChoiceInvalid."""
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


def count_event(services: Services, event: OrderEvent, announced_at: datetime) -> bool:
    """Leaves the event's mark at its order; False when it does not count."""
    mark = mark_of(event, announced_at)
    if mark is None:
        return False
    services.metrics.mark(event, event.at or announced_at, mark)
    return True


def records(services: Services, shop: Shop, days: Days) -> list[OrderRecord]:
    """The orders that began on these days, oldest first."""
    since, until = days.bounds(shop)
    found = services.metrics.marks(shop.id, since, until)
    read = [record_of(order_id, marks) for order_id, marks in found.items()]
    of_days = [record for record in read if since <= record.began_at < until]
    return sorted(of_days, key=lambda record: (record.began_at, record.id))


def figures_of(services: Services, shop: Shop, days: Days) -> Figures:
    """The figures of these days."""
    return figures(records(services, shop, days), shop.local_time)


def refused_scans(services: Services, shop: Shop, days: Days) -> dict[str, int]:
    """How many scans were refused before there was an order, by the refusal's name."""
    return services.metrics.refusals(shop.id, days.first.isoformat(), days.last.isoformat())
