"""How a belief stands after its check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The three answers."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


class Wrong(Exception):
    """The belief does not hold; the text says what AWS answered."""


class NotChecked(Exception):
    """It could not be found out; the text says why."""


class EmulatorDiffers(NotChecked):
    """The emulator is known to do this otherwise than AWS; the text says what it did."""

    def __str__(self) -> str:
        return f"the emulator differs, known: {super().__str__()}"


@dataclass(frozen=True)
class Finding:
    """What a check found out about one belief."""

    belief: str
    verdict: Verdict
    said: str
    seconds: float = 0.0
