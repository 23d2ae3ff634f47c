"""What is left of an order's events when nobody is named in them any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.events import MakeOrder, UnreadableEvent, events_for_change
from domain.forgetting import nameless
from domain.orders import FORGOTTEN, WALK_UP, OrderState
from tests.builders import an_order, journey_to

PATH = journey_to(OrderState.COLLECTED)
EVENTS = [
    event
    for before, after in zip([None, *PATH], PATH, strict=False)
    for event in events_for_change(before, after)
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.detail_type)
def test_an_event_names_nobody_and_tells_all_else(event):
    before, after = event.to_detail(), nameless(event.detail_type, event.to_detail())
    told = str(after)
    assert "customer-1" not in told and "barista-1" not in told and "Kim" not in told
    assert after["userId"] == FORGOTTEN
    for name in ("orderId", "eventId", "version", "orderNumber", "TS", "startedTS", "Message"):
        assert after.get(name) == before.get(name)
    assert nameless(event.detail_type, after) == after


def test_a_walk_up_and_a_barista_who_is_nobody_stay_as_they_are():
    order = replace(an_order(OrderState.MAKING), customer_id=WALK_UP, barista_id="")
    after = nameless(MakeOrder.detail_type, MakeOrder.of(order).to_detail())
    assert (after["userId"], after["baristaUserId"]) == (WALK_UP, "")


def test_what_is_no_event_is_refused():
    with pytest.raises(UnreadableEvent):
        nameless("OrderManager.Nothing", {})
