"""What scripts/bench measures with."""

from __future__ import annotations

import pytest

from scripts.measuring.order_driver import OrderDriver, connected_relay
from tests.aws import forget_connections


@pytest.fixture
def driver(stack, monkeypatch):
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    with connected_relay(stack) as relay:
        yield OrderDriver(relay)
    forget_connections()


def test_more_orders_than_one_household_may_begin_go_from_scan_to_hand(driver):
    assert {driver.lifecycle().state for _ in range(8)} == {"COLLECTED"}
