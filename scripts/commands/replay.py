"""Plays recorded envelopes onto a rehearsal shop's bus.

The events are put at the pace of the recording, times --speed. Their own times keep the distances
of the recording and never lie in the future, so that figures from these events stay true.
"""

from __future__ import annotations

import json
import logging
import secrets
import signal
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from tqdm import tqdm

from domain.recordings import RecordedEvent, Unplayable, for_rehearsal, in_order, read_envelope
from domain.shops import SHOP_ID_PATTERN, Shop
from scripts import options
from webapp.bootstrap import build_services
from webapp.services.all_services import Services
from webapp.settings import Settings

TICK_SECONDS = 0.2


def main() -> None:
    chosen = options.parse_replay(sys.argv[1:])
    events, left_out = read_recording(chosen.file)
    services = build_services(Settings.from_environment())
    shop = rehearsal_shop(services, chosen.shop)
    for reason, count in left_out.most_common():
        print(f"{count:>6}  left out: {reason}")
    if not events:
        sys.exit(f"{chosen.file} holds no event that can be played.")
    print(f"{len(events)} events, {length(events)}, into {shop.name} at {chosen.speed:g} times.")
    Player(services, shop, events, chosen.speed).play()


def read_recording(file: Path) -> tuple[list[RecordedEvent], Counter]:
    """Returns the events in order of time, and counts the unreadable envelopes by reason."""
    try:
        envelopes = json.loads(file.read_text())
    except OSError as error:
        sys.exit(f"{file} cannot be read ({error.strerror}).")
    except (ValueError, RecursionError):
        sys.exit(f"{file} is not JSON. A recording is one array of envelopes.")
    if not isinstance(envelopes, list):
        sys.exit(f"{file} is not a recording: it must be one JSON array of envelopes.")
    events, left_out = [], Counter()
    for envelope in envelopes:
        try:
            events.append(read_envelope(envelope))
        except Unplayable as reason:
            left_out[str(reason)] += 1
    return in_order(events), left_out


def rehearsal_shop(services: Services, shop_id: str) -> Shop:
    """Returns the rehearsal shop, and makes it if there is none. Never returns a live shop."""
    if not SHOP_ID_PATTERN.fullmatch(shop_id):
        sys.exit(f"{shop_id} cannot be a shop's id; use small letters, digits and hyphens.")
    if services.shops.get(shop_id) is None:
        services.shops.create(Shop(id=shop_id, name="Practice bar", is_rehearsal=True))
        print(f"Made the rehearsal shop {shop_id}.")
    shop = services.shop(shop_id)
    if not shop.is_rehearsal:
        sys.exit(
            f"{shop.name} ({shop.id}) is a live shop. Recordings play in rehearsal shops only."
        )
    return shop


def length(events: list[RecordedEvent]) -> str:
    minutes, seconds = divmod(int((events[-1].at - events[0].at).total_seconds()), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes}:{seconds:02d}"


class Player:
    """Plays a recording once."""

    def __init__(self, services: Services, shop: Shop, events: list[RecordedEvent], speed: float):
        self._services = services
        self._first, self._last = events[0].at, events[-1].at
        self._speed = speed
        self._shop_id, self._play = shop.id, secrets.token_hex(8)
        self._waiting = list(events)
        self._finished = threading.Event()

    def play(self) -> None:
        """Returns when the last event is on the bus, or after Ctrl-C."""
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        signal.signal(signal.SIGINT, lambda *_: self._finished.set())
        self._begins_at = datetime.now(UTC)
        self._bar = tqdm(total=len(self._waiting), unit="event", disable=None)
        jobs = BackgroundScheduler(job_defaults={"max_instances": 1, "coalesce": True})
        jobs.add_job(self._tick, "interval", seconds=TICK_SECONDS, next_run_time=datetime.now())
        jobs.start()
        self._finished.wait()
        jobs.shutdown(wait=True)
        self._bar.close()
        if self._waiting:
            print(f"Stopped; {len(self._waiting)} events were not played.")

    def _tick(self) -> None:
        played = (datetime.now(UTC) - self._begins_at) * self._speed
        due = [one for one in self._waiting if one.at - self._first <= played]
        self._services.bus.put_recorded([self._moved(one) for one in due])
        del self._waiting[: len(due)]
        self._bar.update(len(due))
        if not self._waiting:
            self._finished.set()

    def _moved(self, recorded: RecordedEvent) -> RecordedEvent:
        """Moves an event's times so that the recording's last
        event happens when the replay ends.
        """
        ends_at = self._begins_at + (self._last - self._first) / self._speed
        later = ends_at - self._last
        event = for_rehearsal(recorded.event, self._shop_id, self._play, later)
        return RecordedEvent(event, recorded.at + later)


if __name__ == "__main__":
    main()
