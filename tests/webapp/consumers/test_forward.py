"""The forwarder: whose screen an event reaches."""

from __future__ import annotations

import pytest

from domain.events import OrderReopened
from domain.orders import TRANSITIONS, WAITING, Action
from tests.builders import NOW
from tests.webapp.services.steps import KIM, made, queued
from webapp.consumers.forward import MOVES_LINE, forward
from webapp.services.orders import barista_steps


def _topics(services) -> list[str]:
    return [topic for topic, _ in services.live.messages]


def test_a_drink_that_comes_back_moves_whoever_waits(services, in_app):
    served, waiting = made(services, "customer-1"), queued(services, "customer-2")
    again = barista_steps.remake_order(services, served.id, KIM)
    services.live.messages.clear()
    forward(services, OrderReopened.of(again), NOW)
    assert any(waiting.id in topic and "order_status" in topic for topic in _topics(services))


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in TRANSITIONS
        if (row.source in WAITING) != (row.target in WAITING) and row.action is not Action.SUBMIT
    ],
    ids=lambda row: f"{row.source} to {row.target}",
)
def test_each_step_into_or_out_of_the_line_moves_it(row):
    """But for a new choice, behind which nobody stands."""
    assert MOVES_LINE & set(row.events)
