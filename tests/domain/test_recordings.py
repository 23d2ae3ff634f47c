"""Days without their persons, and envelopes from anywhere."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.detail_types import DetailType
from domain.events import EVENT_CLASSES, MakeOrder, NewOrder, OrderCompleted
from domain.orders import OrderState
from domain.recordings import (
    PERSONAL,
    Anonymous,
    Unplayable,
    for_rehearsal,
    in_order,
    read_envelope,
    without_persons,
)
from tests.builders import an_order

SAMPLES = Path(__file__).parent.parent / "sample_events"
PERSONS = ("customer-of-the-day", "barista-of-the-day", "order-of-the-day", "Kim-of-the-day")
HARMLESS = {"reason", "state", "cancelled_by", "cause"}
"""Texts of events that name nobody: they come from our own lists."""


def _sample(name: DetailType) -> dict:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def _event(cls, state=OrderState.MAKING):
    order = an_order(
        state, id=PERSONS[2], customer_id=PERSONS[0], barista_id=PERSONS[1], barista_name=PERSONS[3]
    )
    return cls.of(order)


ORDER_EVENTS = [cls for name, cls in EVENT_CLASSES.items() if name is not DetailType.CONFIG_CHANGED]


@pytest.mark.parametrize("cls", ORDER_EVENTS, ids=lambda cls: cls.__name__)
def test_a_recorded_event_names_nobody(cls):
    kept = json.dumps(without_persons(_event(cls), Anonymous("salt")).to_detail())
    assert not [person for person in PERSONS if person in kept]


@pytest.mark.parametrize("cls", ORDER_EVENTS, ids=lambda cls: cls.__name__)
def test_each_text_of_an_event_is_known_to_name_somebody_or_nobody(cls):
    texts = {field.name for field in fields(cls) if field.type == "str"}
    assert texts - {"shop_id"} <= PERSONAL.keys() | HARMLESS


def test_one_person_keeps_one_stand_in_and_two_persons_have_two():
    anonymous = Anonymous("salt")
    first, again = (without_persons(_event(MakeOrder), anonymous) for _ in range(2))
    assert first == again
    other = an_order(OrderState.MAKING, customer_id="somebody else", barista_id="a third")
    assert without_persons(MakeOrder.of(other), anonymous).customer_id != first.customer_id


def test_a_released_order_is_still_nobodys():
    released = MakeOrder.of(an_order(OrderState.QUEUED, barista_id=None))
    assert without_persons(released, Anonymous("salt")).barista_id == ""


def test_two_recordings_of_a_day_share_no_order_id():
    ids = {without_persons(_event(NewOrder), Anonymous(salt)).order_id for salt in ("a", "b")}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "name", [name for name in DetailType if name != "ConfigService.ConfigChanged"]
)
def test_every_event_about_an_order_can_be_played(name):
    assert read_envelope(_sample(name)).event.detail_type is name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("OrderManager.OrderABC-COMPLETED", DetailType.ORDER_COMPLETED),
        ("OrderManager.Orderre-invent-2021-CANCELLED", DetailType.ORDER_CANCELLED),
        ("OrderManager_MakeOrder", DetailType.MAKE_ORDER),
    ],
)
def test_the_originals_own_names_are_understood(theirs, ours):
    envelope = {
        "detail-type": theirs,
        "time": "2021-11-28T13:12:30Z",
        "detail": {
            "eventId": "ABC",
            "orderId": "eYmAfqLD67vlbdUViLe_D",
            "userId": "jbesw",
            "TaskToken": "AAAAKgAAAAIAAAAAAAAAAQ",
            "robot": True,
        },
    }
    recorded = read_envelope(envelope)
    assert recorded.event.detail_type is ours
    assert recorded.at == datetime(2021, 11, 28, 13, 12, 30, tzinfo=UTC)
    assert "AAAAKg" not in json.dumps(recorded.event.to_detail())


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        ("text", "not an envelope"),
        ({}, "without a detail"),
        ({"detail-type": "OrderRobot.FulfillOrder", "detail": {}}, "is not known here"),
        ({"detail-type": "Validator.NewOrder", "detail": {"eventId": "x"}}, "lacks a field"),
        (
            {
                "detail-type": "OrderProcessor.ShopUnavailable",
                "time": "2021-11-28T13:12:30Z",
                "detail": {"eventId": "x", "userId": "y"},
            },
            "lacks a field",
        ),
        (
            {
                "detail-type": "Validator.NewOrder",
                "time": "yesterday",
                "detail": {"eventId": "x", "orderId": "y"},
            },
            "without a time",
        ),
        (
            {
                "detail-type": "Validator.NewOrder",
                "time": "2021-11-28T13:12:30",
                "detail": {"eventId": "x", "orderId": "y"},
            },
            "without a time zone",
        ),
        (
            {
                "detail-type": "Validator.NewOrder",
                "time": "2021-11-28T13:12:30Z",
                "detail": {"eventId": "x", "orderId": "y", "drinkOrder": "latte"},
            },
            "lacks a field",
        ),
    ],
)
def test_what_cannot_be_played_says_why(envelope, reason):
    with pytest.raises(Unplayable, match=reason):
        read_envelope(envelope)


def test_a_menu_of_elsewhere_never_reaches_the_rehearsal_shop():
    with pytest.raises(Unplayable, match="settings"):
        read_envelope(_sample(DetailType.CONFIG_CHANGED))


def test_a_played_event_belongs_to_the_rehearsal_shop_and_to_an_order_of_its_own():
    event = _event(OrderCompleted, OrderState.COMPLETED)
    hour = timedelta(hours=1)
    first, again, other = (
        for_rehearsal(event, "rehearsal", play, hour) for play in ("a", "a", "b")
    )
    assert first == again
    assert first.shop_id == "rehearsal"
    assert (first.at - event.at, first.began_at - event.began_at) == (hour, hour)
    assert len({event.order_id, first.order_id, other.order_id}) == 3


def test_events_are_played_by_time_and_those_of_one_moment_as_recorded():
    early, late = _sample(DetailType.NEW_ORDER), _sample(DetailType.ORDER_COMPLETED)
    twin = _sample(DetailType.QUEUE_ORDER_COMPLETED) | {"time": late["time"]}
    names = [one.event.detail_type for one in in_order(map(read_envelope, (late, twin, early)))]
    assert names == [
        DetailType.NEW_ORDER,
        DetailType.ORDER_COMPLETED,
        DetailType.QUEUE_ORDER_COMPLETED,
    ]
