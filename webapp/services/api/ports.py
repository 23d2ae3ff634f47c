"""The port of the JSON API's stored answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StoredAnswer:
    """An answer that is kept so that it can be given again."""

    status: int
    body: str


@dataclass(frozen=True)
class BegunCall:
    """A call with an Idempotency-Key.

    digest: the hash of the request. answer: None until the call is finished.
    """

    digest: str
    answer: StoredAnswer | None


class IdempotentCalls(Protocol):
    def begin(
        self, name: str, digest: str, now: datetime, dies_at: datetime, ends_at: datetime
    ) -> bool:
        """Notes that a call begins; returns False when its name is taken.

        A name is free again for the same digest when its call is still unfinished at `dies_at`.
        ends_at: until when the call and its answer are kept.
        """

    def get(self, name: str) -> BegunCall | None: ...
    def finish(self, name: str, answer: StoredAnswer) -> None: ...
    def forget(self, name: str) -> None: ...
