"""Puts events on the bus."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from domain.detail_types import BUS_NAME, SOURCE
from webapp.cloud.clients import Clients
from webapp.services.events.ports import Bus

if TYPE_CHECKING:
    from domain.events import Event
    from domain.recordings import RecordedEvent

IN_JOURNEY = "inJourney"
"""Marks the outbox's own events, because the outbox has stored them in the journey. An event that
was recorded elsewhere is stored when it comes over the bus."""
_MOST_PER_CALL = 10
_MAIN_PREFIX = "serverlesspresso-"


def bus_name(prefix: str) -> str:
    """Returns the deployment's bus: the deck's name for the main one, with a suffix for others."""
    suffix = prefix.removeprefix(_MAIN_PREFIX).rstrip("-")
    return f"{BUS_NAME}-{suffix}" if suffix else BUS_NAME


class EventsNotAccepted(Exception):
    """The bus refused some entries. The outbox sends the whole batch again."""


class EventBus(Bus):
    """See the port."""

    def __init__(self, clients: Clients, prefix: str, now: Callable[[], datetime]):
        self._clients = clients
        self._now = now
        self._name = bus_name(prefix)

    def put(self, events: list[Event]) -> None:
        self._put([self._entry(event, is_in_journey=True) for event in events])

    def put_recorded(self, events: list[RecordedEvent]) -> None:
        """Puts recorded events with the moments at which they happened."""
        self._put([self._entry(recorded.event) | {"Time": recorded.at} for recorded in events])

    def _put(self, entries: list[dict]) -> None:
        for start in range(0, len(entries), _MOST_PER_CALL):
            answer = self._clients.events.put_events(
                Entries=entries[start : start + _MOST_PER_CALL]
            )
            if answer["FailedEntryCount"]:
                codes = [one["ErrorCode"] for one in answer["Entries"] if "ErrorCode" in one]
                raise EventsNotAccepted(f"events were not accepted: {', '.join(codes)}")

    def check(self) -> None:
        """Raises an error when the bus does not answer or does not exist."""
        self._clients.events.describe_event_bus(Name=self._name)

    def _entry(self, event: Event, is_in_journey: bool = False) -> dict:
        detail = event.to_detail()
        if is_in_journey and "orderId" in detail:
            detail[IN_JOURNEY] = True
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.detail_type.value,
            "Detail": json.dumps(detail),
            # This is the bar's time, as in the tables, because the figures subtract one from the
            # other.
            "Time": self._now(),
        }
