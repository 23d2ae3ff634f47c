"""The verdict on a belief after its check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The three possible results of a check."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


class Wrong(Exception):
    """The belief is wrong; the text says what AWS answered."""


class NotChecked(Exception):
    """The belief could not be checked; the text says why."""


class EmulatorDiffers(NotChecked):
    """The emulator is known to behave differently from AWS; the text says what it did."""

    def __str__(self) -> str:
        return f"the emulator differs, known: {super().__str__()}"


@dataclass(frozen=True)
class Finding:
    """The result of a check of one belief."""

    belief: str
    verdict: Verdict
    said: str
    seconds: float = 0.0
