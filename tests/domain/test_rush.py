"""The bar's pace: longer waits, pauses, and the pause that begins and ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import NotAllowedNow
from domain.rush import keep_pace, longer_wait, pause, resume, usual_wait
from tests.builders import NOW, a_shop

LATER = NOW + timedelta(minutes=10)
SHOP = a_shop(auto_pause_at=10)


def test_each_tap_adds_five_minutes_up_to_an_hour():
    shop = SHOP
    for _ in range(20):
        shop = longer_wait(shop)
    assert (longer_wait(SHOP).extra_minutes, shop.extra_minutes) == (5, 60)
    assert usual_wait(shop) == SHOP


def test_a_pause_lasts_ten_minutes_and_a_closed_bar_needs_none():
    assert pause(SHOP, NOW).paused_until == LATER
    with pytest.raises(NotAllowedNow):
        pause(replace(SHOP, is_open=False), NOW)


@pytest.mark.parametrize(
    ("open_orders", "is_paused"), [(0, False), (9, False), (10, True), (12, True)]
)
def test_the_bar_pauses_at_so_many_open_orders(open_orders, is_paused):
    shop = keep_pace(SHOP, open_orders, NOW)
    assert (shop.paused_until is not None, shop.pause_is_automatic) == (is_paused, is_paused)


@pytest.mark.parametrize(
    ("open_orders", "is_paused"), [(10, True), (6, True), (5, False), (0, False)]
)
def test_it_goes_on_at_half_of_them(open_orders, is_paused):
    shop = keep_pace(keep_pace(SHOP, 10, NOW), open_orders, NOW)
    assert (shop.paused_until is not None) == is_paused


def test_a_pause_that_somebody_wanted_does_not_end_by_itself_before_its_time():
    by_hand = pause(SHOP, NOW)
    assert keep_pace(by_hand, 0, NOW) == by_hand
    assert by_hand.at(LATER).paused_until is None


def test_whoever_ends_an_automatic_pause_is_not_overruled_at_once():
    shop = resume(keep_pace(SHOP, 10, NOW), NOW)
    assert shop.paused_until is None
    assert keep_pace(shop, 15, LATER - timedelta(seconds=1)) == shop
    assert keep_pace(shop, 15, LATER).paused_until is not None


def test_ending_no_pause_changes_nothing():
    assert resume(SHOP, NOW) == SHOP


@pytest.mark.parametrize("shop", [a_shop(), replace(SHOP, is_open=False)], ids=["never", "closed"])
def test_a_bar_that_does_not_want_it_never_pauses_itself(shop):
    assert keep_pace(shop, 100, NOW) == shop
