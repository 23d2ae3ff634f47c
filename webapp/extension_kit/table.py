"""What an extension can do with its own table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class OwnTable(Protocol):
    """An extension's own table: values that are JSON-ready, under a part and a key within it."""

    def get(self, part: str, key: str) -> dict | None: ...
    def put(self, part: str, key: str, value: Mapping, ends_at: datetime) -> None:
        """Writes the value, over an earlier one; it is gone some time after `ends_at`."""

    def add(self, part: str, key: str, value: Mapping, ends_at: datetime) -> bool:
        """Writes the value if the key has none; False when it has."""

    def delete(self, part: str, key: str) -> None: ...
    def list(self, part: str, after: str = "", limit: int = 100) -> list[tuple[str, dict]]:
        """Keys and values of a part in the order of the keys, from the first after `after`."""
