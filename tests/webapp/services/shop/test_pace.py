"""Pauses, rushes, hours and stock, held against the real tables and the screens they reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.detail_types import DetailType
from domain.errors import ShopPaused
from domain.hours import hours_from_dict
from tests.builders import NOW
from tests.services import open_code, scan_and_claim
from tests.tables import workflow_writes
from webapp.consumers.registry import run
from webapp.services.intake import qr_codes
from webapp.services.orders import customer_steps
from webapp.services.shop import rush, switches
from webapp.services.shop.editing import change_shop
from webapp.services.shop.opening_hours import follow_hours


def let_in(services, customer: str):
    order = scan_and_claim(services, services.shop("main"), customer)
    workflow_writes("AdmitOrder", order, services.now(), token=f"token of {order.id}")
    return services.order("main", order.id)


def settle(services, **changes):
    return change_shop(services, "main", lambda shop: replace(shop, **changes))


def test_in_a_pause_nobody_scans_and_whoever_scanned_before_waits(services, clock):
    open_code(services, services.shop("main"), "customer-1")
    rush.pause(services, "main")
    with pytest.raises(ShopPaused):
        scan_and_claim(services, services.shop("main"), "customer-1")
    with pytest.raises(ShopPaused):
        open_code(services, services.shop("main"), "customer-2")
    clock.pass_seconds(600)
    assert scan_and_claim(services, services.shop("main"), "customer-2")


def test_an_order_that_was_in_goes_on_in_a_pause(services):
    order = let_in(services, "customer-1")
    rush.pause(services, "main")
    assert services.order("main", order.id).state == "ADMITTED"


def test_the_bar_pauses_itself_with_the_orders_that_come_in_and_goes_on_as_they_leave(services):
    settle(services, auto_pause_at=2)
    orders = [let_in(services, "customer-1"), let_in(services, "customer-2")]
    order = orders[0]
    event = {"eventId": "main", "orderId": order.id, "version": 2}

    def deliver(name: DetailType):
        run(services, {"consumer": "pace", "event": {"detail-type": name, "detail": event}})

    deliver(DetailType.WORKFLOW_STARTED)
    deliver(DetailType.WORKFLOW_STARTED)
    shop = services.shop("main")
    assert shop.paused_until == NOW + timedelta(minutes=10) and shop.pause_is_automatic
    customer_steps.cancel_order(services, order)
    deliver(DetailType.ORDER_CANCELLED)
    assert services.shop("main").paused_until is None


def test_the_clock_opens_and_closes_each_shop_by_itself(services, clock):
    settle(services, hours=hours_from_dict({"friday": "08:00-09:40, 13:00-17:00"}))
    follow_hours(services)
    assert services.shop("main").is_open
    clock.pass_seconds(600)
    follow_hours(services)
    shop = services.shop("main")
    assert not shop.is_open
    follow_hours(services)
    assert services.shop("main") == shop
    assert qr_codes.current_code(services, shop)


@pytest.mark.parametrize(
    ("lasts", "back_after"),
    [
        (switches.SoldOutFor.HOUR, timedelta(hours=1)),
        (switches.SoldOutFor.TODAY, timedelta(hours=14, minutes=28, seconds=53)),
    ],
)
def test_what_is_sold_out_for_a_while_is_back_without_a_write(services, clock, lasts, back_after):
    switches.set_sold_out(services, "main", "oat", True, "milk", lasts)
    version = services.shop("main").version
    clock.pass_seconds(back_after.total_seconds() - 1)
    assert services.shop("main").menu.groups[0].option("oat").is_sold_out
    clock.pass_seconds(1)
    shop = services.shop("main")
    assert not shop.menu.groups[0].option("oat").is_sold_out
    assert shop.version == version
