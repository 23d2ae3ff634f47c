"""How long a drink will take: a range, from how long the last ones really took.

An order waits for those in front of it and is then made. So a sample tells two things: how long
its customer waited per order in front (the pace), and how long its drink was in the making. The
range for a new order is the pace times the orders in front of it, plus the making, once with
quick and once with slow samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.metrics import OrderRecord
from domain.orders import HOLDS_CAPACITY, Order

FEWEST_SAMPLES = 5
"""With fewer of them nobody is told a number."""

MOST_SAMPLES = 40
QUICK, SLOW = 0.15, 0.85
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Sample:
    """A served order: ahead is how many orders were in front of it when it was placed."""

    drink: str
    ahead: int
    waited: timedelta
    made_in: timedelta

    @property
    def pace(self) -> timedelta:
        """The wait for each order until its own turn, its own included."""
        return self.waited / (self.ahead + 1)


@dataclass(frozen=True)
class WaitRange:
    """From `low` to `high` whole minutes: not before the one, not after the other."""

    low: int
    high: int


def samples_of(records: Iterable[OrderRecord]) -> list[Sample]:
    """The newest served orders as samples; the others count as those in front."""
    placed = sorted(
        ((record.placed_at, record) for record in records if record.placed_at),
        key=lambda pair: pair[0],
    )
    in_line = [(placed_at, record.ended_at) for placed_at, record in placed]
    served = [
        (placed_at, record.drink, record.waited, record.made_in)
        for placed_at, record in placed
        if record.waited is not None and record.made_in is not None
    ]
    return [
        Sample(drink, _ahead(placed_at, in_line), waited, made_in)
        for placed_at, drink, waited, made_in in served[-MOST_SAMPLES:]
    ]


def estimate(
    samples: Sequence[Sample], ahead: int, drink: str = "", extra_minutes: int = 0
) -> WaitRange | None:
    """The wait for an order with so many in front of it; None while too little is known.

    drink: narrows the time of making down to this drink, where enough of it were made.
    extra_minutes: what the bar adds by hand.
    """
    if len(samples) < FEWEST_SAMPLES:
        return None
    same = [sample for sample in samples if sample.drink == drink]
    makings = [s.made_in for s in (same if len(same) >= FEWEST_SAMPLES else samples)]
    paces = [sample.pace for sample in samples]
    quick, slow = (
        quantile(paces, part) * (ahead + 1) + quantile(makings, part) for part in (QUICK, SLOW)
    )
    low = math.floor(quick / _MINUTE) + extra_minutes
    return WaitRange(low, max(math.ceil(slow / _MINUTE) + extra_minutes, low + 1))


def next_place_at(
    samples: Sequence[Sample], orders: Iterable[Order], now: datetime
) -> datetime | None:
    """When one of these orders has likely given its place free, a minute from now at the soonest.

    A drink in hand is made as fast as the last ones were; whoever still chooses, and where too
    little is known, has until the deadline. None when no order holds a place.
    """
    usual = None
    if len(samples) >= FEWEST_SAMPLES:
        usual = quantile([sample.made_in for sample in samples], 0.5)
    ends = []
    for order in orders:
        if order.state not in HOLDS_CAPACITY:
            continue
        if usual is not None and order.making_at is not None:
            ends.append(order.making_at + usual)
        elif usual is not None and order.queued_at is not None:
            # Nobody may have begun it yet: the soonest that it can be.
            ends.append(now + usual)
        elif order.deadline_at is not None:
            ends.append(order.deadline_at)
    return max(min(ends), now + _MINUTE) if ends else None


def quantile(spans: Sequence[timedelta], part: float) -> timedelta:
    """The span that this part of all spans does not exceed (nearest rank)."""
    return sorted(spans)[max(math.ceil(part * len(spans)) - 1, 0)]


def _ahead(moment: datetime, in_line: list[tuple[datetime, datetime | None]]) -> int:
    """How many were placed before this moment and had not ended."""
    return sum(
        placed_at < moment and (ended_at is None or ended_at > moment)
        for placed_at, ended_at in in_line
    )
