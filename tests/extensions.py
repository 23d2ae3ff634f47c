"""What an extension's tests need: its kit without AWS, and the product's events to feed it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from domain.detail_types import DetailType
from domain.shops import Shop
from tests.builders import NOW, a_shop
from webapp.extending import Installed, arrival_of
from webapp.extension_kit import Arrival, DeliveryFailed, Extension, Kit
from webapp.extension_kit.print_queue import PrintQueue
from webapp.settings import Settings

SAMPLES = Path(__file__).parent / "sample_events"
GUIDE = Path(__file__).parents[1] / "docs" / "extensions.md"


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


@dataclass
class KnownToTests:
    """What an extension may ask: a shop as it comes, and the names that were called out."""

    names: dict[str, str] = field(default_factory=dict)

    def shop(self, shop_id: str) -> Shop:
        return a_shop(id=shop_id, timezone="Europe/Lisbon")

    def name_on(self, shop_id: str, order_id: str) -> str:
        return self.names.get(order_id, "")


def a_kit(extension: Extension, now: Callable[[], datetime] = lambda: NOW, **settings: str) -> Kit:
    """What the extension would be given, over a table and an outside of the test's own."""
    table = MemoryTable() if extension.has_table else None
    printer = PrintQueue(table, now) if extension.draw else None
    url = "https://bar.example"
    return Kit(settings, table, RecordingHttp(), now, url, KnownToTests(), printer)


def installed(name: str, kit: Kit) -> Installed:
    """A deployment's extensions: this one, with this kit."""
    settings = Settings(secret_key="unused", public_url="unused", extensions=(name,))
    return Installed(settings, lambda name, extension: kit)


def an_arrival(name: DetailType, **changes: object) -> Arrival:
    """The committed sample of this event, with other values in its `detail`."""
    envelope = json.loads((SAMPLES / f"{name}.json").read_text())
    return arrival_of(envelope | {"detail": envelope["detail"] | changes})


def sample_arrivals(extension: Extension) -> list[Arrival]:
    """The committed samples of the events that the extension takes."""
    return [an_arrival(name) for name in sorted(extension.detail_types)]


def replay(
    extension: Extension, kit: Kit, seed: int = 0, arrivals: Iterable[Arrival] | None = None
) -> None:
    """Feeds the extension each event twice, shuffled, as the bus may; by default its samples."""
    doubled = [*(sample_arrivals(extension) if arrivals is None else arrivals)] * 2
    random.Random(seed).shuffle(doubled)
    for arrival in doubled:
        extension.run(kit, arrival)


def listing(holds: str) -> str:
    """The one listing of docs/extensions.md that holds this text."""
    [found] = [
        one
        for one in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        if holds in one
    ]
    return found
