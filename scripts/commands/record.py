"""Writes a shop's day as one JSON array of envelopes.

It needs the environment of a running stack.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

from domain.detail_types import SOURCE, DetailType
from domain.events import parse_event
from domain.instants import to_iso
from domain.recordings import Anonymous, RecordedEvent, in_order, without_persons
from domain.shops import Shop
from scripts import options
from webapp.bootstrap import build_services
from webapp.services.all_services import Services
from webapp.services.orders.ports import OrderQuery
from webapp.settings import Settings

MOST_ORDERS = 100_000


def main() -> None:
    chosen = options.parse_record(sys.argv[1:])
    services = build_services(Settings.from_environment())
    shop = services.shops.get(chosen.shop)
    if shop is None:
        sys.exit(f"There is no shop called {chosen.shop} here.")
    file = chosen.out or Path(f"{shop.id}-{chosen.day}.json")
    since, until = bounds(shop, chosen.day)
    asked = OrderQuery(since=since, until=until, most=MOST_ORDERS)
    orders, _ = services.orders.by_time(shop.id, asked)
    if not orders:
        sys.exit(f"{shop.name} had no orders on {chosen.day}.")
    found = [
        event
        for order in tqdm(orders, unit="order", disable=None)
        for event in recorded(services, order.id)
    ]
    file.write_text(json.dumps(envelopes(found), indent=1, ensure_ascii=False) + "\n")
    print(f"{len(found)} events of {len(orders)} orders, without persons: {file}")


def bounds(shop: Shop, day) -> tuple[datetime, datetime]:
    """Returns when the shop's calendar day begins and ends."""
    midnight = datetime.combine(day, time(), ZoneInfo(shop.timezone))
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def recorded(services: Services, order_id: str) -> Iterator[RecordedEvent]:
    """Yields the events of one order's journey, without its end, which a replay
    announces itself.
    """
    for stored in services.journeys.events(order_id):
        if stored.detail_type is not DetailType.ALL_EVENTS_STORED:
            yield RecordedEvent(parse_event(stored.detail_type, stored.detail), stored.at)


def envelopes(events: list[RecordedEvent]) -> list[dict]:
    """Returns the events as EventBridge delivers them, but with
    no real account and no person's id.
    """
    anonymous = Anonymous(secrets.token_hex(16))
    return [
        {
            "version": "0",
            "id": secrets.token_hex(16),
            "detail-type": recorded.event.detail_type.value,
            "source": SOURCE,
            "account": "000000000000",
            "time": to_iso(recorded.at),
            "region": "us-east-1",
            "resources": [],
            "detail": without_persons(recorded.event, anonymous).to_detail(),
        }
        for recorded in in_order(events)
    ]


if __name__ == "__main__":
    main()
