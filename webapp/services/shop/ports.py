"""The ports of shops with their settings, and of their logos."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from domain.shops import Shop


class Shops(Protocol):
    def get(self, shop_id: str) -> Shop | None: ...
    def ids(self) -> list[str]: ...
    def create(self, shop: Shop) -> bool: ...
    def save(self, before: Shop, after: Shop) -> None:
        """Writes a shop if its version is still that of `before`. Raises Stale when it is not."""

    def open_order_count(self, shop_id: str) -> int: ...
    def next_number(self, shop_id: str, day: str) -> int: ...
    def nameless_until(self, shop_id: str) -> datetime | None:
        """Returns until when the shop's orders have no names any more; None at the beginning."""

    def set_nameless_until(self, shop_id: str, before: datetime | None, after: datetime) -> None:
        """Notes that orders have no names until `after`, if the note still says `before`.

        So a run does not overwrite the note of another run that came further.
        """


class Logos(Protocol):
    def put(self, shop_id: str, name: str, picture: bytes) -> None: ...
    def get(self, shop_id: str, name: str) -> bytes | None: ...
    def delete(self, shop_id: str, name: str) -> None: ...
