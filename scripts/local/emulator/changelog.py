"""The changes since the last copy of the store, one line for each commit.

A line is a check sum and then JSON: the number of the commit, when it was, and the statements with
their values. A line is written before its commit. So store and copies can be brought up to the last
commit: each has the number of its own, and the lines after it are applied again.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PATTERN = "changes-*.log"


class Commit(NamedTuple):
    number: int
    at: float
    changes: list


class ChangeLog:
    """The file that is being written; its name tells the commit that it starts after."""

    def __init__(self, folder: Path, after: int) -> None:
        self.path = folder / f"changes-{after:012}.log"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self.size = self._end = 0

    def append(self, commit: Commit) -> None:
        """The commit may still fail: `take_back` removes its line again."""
        text = json.dumps(commit, separators=(",", ":")).encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        self._end = self.size
        while line:
            written = os.write(self._file, line)
            self.size += written
            line = line[written:]

    def take_back(self) -> None:
        os.ftruncate(self._file, self._end)
        self.size = self._end

    def close(self) -> None:
        os.fsync(self._file)
        os.close(self._file)


def starts_after(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def commits_after(folder: Path, number: int) -> Iterator[Commit]:
    """The commits that follow one, in order, as far as they can be read without a gap."""
    for _, text in _lines_after(folder, number):
        yield Commit(*json.loads(text))


def last_commit_after(folder: Path, number: int) -> int:
    """The number of the last of them; the given one when there are none."""
    last = number
    for last, _ in _lines_after(folder, number):
        pass
    return last


def _lines_after(folder: Path, number: int) -> Iterator[tuple[int, bytes]]:
    for path in sorted(folder.glob(PATTERN)):
        for this, text in _read(path):
            if this == number + 1:
                number = this
                yield this, text
            elif this > number:
                return


def _read(path: Path) -> Iterator[tuple[int, bytes]]:
    """Ends at the first line that is torn: nobody was answered after it."""
    with open(path, "rb") as file:
        for line in file:
            check, _, text = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or check != b"%08x" % zlib.crc32(text):
                return
            # The rest is parsed when it is needed: after a stop in order nothing is.
            yield int(text[1 : text.index(b",")]), text


def new_commit(number: int, changes: list) -> Commit:
    return Commit(number, round(time.time(), 3), changes)
