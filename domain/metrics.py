"""Counts a shop's figures from events.

Each event that counts leaves one mark at its order. The marks of an order are a set, so an event
that is delivered twice, late or out of order leaves the same set. Every figure is a pure function
of these sets, so figures kept live and figures rebuilt from the journeys are equal.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from domain.detail_types import DetailType
from domain.instants import from_ms, milliseconds, to_ms
from domain.menu import DrinkOrder

if TYPE_CHECKING:
    from domain.events import OrderEvent
    from domain.shops import Shop

COUNTED = (
    DetailType.NEW_ORDER,
    DetailType.SHOP_NOT_READY,
    DetailType.WAITING_PRODUCTION,
    DetailType.MANAGER_WAITING_COMPLETION,
    DetailType.MAKE_ORDER,
    DetailType.ORDER_COMPLETED,
    DetailType.ORDER_CANCELLED,
    DetailType.ORDER_TIME_OUT,
    DetailType.ORDER_REOPENED,
)
"""The events that leave a mark, in the order of an order's life."""
COUNTED_ELSEWHERE = frozenset({DetailType.MANAGER_WAITING_COMPLETION})
"""The events that leave a mark only in recordings from elsewhere. Our orders leave it with
WaitingProduction."""

UNKNOWN = "unknown"
_PLACE = {name.value: place for place, name in enumerate(COUNTED)}
_MINUTE = timedelta(minutes=1)
_SHORTEST_SERVICE = _MINUTE


class Outcome(StrEnum):
    """What became of an order. OPEN means that it is under way."""

    OPEN = "open"
    SERVED = "served"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    REFUSED = "refused"


@dataclass(frozen=True)
class Days:
    """A span of a shop's calendar days. Both ends are included."""

    first: date
    last: date

    def bounds(self, shop: Shop) -> tuple[datetime, datetime]:
        """Returns the begin and the end of the span in UTC. The end is not part of the span."""
        zone = ZoneInfo(shop.timezone)
        first, after = self.first, self.last + timedelta(days=1)
        begin, end = (datetime.combine(day, time(), zone) for day in (first, after))
        return begin.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True)
class Choice:
    """A chosen option, such as Oat in the group milk."""

    group: str
    name: str


@dataclass(frozen=True)
class OrderRecord:
    """What the marks of one order say. The times are UTC."""

    id: str
    began_at: datetime
    placed_at: datetime | None = None
    making_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome = Outcome.OPEN
    cause: str = ""
    drink: str = ""
    choices: tuple[Choice, ...] = ()
    barista: str = ""
    told: tuple[int, int] | None = None

    @property
    def waited(self) -> timedelta | None:
        """Returns the time from the choice until a barista took the order; None if not served."""
        return _span(self.placed_at, self.making_at) if self.served_at else None

    @property
    def made_in(self) -> timedelta | None:
        """Returns the time from when a barista took the order until the drink was ready."""
        return _span(self.making_at, self.served_at)

    @property
    def in_all(self) -> timedelta | None:
        """Returns the time from the choice until the drink was ready: the customer's whole wait."""
        return _span(self.placed_at, self.served_at)

    @property
    def served_at(self) -> datetime | None:
        """Returns when the drink was ready; None for an order that was not served."""
        return self.ended_at if self.outcome is Outcome.SERVED else None


@dataclass(frozen=True)
class Times:
    """How long something took, in milliseconds.

    count: the number of orders. percentile_90_ms: the time that nine out of ten orders did not
        exceed.
    """

    count: int = 0
    average_ms: int | None = None
    percentile_90_ms: int | None = None


@dataclass(frozen=True)
class Line:
    """The figures of one drink, option, barista or hour."""

    name: str
    orders: int
    served: int
    waited: Times = field(default_factory=Times)
    made_in: Times = field(default_factory=Times)


@dataclass(frozen=True)
class Promises:
    """How many of the waits that customers were told came out right, early or late.

    usual: the range that was told most often, in minutes.
    """

    count: int
    right: int
    early: int
    late: int
    usual: tuple[int, int] | None


@dataclass(frozen=True)
class Figures:
    """All figures of a span of days.

    scans: how many customers a QR code let in. orders: how many drinks were ordered.
    service_ms: from each day's first order to its last served drink, added up.
    drinks_per_hour: the served drinks per hour of that time.
    """

    scans: int
    orders: int
    served: int
    open: int
    service_ms: int
    drinks_per_hour: float | None
    waited: Times
    made_in: Times
    in_all: Times
    hours: tuple[Line, ...]
    drinks: tuple[Line, ...]
    options: tuple[Line, ...]
    baristas: tuple[Line, ...]
    cancels: tuple[tuple[str, int], ...]
    timeouts: tuple[tuple[str, int], ...]
    refusals: tuple[tuple[str, int], ...]
    promises: Promises


def mark_of(event: OrderEvent, announced_at: datetime) -> str | None:
    """Returns the mark that an event leaves; None for an event that does not count.

    announced_at: the envelope's time, used for an event that has no time of its own.
    """
    if event.detail_type not in COUNTED:
        return None
    if event.detail_type in COUNTED_ELSEWHERE and event.version:
        return None
    at = event.at or announced_at
    return _canonical([event.version, event.detail_type.value, to_ms(at), _facts(event)])


def nameless_mark(mark: str) -> str:
    """Returns the mark without the barista's name. All figures but the baristas' stay the same."""
    version, name, at, facts = json.loads(mark)
    if not facts.get("barista"):
        return mark
    return _canonical([version, name, at, facts | {"barista": ""}])


def record_of(order_id: str, marks: Iterable[str]) -> OrderRecord:
    """Returns what the marks of an order say, in whatever order they came.

    Raises ValueError when there are no marks.
    """
    read = sorted(_once(json.loads(mark) for mark in set(marks)), key=_by_life)
    if not read:
        raise ValueError("an order without a mark")
    began = [facts["began"] for _, _, _, facts in read if "began" in facts]
    fields: dict = {"began_at": from_ms(min(began or [at for _, _, at, _ in read]))}
    for _, name, at, facts in read:
        _apply(fields, DetailType(name), from_ms(at), facts)
    return OrderRecord(order_id, **fields)


def row_of_record(record: OrderRecord) -> list:
    """Returns the record as a short list for JSON, which record_of_row reads.

    The times are in milliseconds since 1970.
    """
    times = (record.began_at, record.placed_at, record.making_at, record.ended_at)
    return [
        record.id,
        *(at and to_ms(at) for at in times),
        record.outcome.value,
        record.cause,
        record.drink,
        [[choice.group, choice.name] for choice in record.choices],
        record.barista,
        record.told,
    ]


def record_of_row(row: list) -> OrderRecord:
    """Returns the record from a list that row_of_record made.

    Raises ValueError for another list.
    """
    order_id, began, placed, making, ended, outcome, cause, drink, choices, barista, told = row
    return OrderRecord(
        id=order_id,
        began_at=from_ms(began),
        placed_at=placed and from_ms(placed),
        making_at=making and from_ms(making),
        ended_at=ended and from_ms(ended),
        outcome=Outcome(outcome),
        cause=cause,
        drink=drink,
        choices=tuple(Choice(*choice) for choice in choices),
        barista=barista,
        told=told and tuple(told),
    )


def figures(records: Iterable[OrderRecord], local: Callable[[datetime], datetime]) -> Figures:
    """Returns the figures of these orders.

    local: turns a moment into the time on the shop's own clock.
    """
    all_records = sorted(records, key=lambda record: (record.began_at, record.id))
    placed = [record for record in all_records if record.placed_at]
    served = [record for record in placed if record.outcome is Outcome.SERVED]
    service = _service(placed, local)
    return Figures(
        scans=len(all_records),
        orders=len(placed),
        served=len(served),
        open=sum(record.outcome is Outcome.OPEN for record in all_records),
        service_ms=milliseconds(service),
        drinks_per_hour=len(served) / (service / timedelta(hours=1)) if served else None,
        waited=_times(record.waited for record in served),
        made_in=_times(record.made_in for record in served),
        in_all=_times(record.in_all for record in served),
        hours=_hours(placed, local),
        drinks=_lines(placed, lambda record: [record.drink or UNKNOWN]),
        options=_lines(
            placed, lambda record: [f"{one.group}: {one.name}" for one in record.choices]
        ),
        baristas=_lines(served, lambda record: [record.barista or UNKNOWN]),
        cancels=_causes(all_records, Outcome.CANCELLED),
        timeouts=_causes(all_records, Outcome.TIMED_OUT),
        refusals=_causes(all_records, Outcome.REFUSED),
        promises=_promises(served),
    )


def _facts(event: OrderEvent) -> dict:
    # These classes are imported here, because a page that counts waits needs only the marks and
    # starts faster without them.
    from domain.events import (
        MakeOrder,
        ManagerWaitingCompletion,
        OrderCancelled,
        OrderTimeOut,
        ShopNotready,
        WaitingProduction,
    )

    facts: dict = {} if event.began_at is None else {"began": to_ms(event.began_at)}
    match event:
        case MakeOrder():
            facts |= {"taken": bool(event.barista_id), "barista": event.barista_name}
        case OrderCancelled():
            by_bar = event.reason if event.cancelled_by == "barista" else ""
            facts["cause"] = by_bar or event.cancelled_by or UNKNOWN
        case OrderTimeOut():
            facts["cause"] = event.cause or UNKNOWN
        case ShopNotready():
            facts["cause"] = event.reason or UNKNOWN
        case WaitingProduction() | ManagerWaitingCompletion() if event.drink_order:
            facts |= _drink_facts(event.drink_order)
    if isinstance(event, WaitingProduction) and event.told:
        facts["told"] = list(event.told)
    return facts


def _drink_facts(drink: DrinkOrder) -> dict:
    return {
        "drink": drink.name,
        "choices": [[option.group, option.name] for option in drink.options],
    }


def _apply(fields: dict, name: DetailType, at: datetime, facts: dict) -> None:
    """Adds what one mark says to what the marks before it say."""
    match name:
        case DetailType.WAITING_PRODUCTION | DetailType.MANAGER_WAITING_COMPLETION:
            fields.setdefault("placed_at", at)
            fields.setdefault("drink", facts.get("drink", ""))
            choices = tuple(Choice(*choice) for choice in facts.get("choices", ()))
            fields.setdefault("choices", choices)
            fields.setdefault("told", tuple(facts["told"]) if "told" in facts else None)
        case DetailType.MAKE_ORDER:
            taken = facts.get("taken", True)
            fields |= {
                "making_at": at if taken else None,
                "barista": facts.get("barista", "") if taken else "",
                # A drink that is made again is under way again.
                "ended_at": None,
                "outcome": Outcome.OPEN,
                "cause": "",
            }
        case DetailType.ORDER_REOPENED:
            fields |= {"ended_at": None, "outcome": Outcome.OPEN, "cause": ""}
        case (
            DetailType.ORDER_COMPLETED
            | DetailType.ORDER_CANCELLED
            | DetailType.ORDER_TIME_OUT
            | DetailType.SHOP_NOT_READY
        ):
            fields |= {
                "ended_at": at,
                "outcome": _OUTCOMES[name],
                "cause": facts.get("cause", ""),
            }


_OUTCOMES = {
    DetailType.ORDER_COMPLETED: Outcome.SERVED,
    DetailType.ORDER_CANCELLED: Outcome.CANCELLED,
    DetailType.ORDER_TIME_OUT: Outcome.TIMED_OUT,
    DetailType.SHOP_NOT_READY: Outcome.REFUSED,
}


def _once(marks: Iterable[list]) -> list[list]:
    """Returns one mark of each event.

    An event that is announced again may have another envelope's time, so its marks may differ.
    """
    kept: list[list] = []
    events: dict[tuple[int, str], list] = {}
    for mark in sorted(marks, key=_by_life):
        version, name, *_ = mark
        if not version:
            kept.append(mark)
        else:
            events.setdefault((version, name), mark)
    return [*kept, *events.values()]


def _by_life(mark: list) -> tuple:
    version, name, at, facts = mark
    return version, at, _PLACE[name], _canonical(facts)


def _service(records: list[OrderRecord], local: Callable[[datetime], datetime]) -> timedelta:
    """Returns for how long the shop served drinks, added up day by day."""
    begins: dict[date, list[datetime]] = defaultdict(list)
    ends: dict[date, list[datetime]] = defaultdict(list)
    for record in records:
        if record.placed_at:
            day = local(record.placed_at).date()
            begins[day].append(record.placed_at)
            ends[day] += [record.served_at] if record.served_at else []
    total = timedelta()
    for day, moments in begins.items():
        first = min(moments)
        total += max(max(ends[day], default=first) - first, _SHORTEST_SERVICE)
    return total


def _hours(records: list[OrderRecord], local: Callable[[datetime], datetime]) -> tuple[Line, ...]:
    """Returns a line for each hour of the shop's clock, from the first to the last with orders."""
    ordered: Counter[int] = Counter()
    served: dict[int, list[OrderRecord]] = defaultdict(list)
    for record in records:
        if record.placed_at:
            ordered[local(record.placed_at).hour] += 1
            if record.served_at:
                served[local(record.served_at).hour].append(record)
    hours = {*ordered, *served}
    return tuple(
        Line(
            f"{hour:02d}:00",
            ordered[hour],
            len(served[hour]),
            _times(record.waited for record in served[hour]),
            _times(record.made_in for record in served[hour]),
        )
        for hour in (range(min(hours), max(hours) + 1) if hours else ())
    )


def _lines(
    records: list[OrderRecord], names: Callable[[OrderRecord], Iterable[str]]
) -> tuple[Line, ...]:
    """Returns the lines with the most orders first.

    Lines with as many orders are sorted by name.
    """
    groups: dict[str, list[OrderRecord]] = defaultdict(list)
    for record in records:
        for name in names(record):
            groups[name].append(record)
    lines = []
    for name, group in groups.items():
        served = [record for record in group if record.outcome is Outcome.SERVED]
        lines.append(
            Line(
                name,
                len(group),
                len(served),
                _times(record.waited for record in served),
                _times(record.made_in for record in served),
            )
        )
    return tuple(sorted(lines, key=lambda line: (-line.orders, line.name)))


def _causes(records: list[OrderRecord], outcome: Outcome) -> tuple[tuple[str, int], ...]:
    counts = Counter(record.cause or UNKNOWN for record in records if record.outcome is outcome)
    return tuple(sorted(counts.items(), key=lambda row: (-row[1], row[0])))


def _promises(served: list[OrderRecord]) -> Promises:
    told = [(one.told, one.in_all) for one in served if one.told and one.in_all is not None]
    spans = Counter(span for span, _ in told)
    return Promises(
        count=len(told),
        right=sum(low * _MINUTE <= took <= high * _MINUTE for (low, high), took in told),
        early=sum(took < low * _MINUTE for (low, _), took in told),
        late=sum(took > high * _MINUTE for (_, high), took in told),
        usual=min(spans, key=lambda span: (-spans[span], span), default=None),
    )


def _times(spans: Iterable[timedelta | None]) -> Times:
    known = sorted(milliseconds(span) for span in spans if span is not None)
    if not known:
        return Times()
    rank = math.ceil(0.9 * len(known)) - 1
    return Times(len(known), round(sum(known) / len(known)), known[rank])


def _span(begin: datetime | None, end: datetime | None) -> timedelta | None:
    # Recordings keep whole seconds only, so an end may seem to come before its begin.
    return None if begin is None or end is None else max(end - begin, timedelta())


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
