"""The one place that says what time it is: `Services.now`.

On AWS it is the machine's clock, which AWS keeps right. A laptop's clock may be set by hand, so a
bar there has a time of its own (domain/bar_time.py). Its launcher writes that time to a file for
its processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from domain.bar_time import BarTime
from webapp.settings import Settings


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """Returns the function that tells the time of this deployment."""
    return BarClock(settings.bar_clock) if settings.bar_clock else _machines_time


def _machines_time() -> datetime:
    return datetime.now(UTC)


def _steady() -> float:
    # Where the system has this clock, it also counts the time that a laptop slept.
    asleep_too = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if asleep_too is None else time.clock_gettime(asleep_too)


class BarClock:
    """Tells the time of a laptop's bar; `file` is where the launcher has written it."""

    def __init__(
        self,
        file: str,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = _steady,
    ):
        self._wall, self._steady, self._lock = wall, steady, Lock()
        try:
            text = Path(file).read_text()
        except (OSError, ValueError):
            text = ""
        self._time = BarTime.from_text(text, wall(), steady())

    def __call__(self) -> datetime:
        with self._lock:
            now = self._time.read(self._wall(), self._steady())
        return datetime.fromtimestamp(now, UTC)
