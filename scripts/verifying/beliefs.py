"""Reads the beliefs from `docs/aws-beliefs.md`, which has one row of a table for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.environment import ROOT

PAGE = ROOT / "docs" / "aws-beliefs.md"
_ID = re.compile(r"`([a-z0-9-]+)`")
_CELLS = 5


@dataclass(frozen=True)
class Belief:
    """One row of the page.

    check: the name of its function; "" when cannot says why there is none.
    """

    id: str
    sentence: str
    witnesses: str
    emulator: str
    check: str
    cannot: str


def read_beliefs(page: Path = PAGE) -> list[Belief]:
    """Returns all beliefs in the order of the page."""
    return [_belief(line) for line in page.read_text().splitlines() if line.startswith("| `")]


def _belief(line: str) -> Belief:
    cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    if len(cells) != _CELLS:
        raise ValueError(f"{PAGE.name}: {len(cells)} cells in place of {_CELLS}: {line[:60]}")
    identifier, sentence, witnesses, emulator, check = cells
    named = re.fullmatch(r"`(\w+)`", check)
    return Belief(
        _ID.fullmatch(identifier)[1],
        sentence,
        witnesses,
        emulator,
        named[1] if named else "",
        "" if named else check,
    )
