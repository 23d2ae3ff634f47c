"""Says whether all parts that an order needs are up.

Anybody may ask as often as they like. So all parts are asked together, at most once a second, and a
part that has not answered in time counts as down. A part that hangs is asked again only after it
has answered, so that threads do not pile up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

_SECONDS_KEPT = 1
_SECONDS_FOR_ALL = 3

log = logging.getLogger(__name__)


class Down(Exception):
    """A part's report that other parts, named by the arguments, are down."""


class Health:
    """The state of some parts. A check may raise any error when its part is down."""

    def __init__(
        self,
        parts: Mapping[str, Callable[[], object]],
        seconds_for_all: float = _SECONDS_FOR_ALL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = dict(parts)
        self._seconds_for_all = seconds_for_all
        self._clock = clock
        self._asked: dict[str, Future] = {}
        self._down: list[str] = []
        self._known_until = clock()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(len(self._parts), "health")

    def down(self) -> list[str]:
        """Returns the names of the parts that do not answer."""
        with self._lock:
            if self._clock() >= self._known_until:
                self._down = self._ask_all()
                self._known_until = self._clock() + _SECONDS_KEPT
            return self._down

    def _ask_all(self) -> list[str]:
        for name, check in self._parts.items():
            if name not in self._asked:
                self._asked[name] = self._pool.submit(check)
        done, _ = wait(self._asked.values(), self._seconds_for_all)
        down = []
        for name in self._parts:
            if self._asked[name] not in done:
                log.warning("%s: no answer in time", name)
                down.append(name)
                continue
            error = self._asked.pop(name).exception()
            if isinstance(error, Down):
                down += map(str, error.args)
            elif error is not None:
                log.warning("%s: not up", name, exc_info=error)
                down.append(name)
        return down
