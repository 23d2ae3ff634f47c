"""The bar's own time on this machine (domain/bar_time.py), for its launcher and the emulator.

The launcher writes the time down every few seconds, and each process continues from there. So all
processes agree, even after a crash or after the clock was set between two starts.
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
"""The environment variable with the file's path."""
FILE = "clock.json"
_wall = time.time  # In the emulator, time.time is replaced below.


def steady() -> float:
    """Returns the seconds since the machine started, including those in which it slept."""
    asleep_too = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if asleep_too is None else time.clock_gettime(asleep_too)


def boot() -> str:
    """Returns the id of this start of the operating system; "" when it is unknown."""
    try:
        if sys.platform == "darwin":
            asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
            return subprocess.run(asked, capture_output=True, text=True, timeout=5).stdout.strip()
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, subprocess.SubprocessError):
        return ""


class ClockKeeper:
    """Reads the bar's time, and writes it down for other processes."""

    def __init__(
        self,
        file: Path,
        wall: Callable[[], float] = _wall,
        steady: Callable[[], float] = steady,
        boot: str | None = None,
    ):
        """boot: the id of this start of the system, from the process that writes the time first."""
        self._file, self._wall, self._steady, self._boot = file, wall, steady, boot
        self._lock = threading.Lock()
        text = ""
        with contextlib.suppress(OSError, ValueError):
            text = file.read_text()
        self._time = BarTime.from_text(text, wall(), steady(), boot)

    def now(self) -> float:
        """Returns the bar's time in seconds since 1970."""
        with self._lock:
            return self._time.read(self._wall(), self._steady())

    def ahead(self) -> float:
        """Returns how many seconds the bar is ahead of this machine's clock; negative
        when behind.
        """
        return self.now() - self._wall()

    def write_down(self) -> None:
        """Writes the time down for the other processes and the next start. Raises OSError."""
        self.now()
        new = self._file.with_suffix(".new")
        new.write_text(self._time.to_text(self._boot or ""))
        new.replace(self._file)


def rule_the_emulator() -> None:
    """Makes MiniStack use the bar's time. Must be called before MiniStack is imported."""
    file = os.environ.get(VARIABLE)
    if not file:
        return
    clock = ClockKeeper(Path(file))
    time.time = clock.now
    from ministack.core import responses

    def now_iso() -> str:
        return to_iso(datetime.fromtimestamp(clock.now(), UTC))

    # Every service uses this function for the time at which a workflow state was entered.
    responses.now_iso = now_iso
    from ministack.services import cognito

    codes_of = cognito._totp_code

    def code_of(secret: str, step_offset: int = 0) -> str:
        # Authenticator apps use the phone's time, which is right.
        steps_ahead = int(_wall() // 30) - int(clock.now() // 30)
        return codes_of(secret, step_offset + steps_ahead)

    cognito._totp_code = code_of
