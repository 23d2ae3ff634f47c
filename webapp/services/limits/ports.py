"""The port of the counters behind the limits."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Limits(Protocol):
    def take(self, key: str, most: int, ends_at: datetime) -> bool:
        """Counts one; returns False and counts nothing when `most` are taken already."""

    def taken(self, key: str) -> int: ...
