"""Shops with their settings, doors and logos."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from domain.shops import Shop


class Shops(Protocol):
    def get(self, shop_id: str) -> Shop | None: ...
    def ids(self) -> list[str]: ...
    def create(self, shop: Shop) -> bool: ...
    def save(self, before: Shop, after: Shop) -> None:
        """Raises Stale."""

    def open_order_count(self, shop_id: str) -> int: ...
    def next_number(self, shop_id: str, day: str) -> int: ...
    def nameless_until(self, shop_id: str) -> datetime | None:
        """Up to where nobody is named any more in the shop's past."""

    def set_nameless_until(self, shop_id: str, before: datetime | None, after: datetime) -> None:
        """Only from where it was; another run that came further is left alone."""


class Logos(Protocol):
    def put(self, shop_id: str, name: str, picture: bytes) -> None: ...
    def get(self, shop_id: str, name: str) -> bytes | None: ...
    def delete(self, shop_id: str, name: str) -> None: ...
