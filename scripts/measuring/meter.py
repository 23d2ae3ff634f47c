"""Reads what metering.py has written; scripts/cost prices it, and a test limits an
order's units.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from webapp.storage.tables import DEFAULT_PREFIX


class LinesOf:
    """A log of JSON lines to which another process appends."""

    def __init__(self, path: Path):
        self._path = path
        self._read = 0

    def new(self) -> list[tuple[dict, int]]:
        """Returns the lines since the last look, each with its length in bytes."""
        with open(self._path, "rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return [(json.loads(line), len(line)) for line in whole.splitlines()]


def write_units(metered: Iterable[Mapping]) -> Counter[tuple[str, str]]:
    """Counts the metered write units, by table or index and by operation."""
    units: Counter = Counter()
    for one in metered:
        if one["what"] != "write":
            continue
        table = one["table"].removeprefix(DEFAULT_PREFIX)
        units[table, one["operation"]] += one["units"] - sum(one["indexes"].values())
        for name, amount in one["indexes"].items():
            units[f"{table} index {name}", one["operation"]] += amount
    return units
