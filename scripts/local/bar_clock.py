"""The bar's own time on this machine (domain/bar_time.py), for its launcher and the emulator.

The launcher writes it down every few seconds; each process takes it up from there, so that all of
them agree, also after a crash and after a clock that was set between two starts.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from domain.bar_time import BarTime
from domain.instants import to_iso

VARIABLE = "BAR_CLOCK"
"""Names the file."""
FILE = "clock.json"
_wall = time.time  # The emulator's is replaced below.


def steady() -> float:
    """Seconds since the machine began, also those in which it slept."""
    asleep_too = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if asleep_too is None else time.clock_gettime(asleep_too)


def boot() -> str:
    """Names the run of this machine's system; "" where that cannot be told."""
    try:
        if sys.platform == "darwin":
            asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
            return subprocess.run(asked, capture_output=True, text=True, timeout=5).stdout.strip()
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, subprocess.SubprocessError):
        return ""


class ClockKeeper:
    """Reads the bar's time, and writes it down for others."""

    def __init__(
        self,
        file: Path,
        wall: Callable[[], float] = _wall,
        steady: Callable[[], float] = steady,
        boot: str | None = None,
    ):
        """boot: of this run of the system, for who writes it down first."""
        self._file, self._wall, self._steady, self._boot = file, wall, steady, boot
        self._lock = threading.Lock()
        text = ""
        with contextlib.suppress(OSError, ValueError):
            text = file.read_text()
        self._time = BarTime.from_text(text, wall(), steady(), boot)

    def now(self) -> float:
        """Seconds since 1970 by the bar's time."""
        with self._lock:
            return self._time.read(self._wall(), self._steady())

    def ahead(self) -> float:
        """By how many seconds the bar is ahead of this machine's clock; negative when behind."""
        return self.now() - self._wall()

    def write_down(self) -> None:
        """For the other processes and the next start. Raises OSError."""
        self.now()
        new = self._file.with_suffix(".new")
        new.write_text(self._time.to_text(self._boot or ""))
        new.replace(self._file)


def rule_the_emulator() -> None:
    """Make all that MiniStack does by the clock go by the bar's time. Before it is imported."""
    file = os.environ.get(VARIABLE)
    if not file:
        return
    clock = ClockKeeper(Path(file))
    time.time = clock.now
    from ministack.core import responses

    def now_iso() -> str:
        return to_iso(datetime.fromtimestamp(clock.now(), UTC))

    # Every service takes it from there: it says when a state was entered.
    responses.now_iso = now_iso
    from ministack.services import cognito

    codes_of = cognito._totp_code

    def code_of(secret: str, step_offset: int = 0) -> str:
        # Authenticators go by the time of a phone, which is right.
        steps_ahead = int(_wall() // 30) - int(clock.now() // 30)
        return codes_of(secret, step_offset + steps_ahead)

    cognito._totp_code = code_of
