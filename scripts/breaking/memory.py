"""Remembers what the bar has told anybody: the promises that are checked in the end."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import dataclass, field

from domain.orders import ON_THE_BOARD, OrderState

ENDS = frozenset(OrderState) - ON_THE_BOARD


@dataclass
class ToldOrder:
    """The latest that anybody was told about one order."""

    version: int = 0
    numbers: set[int] = field(default_factory=set)
    end: str = ""
    is_erased: bool = False


class Memory:
    """Remembers each acknowledgement; it may be used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.orders: dict[str, ToldOrder] = defaultdict(ToldOrder)
        self.facts: dict[tuple[str, str], object] = {}
        self.acknowledged: Counter[str] = Counter()
        self.faults: list[str] = []

    def until_now(self) -> Memory:
        """Returns a copy that no longer changes while robots go on."""
        copy = Memory()
        with self._lock:
            copy.orders.update(deepcopy(self.orders))
            copy.facts.update(self.facts)
        return copy

    def order(
        self, order_id: str, version: int = 0, number: int | None = None, state: str = ""
    ) -> None:
        """Remembers that a page showed the order with this version, number and order state."""
        with self._lock:
            told = self.orders[order_id]
            told.version = max(told.version, version)
            if number is not None:
                told.numbers.add(number)
            if state in ENDS:
                told.end = state

    def erased(self, order_id: str) -> None:
        """Remembers that the bar confirmed the erasure of this order's customer."""
        with self._lock:
            self.orders[order_id].is_erased = True

    def fact(self, kind: str, key: str, value: object) -> None:
        """Remembers another confirmed fact, such as an account; the last value counts."""
        with self._lock:
            self.facts[kind, key] = value

    def count(self, kind: str) -> None:
        """Counts one more acknowledged action."""
        with self._lock:
            self.acknowledged[kind] += 1

    def fault(self, what: str) -> None:
        """Remembers an answer that the bar must never give, whatever is killed."""
        with self._lock:
            self.faults.append(what)
