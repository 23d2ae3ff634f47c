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


def test_a_pause_by_hand_is_not_one_by_itself_and_a_closed_bar_says_why():
    busy = replace(SHOP, pause_is_automatic=True)
    assert pause(busy, NOW) == replace(SHOP, paused_until=LATER, pause_is_automatic=False)
    words = r"^The bar is closed, so nobody can scan anyway\.$"
    with pytest.raises(NotAllowedNow, match=words):
        pause(replace(SHOP, is_open=False), NOW)


def test_a_barista_who_ends_a_pause_by_itself_has_ten_quiet_minutes():
    automatic = replace(SHOP, paused_until=LATER, pause_is_automatic=True)
    assert resume(automatic, NOW) == replace(SHOP, no_auto_pause_until=LATER)
    by_hand = replace(SHOP, paused_until=LATER, no_auto_pause_until=NOW)
    assert resume(by_hand, NOW) == replace(SHOP, no_auto_pause_until=NOW)
    assert resume(SHOP, NOW) is SHOP


def test_a_pause_by_itself_ends_at_half_and_one_by_hand_does_not():
    automatic = replace(SHOP, paused_until=LATER, pause_is_automatic=True)
    assert keep_pace(automatic, 6, NOW) is automatic
    assert keep_pace(automatic, 5, NOW) == SHOP
    by_hand = replace(SHOP, paused_until=LATER)
    assert keep_pace(by_hand, 0, NOW) is by_hand
    assert keep_pace(SHOP, 10, NOW) == automatic
