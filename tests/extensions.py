"""What an extension's tests need: its kit without AWS, and the product's events to feed it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.builders import NOW
from webapp.extending import arrival_of
from webapp.extension_kit import Arrival, DeliveryFailed, Extension, Kit

SAMPLES = Path(__file__).parent / "sample_events"


@dataclass
class MemoryTable:
    """An extension's table that is gone with the test."""

    items: dict[tuple[str, str], dict] = field(default_factory=dict)

    def get(self, part: str, key: str) -> dict | None:
        return self.items.get((part, key))

    def put(self, part: str, key: str, value: Mapping, ends_at: datetime) -> None:
        self.items[part, key] = json.loads(json.dumps(value))

    def add(self, part: str, key: str, value: Mapping, ends_at: datetime) -> bool:
        is_new = (part, key) not in self.items
        if is_new:
            self.put(part, key, value, ends_at)
        return is_new

    def delete(self, part: str, key: str) -> None:
        self.items.pop((part, key), None)

    def list(self, part: str, after: str = "", limit: int = 100) -> list[tuple[str, dict]]:
        keys = sorted(key for own, key in self.items if own == part and key > after)
        return [(key, self.items[part, key]) for key in keys[:limit]]


@dataclass
class RecordingHttp:
    """The outside: keeps what was sent; while `is_down` it takes nothing."""

    sent: list[tuple[str, bytes, dict]] = field(default_factory=list)
    is_down: bool = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        if self.is_down:
            raise DeliveryFailed("no answer")
        self.sent.append((url, body, dict(headers)))


def a_kit(**settings: str) -> Kit:
    """A kit with a table, whether the extension asks for one or not."""
    return Kit(settings, MemoryTable(), RecordingHttp(), lambda: NOW, "https://bar.example")


def sample_arrivals(extension: Extension) -> list[Arrival]:
    """The committed samples of the events that the extension takes."""
    samples = [json.loads((SAMPLES / f"{name}.json").read_text()) for name in
               sorted(extension.detail_types)]
    return [arrival_of(one) for one in samples]


def replay(extension: Extension, kit: Kit, seed: int = 0) -> None:
    """Feeds the extension each of its sample events twice, shuffled, as the bus may."""
    arrivals = sample_arrivals(extension) * 2
    random.Random(seed).shuffle(arrivals)
    for arrival in arrivals:
        extension.run(kit, arrival)
