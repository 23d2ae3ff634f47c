"""Answers that the JSON API gives again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StoredAnswer:
    """An answer that can be given again."""

    status: int
    body: str


@dataclass(frozen=True)
class BegunCall:
    """A call with an Idempotency-Key: what was asked, and the answer once there is one."""

    digest: str
    answer: StoredAnswer | None


class IdempotentCalls(Protocol):
    def begin(
        self, name: str, digest: str, now: datetime, dies_at: datetime, ends_at: datetime
    ) -> bool:
        """False when the name is taken; an unfinished call of the same digest may die first."""

    def get(self, name: str) -> BegunCall | None: ...
    def finish(self, name: str, answer: StoredAnswer) -> None: ...
    def forget(self, name: str) -> None: ...
