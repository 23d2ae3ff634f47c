"""Every event of an order ends up in its journey once, and the last one completes it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from domain.detail_types import DetailType
from domain.events import OrderEvent, events_for_change, parse_event
from domain.orders import OrderState
from tests.builders import journey_to
from tests.tables import empty_tables
from webapp.consumers.journey import store_event
from webapp.consumers.registry import CONSUMERS, EventFailed, run
from webapp.storage.tables import JourneyModel
from workflows.signals import Signal

SAMPLES = Path(__file__).parents[2] / "sample_events"
AT = datetime(2024, 5, 17, 9, 31, 7, tzinfo=UTC)
ENDS = [OrderState.COMPLETED, OrderState.REFUSED, OrderState.CANCELLED, OrderState.TIMED_OUT]


def _events(state: OrderState) -> list[OrderEvent]:
    path = journey_to(state)
    return [
        event
        for before, after in zip([None, *path], path)
        for event in events_for_change(before, after)
    ]


def _stored(services) -> list[str]:
    order_id = journey_to(OrderState.CLAIMED)[0].id
    return [name for _, name in services.journeys.stored(order_id)]


def _deliver(services, events):
    for event in events:
        store_event(services, event, AT)


@pytest.mark.parametrize("end", ENDS, ids=str)
def test_a_journey_is_stored_in_order_and_ends_with_all_events_stored(services, end):
    events = _events(end)
    _deliver(services, events)
    stored = _stored(services)
    assert sorted(stored) == sorted(
        [*(e.detail_type for e in events), "OrderJourney.AllEventsStored"]
    )
    assert stored[0] == "Validator.NewOrder"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("end", [OrderState.COMPLETED, OrderState.CANCELLED], ids=str)
def test_whichever_event_comes_last_completes_the_journey(services, end, seed):
    events = _events(end)
    Random(seed).shuffle(events)
    _deliver(services, events[:-1])
    assert DetailType.ALL_EVENTS_STORED not in _stored(services)
    _deliver(services, events[-1:])
    assert _stored(services).count(DetailType.ALL_EVENTS_STORED) == 1


@pytest.mark.parametrize("missing", range(len(_events(OrderState.TIMED_OUT))))
def test_a_journey_that_misses_one_event_is_not_complete(services, missing):
    events = _events(OrderState.TIMED_OUT)
    _deliver(services, events[:missing] + events[missing + 1 :])
    assert DetailType.ALL_EVENTS_STORED not in _stored(services)
    _deliver(services, [events[missing]])
    assert DetailType.ALL_EVENTS_STORED in _stored(services)


def test_events_delivered_twice_are_stored_once(services):
    events = _events(OrderState.COMPLETED)
    _deliver(services, [*events, *events])
    stored = _stored(services)
    assert len(stored) == len(set(stored)) == len(events) + 1


def test_what_was_stored_first_is_kept(services):
    [event, *_] = _events(OrderState.COMPLETED)
    store_event(services, event, AT)
    store_event(services, event, AT + timedelta(seconds=1))
    assert _happened_at(services, event) == AT.isoformat()


def _happened_at(services, event) -> str:
    [entry] = JourneyModel.query(event.order_id)
    return entry.happened_at


@pytest.mark.parametrize("place", range(3))
def test_a_drink_collected_neither_completes_nor_spoils_the_journey(services, place):
    *events, collected = _events(OrderState.COLLECTED)
    assert collected.detail_type is DetailType.ORDER_COLLECTED
    where = [0, len(events) // 2, len(events)][place]
    _deliver(services, [*events[:where], collected, *events[where:]])
    stored = _stored(services)
    assert stored.count(DetailType.ALL_EVENTS_STORED) == 1
    assert stored.count(DetailType.ORDER_COLLECTED) == 1


def test_the_detail_is_stored_as_it_was_announced(services):
    for event in _events(OrderState.COMPLETED):
        store_event(services, event, AT)
        entries = {entry.detail_type: entry for entry in JourneyModel.query(event.order_id)}
        detail = entries[event.detail_type].detail
        assert parse_event(event.detail_type.value, detail) == event


def test_orders_do_not_complete_each_other(services):
    events = _events(OrderState.REFUSED)
    others = [replace(event, order_id="another order") for event in events]
    _deliver(services, [events[0], *others[1:]])
    assert DetailType.ALL_EVENTS_STORED not in _stored(services)
    assert DetailType.ALL_EVENTS_STORED not in [
        name for _, name in services.journeys.stored("another order")
    ]


# From the bus


[_JOURNEY] = [consumer for consumer in CONSUMERS if consumer.name == "journey"]


@pytest.mark.parametrize("name", sorted(_JOURNEY.detail_types), ids=str)
def test_an_envelope_from_the_bus_is_stored_with_its_time_however_often_it_comes(services, name):
    envelope = json.loads((SAMPLES / f"{name}.json").read_text())
    for _ in range(2):
        run(services, {"consumer": "journey", "event": envelope})
    [(_, stored)] = services.journeys.stored(envelope["detail"]["orderId"])
    assert stored == name


@pytest.mark.parametrize(
    "spoiled",
    [
        {"detail-type": "OrderManager.Unknown"},
        {"detail": {"eventId": "main"}},
        {"detail": {"eventId": "main", "orderId": "1", "drinkOrder": "Latte"}},
        {"detail": "text"},
        {"detail": None},
        {"detail-type": ["OrderManager.MakeOrder"]},
    ],
    ids=[
        "an unknown detail-type",
        "a detail without its order",
        "a drink in one word",
        "no detail",
        "nothing",
        "two detail-types",
    ],
)
def test_an_envelope_nobody_can_read_is_logged_and_set_aside(services, caplog, spoiled):
    envelope = json.loads((SAMPLES / "OrderManager.MakeOrder.json").read_text()) | spoiled
    run(services, {"consumer": "journey", "event": envelope})
    assert _stored(services) == []
    assert "unreadable event" in caplog.text
    assert _counted(caplog) == [Signal.UNKNOWN_EVENTS]
    [(payload, _)] = services.dead_letters.kept
    assert payload["event"] == envelope
    with pytest.raises(EventFailed, match="cannot read it either"):
        run(services, payload)
    assert len(services.dead_letters.kept) == 1


def test_an_event_for_an_unknown_consumer_is_counted_and_delivered_again(services, caplog):
    """A rule may be there a minute before the code it is for."""
    with pytest.raises(EventFailed, match="there is no consumer somebody"):
        run(services, {"consumer": "somebody", "event": {"raw_command": "import os"}})
    assert "unknown event" in caplog.text
    assert _counted(caplog) == [Signal.UNKNOWN_EVENTS]


def _counted(caplog) -> list[str]:
    return [record.counted for record in caplog.records if hasattr(record, "counted")]


def test_outside_data_never_chooses_the_consumer(services):
    envelope = json.loads((SAMPLES / "OrderManager.MakeOrder.json").read_text())
    envelope |= {"consumer": "sweep", "Records": []}
    run(services, {"consumer": "journey", "event": envelope})
    assert _stored(services) == [DetailType.MAKE_ORDER]


def test_every_permutation_of_a_short_journey_completes_it_once(services):
    events = _events(OrderState.REFUSED)
    for order in itertools.permutations(events):
        empty_tables()
        _deliver(services, order)
        assert _stored(services).count(DetailType.ALL_EVENTS_STORED) == 1
