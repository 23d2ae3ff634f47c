"""The events on the bus: their shape, and when an order's journey has all of them."""

import json
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import orders
from domain.detail_types import DetailType
from domain.events import (
    EVENT_CLASSES,
    ConfigChanged,
    OrderCancelled,
    OrderEvent,
    OrderFinished,
    OrderTimeOut,
    ShopNotready,
    UnreadableEvent,
    event_of,
    events_for_change,
    journey_is_complete,
    journey_key,
    parse_event,
    parse_order_event,
)
from domain.menu import ChosenOption, DrinkOrder
from domain.orders import TRANSITIONS, Action, OrderState
from tests.builders import NOW, TOKEN, a_shop, an_order, journey_to

# As printed in the deck ("15 EVENTS"), its OrderManager_MakeOrder read as OrderManager.MakeOrder.
OF_THE_DECK = {
    "ConfigService.ConfigChanged",
    "OrderJourney.AllEventsStored",
    "OrderManager.MakeOrder",
    "OrderManager.OrderCancelled",
    "OrderManager.OrderCompleted",
    "OrderManager.WaitingCompletion",
    "OrderProcessor.OrderTimeOut",
    "OrderProcessor.ShopNotready",
    "OrderProcessor.WaitingCompletion",
    "OrderProcessor.WaitingProduction",
    "OrderProcessor.WorkflowStarted",
    "QueueService.OrderCancelled",
    "QueueService.OrderCompleted",
    "QueueService.OrderStarted",
    "Validator.NewOrder",
}


def test_every_event_of_the_deck_exists():
    assert len(OF_THE_DECK) == 15
    assert {name.value for name in DetailType} >= OF_THE_DECK


def test_beyond_the_deck_there_are_only_these_three():
    assert {name.value for name in DetailType} - OF_THE_DECK == {
        "OrderProcessor.orderFinished",
        "OrderManager.OrderCollected",
        "OrderManager.OrderReopened",
    }


def test_every_detail_type_has_its_class():
    assert set(EVENT_CLASSES) == set(DetailType)
    assert len(set(EVENT_CLASSES.values())) == len(DetailType)


def test_every_event_says_in_a_sentence_what_happened():
    messages = [cls.message for cls in EVENT_CLASSES.values()]
    assert all(message.endswith(".") for message in messages)
    assert len(set(messages)) == len(messages)


def test_every_event_but_the_two_of_services_is_announced_by_a_move():
    announced = {name for row in TRANSITIONS for name in row.events} | {DetailType.NEW_ORDER}
    assert set(DetailType) - announced == {
        DetailType.CONFIG_CHANGED,
        DetailType.ALL_EVENTS_STORED,
    }


# Round trip

_ORDER_EVENTS = [cls for cls in EVENT_CLASSES.values() if issubclass(cls, OrderEvent)]
_text = st.text(max_size=12)
_moments = st.integers(0, 10**10).map(lambda ms: NOW + timedelta(milliseconds=ms))
_option_names = st.lists(_text, max_size=4, unique=True)
_drinks = _option_names.flatmap(
    lambda names: st.builds(
        DrinkOrder,
        st.text(min_size=1, max_size=8),
        _text,
        _text,
        st.tuples(*(st.builds(ChosenOption, _text, st.just(n), st.booleans()) for n in names)),
    )
)


_OWN_FIELDS = {
    "position": st.none() | st.integers(0, 500),
    "waiting": st.none() | st.integers(0, 500),
    "is_walk_up": st.booleans(),
    "told": st.none() | st.tuples(st.integers(0, 60), st.integers(0, 60)),
}


@st.composite
def order_events(draw):
    cls = draw(st.sampled_from(_ORDER_EVENTS))
    own = {field.name for field in fields(cls)} - {field.name for field in fields(OrderEvent)}
    return cls(
        shop_id=draw(_text),
        version=draw(st.integers(1, 10**6)),
        order_id=draw(_text),
        customer_id=draw(_text),
        order_number=draw(st.none() | st.integers(0, 10**6)),
        drink_order=draw(st.none() | _drinks),
        at=draw(st.none() | _moments),
        began_at=draw(st.none() | _moments),
        **{name: draw(_OWN_FIELDS.get(name, _text)) for name in sorted(own)},
    )


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(order_events())
def test_every_order_event_comes_back_from_the_bus_as_it_went(event):
    detail = json.loads(json.dumps(event.to_detail()))
    assert parse_event(event.detail_type.value, detail) == event


@pytest.mark.parametrize("shop", [a_shop(), a_shop(is_open=False, capacity=3, version=9)])
def test_a_change_of_settings_comes_back_from_the_bus_as_it_went(shop):
    event = ConfigChanged.of(shop)
    assert parse_event(event.detail_type.value, json.loads(json.dumps(event.to_detail()))) == event


def test_two_options_of_one_name_come_back_each_as_it_was():
    drink = DrinkOrder(
        "latte",
        "Latte",
        "latte",
        (ChosenOption("milk", "Regular", True), ChosenOption("cup", "Regular", False)),
    )
    event = EVENT_CLASSES[DetailType.WAITING_PRODUCTION].of(
        an_order(OrderState.SUBMITTED, drink_order=drink)
    )
    assert parse_event(event.detail_type.value, event.to_detail()) == event


def test_an_event_with_fields_of_a_later_version_can_be_read():
    event = OrderTimeOut.of(an_order(OrderState.TIMED_OUT))
    assert OrderTimeOut.from_detail(event.to_detail() | {"mood": "sorry"}) == event


def test_an_event_without_its_order_is_refused():
    detail = OrderTimeOut.of(an_order(OrderState.TIMED_OUT)).to_detail()
    del detail["orderId"]
    with pytest.raises(UnreadableEvent, match="orderId"):
        parse_event(DetailType.ORDER_TIME_OUT.value, detail)


def test_a_detail_type_that_is_not_ours_is_refused():
    with pytest.raises(UnreadableEvent):
        parse_event("OrderManager.OrderNYC-CANCELLED", {"eventId": "main"})


def test_an_event_that_is_about_no_order_is_refused_where_an_orders_is_meant():
    changed = ConfigChanged.of(a_shop())
    with pytest.raises(UnreadableEvent, match="not about an order"):
        parse_order_event(changed.detail_type.value, changed.to_detail())
    finished = OrderFinished.of(an_order(OrderState.COLLECTED))
    assert parse_order_event(finished.detail_type.value, finished.to_detail()) == finished


@pytest.mark.parametrize(
    "odd",
    [{"drinkOrder": "Latte"}, {"version": "new"}, {"version": []}, {"orderNumber": "#7"}],
    ids=[
        "a drink in one word",
        "a version in words",
        "a list for a version",
        "a number with a sign",
    ],
)
def test_an_event_that_somebody_else_spells_otherwise_is_refused(odd):
    detail = OrderTimeOut.of(an_order(OrderState.TIMED_OUT)).to_detail() | odd
    with pytest.raises(UnreadableEvent):
        parse_event(DetailType.ORDER_TIME_OUT.value, detail)


def test_an_original_event_without_our_additions_can_be_read():
    event = parse_event(
        "OrderManager.WaitingCompletion",
        {
            "eventId": "reinvent",
            "orderId": "01",
            "userId": "u",
            "orderNumber": "",
            "drinkOrder": {"userId": "u", "drink": "Latte", "modifiers": ["Oat"], "icon": "latte"},
        },
    )
    assert (event.drink_order.name, event.order_number) == ("Latte", None)
    assert [option.name for option in event.drink_order.options] == ["Oat"]


# What an event says of its order


def test_a_time_out_says_whose_deadline_it_was():
    assert OrderTimeOut.of(an_order(OrderState.TIMED_OUT)).cause == "Barista timedout"


def test_a_cancellation_says_who_and_why():
    event = OrderCancelled.of(an_order(OrderState.CANCELLED))
    assert (event.cancelled_by, event.reason) == ("barista", "the bar is closing")


def test_a_refusal_says_why():
    assert ShopNotready.of(an_order(OrderState.REFUSED)).reason == "full"


def test_a_released_order_is_announced_with_no_barista():
    making = an_order(OrderState.MAKING)
    released = replace(making, state=OrderState.QUEUED, barista_id=None, version=6)
    [event] = events_for_change(making, released)
    assert event.to_detail()["baristaUserId"] == ""


def test_no_event_ever_carries_a_task_token():
    for row in TRANSITIONS:
        before = an_order(row.source, task_token=TOKEN)
        after = replace(before, state=row.target, version=before.version + 1)
        for event in events_for_change(before, after):
            assert TOKEN not in json.dumps(event.to_detail())
            assert TOKEN not in repr(event)


# Journeys


def _journeys():
    """Every way an order can go, with one release at most, as its list of moves."""
    ways, open_ways = [], [([], OrderState.CLAIMED)]
    while open_ways:
        way, state = open_ways.pop()
        rows = [row for row in TRANSITIONS if row.source is state]
        for row in rows:
            if row.action is Action.RELEASE and row in way:
                continue
            if state is OrderState.COMPLETED:
                continue
            open_ways.append(([*way, row], row.target))
        if not rows or state is OrderState.COMPLETED:
            ways.append(way)
    return ways


def _keys(way) -> list[str]:
    order = an_order()
    events = events_for_change(None, order)
    for row in way:
        after = replace(order, state=row.target, version=order.version + 1)
        events += events_for_change(order, after)
        order = after
    return [journey_key(event) for event in events]


WAYS = _journeys()


def _name(way):
    return " ".join(row.action for row in way)


def test_the_ways_an_order_can_go_are_all_here():
    assert {way[-1].target for way in WAYS} == {
        OrderState.COMPLETED,
        OrderState.REFUSED,
        OrderState.CANCELLED,
        OrderState.TIMED_OUT,
    }
    assert {row for way in WAYS for row in way} == {
        row
        for row in TRANSITIONS
        if row.action not in (Action.COLLECT, Action.REMAKE, Action.TAKE_BACK)
    }


def _keys_of(steps) -> list[str]:
    return [
        journey_key(event)
        for before, after in zip([None, *steps], steps)
        for event in events_for_change(before, after)
    ]


def test_the_journey_of_an_order_that_is_made_again_is_complete_at_its_second_end():
    steps = journey_to(OrderState.COMPLETED)
    steps.append(orders.remake(steps[-1], steps[-1].ended_at))
    assert not journey_is_complete(_keys_of(steps))
    steps.append(orders.queue(steps[-1], 900, NOW))
    steps.append(orders.make(steps[-1], "barista-1", "Kim", NOW))
    assert not journey_is_complete(_keys_of(steps))
    steps.append(orders.complete(steps[-1], NOW))
    keys = _keys_of(steps)
    assert journey_is_complete(keys)
    for missing in range(len(keys)):
        assert not journey_is_complete(keys[:missing] + keys[missing + 1 :]), keys[missing]


def test_the_journey_of_a_collected_order_that_is_ready_again_is_complete():
    steps = journey_to(OrderState.COLLECTED)
    steps.append(orders.take_back(steps[-1], steps[-1].collected_at))
    assert journey_is_complete(_keys_of(steps))


def test_the_queue_says_who_is_next_and_how_many_wait():
    first, second = (
        an_order(OrderState.QUEUED, id="first"),
        an_order(OrderState.QUEUED, id="second", submitted_at=NOW + timedelta(hours=1)),
    )
    started = EVENT_CLASSES[DetailType.QUEUE_ORDER_STARTED].of(second).in_queue([first, second])
    assert (started.to_detail()["position"], started.to_detail()["waiting"]) == (2, 2)
    gone = EVENT_CLASSES[DetailType.QUEUE_ORDER_COMPLETED].of(first).in_queue([second])
    assert (gone.position, gone.waiting) == (0, 1)


@pytest.mark.parametrize("way", WAYS, ids=_name)
def test_a_journey_with_every_event_is_complete(way):
    keys = _keys(way)
    assert len(set(keys)) == len(keys)
    assert journey_is_complete(keys)


@pytest.mark.parametrize("way", WAYS, ids=_name)
def test_a_journey_that_misses_any_one_event_is_not_complete(way):
    keys = _keys(way)
    for missing in range(len(keys)):
        assert not journey_is_complete(keys[:missing] + keys[missing + 1 :]), keys[missing]


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(WAYS), st.data())
def test_a_journey_is_complete_with_its_last_event_in_whatever_order_they_come(way, data):
    keys = data.draw(st.permutations(_keys(way)))
    arrived = []
    for key in keys[:-1]:
        arrived.append(key)
        assert not journey_is_complete(arrived)
    assert journey_is_complete([*arrived, keys[-1]])
    assert journey_is_complete([*arrived, keys[-1], *keys])


def test_a_journey_stays_complete_when_the_drink_is_collected():
    made = _keys(next(way for way in WAYS if way[-1].target is OrderState.COMPLETED))
    collected = an_order(OrderState.COLLECTED, version=len(made))
    [event] = events_for_change(replace(collected, state=OrderState.COMPLETED), collected)
    assert journey_is_complete([*made, journey_key(event)])


def test_an_empty_journey_is_not_complete():
    assert not journey_is_complete([])


def test_a_journey_is_stored_in_the_order_in_which_it_happened():
    for way in WAYS:
        versions = [int(key.split("#")[0]) for key in sorted(_keys(way))]
        assert versions == sorted(versions) and versions[0] == 1


def test_a_later_version_sorts_after_an_earlier_one():
    event = OrderTimeOut.of(an_order(OrderState.TIMED_OUT, version=10))
    earlier = replace(event, version=9)
    assert journey_key(earlier) < journey_key(event)


def test_a_change_of_the_settings_comes_back_from_its_detail():
    changed = ConfigChanged.of(a_shop(is_open=False, capacity=7, version=3))
    assert ConfigChanged.from_detail(changed.to_detail()) == changed
    assert ConfigChanged.from_detail({"eventId": "main"}) == ConfigChanged("main", 0, True, 0, {})


def test_an_envelope_holds_its_event():
    event = events_for_change(None, an_order())[0]
    envelope = {"detail-type": str(event.detail_type), "detail": event.to_detail()}
    assert event_of(envelope) == event
    for broken in ({}, envelope | {"detail-type": "X"}, {"detail-type": "Validator.NewOrder"}):
        with pytest.raises(UnreadableEvent):
            event_of(broken)
