"""Reads a shop once for all consumers of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.shops import Shop

if TYPE_CHECKING:
    from webapp.services.shop.ports import Shops


class EventCache:
    """Stands for the shops while one event is worked on. A write empties the cache."""

    def __init__(self, shops: Shops):
        self._shops = shops
        self._found: dict[str, Shop | None] = {}

    def get(self, shop_id: str) -> Shop | None:
        if shop_id not in self._found:
            self._found[shop_id] = self._shops.get(shop_id)
        return self._found[shop_id]

    def save(self, before: Shop, after: Shop) -> None:
        self._found.clear()
        self._shops.save(before, after)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shops, name)
