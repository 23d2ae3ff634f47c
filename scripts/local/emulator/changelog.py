"""The log of changes since the last copy of the store, one line for each commit.

A line is a check sum and then JSON: the number of the commit, its time, and the statements with
their values. A line is written before its commit. The store and each copy have the number of their
last commit, so they are brought up to date by applying the lines after it again.
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

NEWEST = "newest-log"
"""This file names the log that is being written, so that a missing log is noticed."""
_NAME = re.compile(r"changes-\d{12}\.log")


class Commit(NamedTuple):
    number: int
    at: float
    changes: list


class ChangeLog:
    """The file that is being written; its name is the number of
    the commit before its first line.
    """

    def __init__(self, folder: Path, after: int) -> None:
        self.path = folder / f"changes-{after:012}.log"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self.size = self._end = 0
        try:
            _note(self.path)
        except OSError:
            os.close(self._file)
            raise

    def append(self, commit: Commit) -> None:
        """Writes a commit's line. When the commit fails, `take_back` removes the line again."""
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


def logs_in(folder: Path) -> list[Path]:
    """Returns the logs, oldest first; other files are ignored."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def gone(folder: Path) -> str | None:
    """Returns the name of the newest log if that log is missing;
    None otherwise or if it is unknown.
    """
    try:
        name = (folder / NEWEST).read_text().strip()
    except (OSError, ValueError):
        return None
    return name if _NAME.fullmatch(name) and not (folder / name).is_file() else None


def logs_beyond(folder: Path, number: int) -> list[Path]:
    """Returns the logs with commits after this one, which is the last that can be reached."""
    logs = logs_in(folder)
    # An unreadable line matters only when the store has no later commit.
    following = [*(starts_after(path) for path in logs[1:]), number + 1]
    return [
        path
        for path, begins in zip(logs, following)
        if begins > number and (starts_after(path) > number or _last_of(path) > number)
    ]


def starts_after(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def commits_after(folder: Path, number: int) -> Iterator[Commit]:
    """Yields the commits after this one, in order, up to the first gap or unreadable line."""
    for _, text in _lines_after(folder, number):
        yield Commit(*json.loads(text))


def last_commit_after(folder: Path, number: int) -> int:
    """Returns the number of the last commit after this one; the same number when there is none."""
    last = number
    for line_number, _ in _lines_after(folder, number):
        last = line_number
    return last


def _lines_after(folder: Path, number: int) -> Iterator[tuple[int, bytes]]:
    for path in logs_in(folder):
        for this, text in _read(path):
            if this == number + 1:
                number = this
                yield this, text
            elif this > number:
                return


def _read(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yields the lines up to the first one that cannot be read."""
    for line in _whole_lines(path):
        text = _text_of(line)
        if text is None:
            return
        # The rest is parsed only when needed, and after an orderly stop nothing is.
        yield _number_of(text), text


def _last_of(path: Path) -> int:
    """Returns the number of the last commit in the log, even after unreadable lines."""
    number = starts_after(path)
    for line in _whole_lines(path):
        text = _text_of(line)
        number = number + 1 if text is None else _number_of(text)
    return number


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Yields all lines except an incomplete last one."""
    if not path.is_file():
        return
    with open(path, "rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _text_of(line: bytes) -> bytes | None:
    check, _, text = line.rstrip(b"\n").partition(b" ")
    return text if check == b"%08x" % zlib.crc32(text) else None


def _number_of(text: bytes) -> int:
    return int(text[1 : text.index(b",")])


def _note(log: Path) -> None:
    new = log.with_name(f"{NEWEST}.new")
    with open(new, "w") as file:
        file.write(log.name)
        file.flush()
        os.fsync(file.fileno())
    new.replace(log.with_name(NEWEST))


def new_commit(number: int, changes: list) -> Commit:
    return Commit(number, round(time.time(), 3), changes)
