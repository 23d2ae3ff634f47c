"""The bus as the outbox sees it."""

from __future__ import annotations

import pytest

from domain.events import NewOrder
from tests.builders import Clock, an_order
from webapp.cloud.event_bus import EventBus, EventsNotAccepted


class HalfFullBus:
    """EventBridge that takes the first entry of each call and is too busy for the others."""

    def __init__(self):
        self.calls = []
        self.events = self

    def put_events(self, Entries: list[dict]) -> dict:
        self.calls.append(len(Entries))
        busy = [{"ErrorCode": "ThrottlingException", "ErrorMessage": "main"} for _ in Entries[1:]]
        return {"FailedEntryCount": len(busy), "Entries": [{"EventId": "1"}, *busy]}


def test_an_event_that_was_not_accepted_has_the_outbox_come_again_and_the_log_say_why():
    bus = EventBus(HalfFullBus(), "serverlesspresso-", Clock())
    with pytest.raises(EventsNotAccepted, match="ThrottlingException, ThrottlingException$"):
        bus.put([NewOrder.of(an_order())] * 3)


def test_events_go_out_by_tens_as_eventbridge_takes_them():
    clients = HalfFullBus()
    bus = EventBus(clients, "serverlesspresso-", Clock())
    bus.put([])
    with pytest.raises(EventsNotAccepted):
        bus.put([NewOrder.of(an_order())] * 11)
    assert clients.calls == [10]
