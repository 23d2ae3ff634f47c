"""Estimates how long a drink will take, as a range, from the times that the last drinks took.

An order first waits for the orders in front of it and is then made. So each sample holds two times:
how long its customer waited per order in front (the pace), and how long a barista made the drink.
The range for a new order is the pace times the orders in front of it plus the time of making, once
with quick samples and once with slow ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.metrics import OrderRecord
from domain.orders import HOLDS_CAPACITY, Order

FEWEST_SAMPLES = 5
"""With fewer samples, nobody is told an estimate."""

MOST_SAMPLES = 40
QUICK, SLOW = 0.15, 0.85
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Sample:
    """A served order.

    ahead: how many orders were in front of it when it was placed. waited: from the choice until a
        barista took it. made_in: how long it was in the making.
    """

    drink: str
    ahead: int
    waited: timedelta
    made_in: timedelta

    @property
    def pace(self) -> timedelta:
        """Returns the wait per order: of the orders in front and of the order itself."""
        return self.waited / (self.ahead + 1)


@dataclass(frozen=True)
class WaitRange:
    """A wait of at least `low` and at most `high` whole minutes."""

    low: int
    high: int


def samples_of(records: Iterable[OrderRecord]) -> list[Sample]:
    """Returns the newest served orders as samples. The other orders count as orders in front."""
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
    """Returns the wait for an order with `ahead` orders in front of it; None with too few samples.

    drink: uses only the times of making of this drink, if there are enough samples of it.
    extra_minutes: what a barista adds by hand, in minutes.
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
    """Returns when one of these orders has likely freed its place, at least a minute from now.

    An order in a barista's hands takes as long as the last ones usually did. An order without a
    chosen drink, and every order while there are too few samples, takes until its deadline. Returns
    None when no order holds a place.
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
            # Perhaps nobody has begun this drink, so this is the earliest time at which it can be
            # ready.
            ends.append(now + usual)
        elif order.deadline_at is not None:
            ends.append(order.deadline_at)
    return max(min(ends), now + _MINUTE) if ends else None


def quantile(spans: Sequence[timedelta], part: float) -> timedelta:
    """Returns the span that this part (0 to 1) of all spans does not exceed (nearest rank)."""
    return sorted(spans)[max(math.ceil(part * len(spans)) - 1, 0)]


def _ahead(moment: datetime, in_line: list[tuple[datetime, datetime | None]]) -> int:
    """Returns how many orders were placed before this moment and had not ended at it."""
    return sum(
        placed_at < moment and (ended_at is None or ended_at > moment)
        for placed_at, ended_at in in_line
    )
