"""The forwarder: whose screen an event reaches."""

from __future__ import annotations

import pytest

from domain.events import OrderReopened
from tests.builders import NOW
from tests.webapp.services.steps import KIM, made, queued
from webapp.consumers.forward import forward
from webapp.consumers.screen_events import CHANGES_BOARD, FORWARDED, MOVES_LINE
from webapp.services.orders import barista_steps


def _topics(services) -> list[str]:
    return [topic for topic, _ in services.live.messages]


def test_a_drink_that_comes_back_moves_whoever_waits(services, in_app):
    served, waiting = made(services, "customer-1"), queued(services, "customer-2")
    again = barista_steps.remake_order(services, served.id, KIM)
    services.live.messages.clear()
    forward(services, OrderReopened.of(again), NOW)
    assert any(waiting.id in topic and "order_status" in topic for topic in _topics(services))


# The events of forward.py, by who hears of them; written by hand, not read from TRANSITIONS.
LINE = (
    "OrderManager.MakeOrder OrderManager.OrderCancelled OrderManager.OrderReopened"
    " OrderProcessor.OrderTimeOut"
)
BOARD = (
    f"{LINE} ConfigService.ConfigChanged OrderManager.OrderCollected OrderManager.OrderCompleted"
    " QueueService.OrderStarted"
)
ALL = f"{BOARD} OrderProcessor.ShopNotready OrderProcessor.WorkflowStarted Validator.NewOrder"


@pytest.mark.parametrize(
    ("found", "expected"), [(MOVES_LINE, LINE), (CHANGES_BOARD, BOARD), (FORWARDED, ALL)]
)
def test_one_event_of_each_move_that_changes_a_screen_reaches_it(found, expected):
    assert found == set(expected.split())
