"""Starting an order's execution: once for each event, for the order as the event knew it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.events import NewOrder
from tests.builders import NOW
from tests.webapp.services.steps import now, scan
from webapp.consumers.start_execution import start_execution


def test_a_claimed_order_gets_its_execution(services):
    order = scan(services)
    start_execution(services, NewOrder.of(order), NOW)
    assert [name for name, _ in services.executions.started] == [order.execution_name]


@pytest.mark.parametrize("difference", [-1, 1])
def test_an_event_of_another_version_starts_nothing(services, difference):
    order = scan(services)
    event = replace(NewOrder.of(order), version=order.version + difference)
    start_execution(services, event, NOW)
    assert services.executions.started == []
    assert now(services, order) == order


def test_an_event_of_an_order_that_is_gone_starts_nothing(services):
    order = scan(services)
    start_execution(services, replace(NewOrder.of(order), order_id="f" * 32), NOW)
    assert services.executions.started == []
