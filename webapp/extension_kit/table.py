"""The port of an extension's own table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class OwnTable(Protocol):
    """An extension's own table. It holds JSON-ready values under a part and a key in that part."""

    def get(self, part: str, key: str) -> dict | None: ...
    def put(self, part: str, key: str, value: Mapping, ends_at: datetime) -> None:
        """Writes the value and replaces an earlier one; it is deleted some time after `ends_at`."""

    def add(self, part: str, key: str, value: Mapping, ends_at: datetime) -> bool:
        """Writes the value if the key has none; returns False when it has one."""

    def delete(self, part: str, key: str) -> None: ...
    def list(self, part: str, after: str = "", limit: int = 100) -> list[tuple[str, dict]]:
        """Returns keys and values of a part, sorted by key, from the first key after `after`.

        limit: how many at most.
        """
