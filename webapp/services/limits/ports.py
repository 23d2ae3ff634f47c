"""How often somebody may do what: the counters."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Limits(Protocol):
    def take(self, key: str, most: int, ends_at: datetime) -> bool:
        """Counts one; False, and nothing counted, when `most` are taken already."""

    def taken(self, key: str) -> int: ...
