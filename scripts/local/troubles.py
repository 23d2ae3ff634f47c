"""Says on the terminal what is wrong with a running bar: once when it begins, once when it ends.

docs/runbook.md explains each line.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from domain.bar_time import FOLLOWS
from scripts.local import bar_clock, folder
from scripts.machine import SECRET_HEADER

NEARLY_FULL = 200_000_000
"""In bytes. An order takes some 20 KB of data and logs, so some thousands of orders still fit."""
LATE_SECONDS = 30
_PROBE = b"\0" * 8192
_CLOCK_STEP = 3.0
_LONG_AGO = 1_735_689_600  # 2025, before this software was written.

KEEPING, ROOM, OUTBOX, LOGS, PROCESS = "keeping", "room", "outbox", "logs", "process"
OVER = {
    KEEPING: "Everything is kept again.",
    ROOM: "There is room on the disk again.",
    OUTBOX: "The screens have caught up.",
    LOGS: "The logs can be written again.",
}


class Watch:
    """Tells a person about each trouble once, and once when it is over."""

    def __init__(self, say: Callable[[str], None]):
        self._say = say
        self._told: dict[str, str] = {}

    def hear(self, found: Mapping[str, str]) -> None:
        """found: a line for each kind of trouble that exists now."""
        if KEEPING in found:
            # The greater trouble implies the others.
            found = {
                kind: line
                for kind, line in found.items()
                if kind not in (ROOM, LOGS) or kind in self._told
            }
        for kind, line in found.items():
            # Figures in a line change all the time; only another sentence is another trouble.
            sentence = "".join(one for one in line if not one.isdigit())
            if self._told.get(kind) != sentence:
                self._say(line)
            self._told[kind] = sentence
        for kind in [kind for kind in self._told if kind not in found]:
            del self._told[kind]
            self._say(OVER[kind])

    def forget(self) -> None:
        """Forgets all troubles without a word, because the caller says that they are over."""
        self._told.clear()


class Once:
    """Says a line when it differs from the last one; says nothing when there is none."""

    def __init__(self, say: Callable[[str], None]):
        self._say = say
        self._last = ""

    def hear(self, line: str | None) -> None:
        if line and line != self._last:
            self._say(line)
        self._last = line or self._last


def troubles_of(data: Path, place: tuple[int, int], status: Mapping | None) -> dict[str, str]:
    """Returns everything that is wrong now, by kind.

    place: identifies the folder as it was at the start.
    status: the emulator's status; None when it does not answer.
    """
    found = {}
    if line := not_kept(data, place, status):
        found[KEEPING] = line
    if line := little_room(data):
        found[ROOM] = line
    if line := logs_not_written(data):
        found[LOGS] = line
    lag = _number((status or {}).get("outbox_lag_seconds"))
    if lag > LATE_SECONDS:
        found[OUTBOX] = (
            f"Screens and waiting orders lag {lag:.0f} seconds behind what was done. If that goes"
            f" on, look at the end of {data / 'web.log'}."
        )
    return found


def not_kept(data: Path, place: tuple[int, int], status: Mapping | None) -> str | None:
    """Returns why nothing new is kept, and what to do; None when it is kept."""
    try:
        if place_of(data) != place:
            return (
                f"The data folder {data} is another than at the start: nothing that happens now is"
                " kept in it. Put the old one back, or stop and start again."
            )
        write_probe(data)
    except FileNotFoundError:
        return (
            f"The data folder {data} is gone: nothing that happens now is kept. Put it back, or"
            " stop and start again to begin anew."
        )
    except OSError as error:
        what, remedy = folder.what_and_remedy(data, error)
        return f"{what}: nothing that happens now is kept. {remedy}."
    if status is not None and status.get("kept") is False:
        why = str(status.get("trouble") or "the emulator does not say why").rstrip(".")
        return (
            f"{why}: nothing that happens now is kept. Details are at the end of"
            f" {data / 'emulator.log'}."
        )
    return None


def place_of(data: Path) -> tuple[int, int]:
    """Returns the identity of a folder, whatever its name is. Raises OSError."""
    found = os.stat(data)
    return found.st_dev, found.st_ino


def write_probe(data: Path) -> None:
    """Writes a little into the folder. Raises OSError when that is impossible."""
    probe = data / ".probe"
    try:
        with open(probe, "wb") as file:
            file.write(_PROBE)
    finally:
        probe.unlink(missing_ok=True)


def little_room(data: Path) -> str | None:
    """Returns a warning when the disk is nearly full; None otherwise."""
    there = next(one for one in (data, *data.parents) if one.exists())
    free = shutil.disk_usage(there).free
    if free >= NEARLY_FULL:
        return None
    return (
        f"Only {free // 1_000_000} MB are left on the disk that holds {data}. Free some space"
        " before it is full: after that nothing can be kept."
    )


def logs_not_written(data: Path) -> str | None:
    """Names a log that cannot be written to. A missing log is made again at the next start."""
    for name in ("web.log", "emulator.log"):
        log = data / name
        try:
            if log.exists():
                with open(log, "ab"):
                    pass
        except OSError as error:
            why = error.strerror
            return f"The log {log} cannot be written to ({why}). Take it away or mend it."
    return None


class ClockWatch:
    """Says when this machine's clock was set, and how the bar reacts."""

    def __init__(
        self,
        file: Path,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = bar_clock.steady,
    ):
        """file: where the bar's own time is written down."""
        self._file, self._wall, self._steady = file, wall, steady
        self._offset = wall() - steady()

    def step(self) -> str | None:
        """Returns a line when the clock was set since the last look."""
        offset = self._wall() - self._steady()
        moved, self._offset = offset - self._offset, offset
        if abs(moved) < _CLOCK_STEP:
            return None
        way = "forward" if moved > 0 else "back"
        then = following(moved, self._file)
        return f"This machine's clock was set {way} by {span(abs(moved))}. {then}"


def at_the_start(ahead: float, file: Path, wall: float) -> list[str]:
    """Returns what a person should know about the clock.

    ahead: how many seconds the bar's time is ahead of the clock.
    """
    if wall < _LONG_AGO:
        day = datetime.fromtimestamp(wall, UTC)
        return [
            f"This machine's clock says {day:%Y-%m-%d}, which cannot be. Set it, and start again."
        ]
    if abs(ahead) < 60:
        return []
    way = "ahead of" if ahead > 0 else "behind"
    return [
        f"The bar's time is {span(abs(ahead))} {way} this machine's clock, which was set since the"
        f" bar ran last. {following(ahead, file)}"
    ]


def following(seconds: float, file: Path) -> str:
    """Says how the bar deals with such a difference between the clock and its own time."""
    if abs(seconds) < 60:
        return "The bar follows within some minutes; nothing else changes."
    return (
        "Nobody loses anything: the bar goes by its own time and follows within"
        f" {span(abs(seconds) / FOLLOWS)}. If the clock is right and you want its time at once,"
        f" stop the bar, delete {file} and start again."
    )


def span(seconds: float) -> str:
    """Returns a duration in words."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def ask_status(endpoint_url: str, secret: str) -> dict | None:
    """Returns the emulator's status; None when it does not answer.

    secret: the secret of this start.
    """
    request = urllib.request.Request(f"{endpoint_url}/_bar/status", headers={SECRET_HEADER: secret})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=3) as response:
            said = json.load(response)
    except (OSError, ValueError, urllib.error.URLError):
        return None
    return said if isinstance(said, dict) else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
