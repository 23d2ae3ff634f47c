"""A full bar says so on the TV, to phones and to devices, with the time when a place is likely."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.admission import state_of
from domain.errors import ShopFull
from domain.events import events_for_change
from domain.orders import Order
from tests.tables import workflow_writes
from tests.webapp.routes.conftest import path_of_code
from tests.webapp.services.steps import KIM, let_in, making, now, queued, scan
from webapp.consumers.forward import forward
from webapp.presenters.times import clock as on_the_wall
from webapp.services.intake import passes, qr_codes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.shop import switches


def _fill(services) -> list[Order]:
    """Three customers have all places; the first one's drink is in the making."""
    return [
        making(services, "customer-1"),
        queued(services, "customer-2"),
        let_in(services, "customer-3"),
    ]


def _state(services) -> str:
    shop = services.shop("main")
    return state_of(shop, qr_codes.current_code(services, shop))[0]


def _pushed(services, before: Order, after: Order) -> list[str]:
    """What the TV's code is told of a change, one push after the other."""
    services.live.messages.clear()
    for event in events_for_change(before, after):
        forward(services, event, services.now())
    found = [html for topic, html in services.live.messages if topic.endswith("/code_count")]
    return [html.partition('data-state="')[2].partition('"')[0] for html in found]


def test_a_full_bars_tv_hides_the_code_and_says_when_a_place_is_likely(services, screen):
    orders = _fill(services)
    tv = screen("display").get("/main/display").get_data(as_text=True)
    assert 'data-state="full"' in tv and "/scan/" not in tv
    # Nothing is known of this bar's pace: whoever chooses has until the deadline.
    soonest = min(order.deadline_at for order in orders)
    assert f"at about {on_the_wall(services.shop('main'), soonest)}" in tv


def test_the_tv_is_told_when_the_last_place_is_taken_and_when_one_is_free(services, in_app):
    first = making(services, "customer-1")
    queued(services, "customer-2")
    assert _state(services) == "open"
    claimed = scan(services, "customer-3")
    workflow_writes("AdmitOrder", claimed, services.now())
    admitted = now(services, claimed)
    assert _pushed(services, claimed, admitted) == ["full"]
    done = barista_steps.complete_order(services, first.id, KIM)
    assert _pushed(services, first, done) == ["open"]
    again = barista_steps.remake_order(services, done.id, KIM)
    assert _pushed(services, done, again) == ["full"]
    gone = customer_steps.cancel_order(services, admitted)
    assert _pushed(services, admitted, gone) == ["open"]


def test_a_bar_with_many_free_places_pushes_nothing_of_them(services, in_app):
    before = services.shop("main")
    services.shops.save(before, replace(before, capacity=50, version=before.version + 1))
    first = making(services)
    done = barista_steps.complete_order(services, first.id, KIM)
    assert _pushed(services, first, done) == []


def test_a_phone_at_a_full_bar_reads_when_to_try_again_and_until_when_its_scan_is_good(
    services, app, phone
):
    path = path_of_code(services)
    orders = _fill(services)
    answer = phone.get(path)
    words, shop = answer.get_data(as_text=True), services.shop("main")
    assert answer.status_code == 409 and "The bar is full right now" in words
    assert "A place is likely" in words
    assert on_the_wall(shop, min(order.deadline_at for order in orders)) in words
    assert "Your scan is good until" in words
    assert 'href="/main/scan"' in words


def test_a_closed_or_paused_bar_says_that_rather_than_full(services):
    _fill(services)
    assert _state(services) == "full"
    switches.set_open(services, "main", False)
    assert _state(services) == "closed"


def test_whoever_tries_at_a_full_bar_learns_the_time_of_the_next_place(services):
    _fill(services)
    with pytest.raises(ShopFull) as refused:
        passes.check_capacity(services, services.shop("main"))
    assert refused.value.next_at > services.now()
