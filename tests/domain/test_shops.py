"""A shop's clock, its door and what ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import NotAllowedNow
from domain.shops import move_door
from tests.builders import NOW, a_shop

LISBON = a_shop(timezone="Europe/Lisbon")
LATE = datetime(2024, 5, 17, 23, 30, tzinfo=UTC)


def test_the_shops_day_goes_by_its_own_clock():
    assert LISBON.local_time(NOW).hour == NOW.hour + 1
    assert LISBON.local_time(NOW) == NOW
    assert (LISBON.day(NOW), LISBON.day(LATE)) == ("2024-05-17", "2024-05-18")


def test_the_day_ends_at_the_shops_midnight():
    assert LISBON.day_ends_at(NOW) == datetime(2024, 5, 17, 23, tzinfo=UTC)
    assert LISBON.day_ends_at(LATE) == datetime(2024, 5, 18, 23, tzinfo=UTC)
    assert LISBON.day_ends_at(NOW).tzinfo is UTC


def test_a_language_that_is_not_offered_gives_way_to_the_bars_own():
    shop = a_shop(languages=("de", "fr"))
    assert [shop.offered_language(one) for one in ("fr", "it", None)] == ["fr", "de", "de"]


def test_a_pause_ends_by_the_clock():
    paused = a_shop(paused_until=NOW, pause_is_automatic=True)
    assert paused.at(NOW - timedelta(seconds=1)) is paused
    over = paused.at(NOW)
    assert over.paused_until is None and over.pause_is_automatic is False
    assert a_shop().at(NOW) == a_shop()


def test_a_drink_that_had_run_out_comes_back_by_the_clock():
    menu = a_shop().menu
    back = replace(menu.drinks[0], is_sold_out=True, sold_out_until=NOW)
    shop = a_shop(menu=replace(menu, drinks=(back, *menu.drinks[1:])))
    assert shop.at(NOW - timedelta(seconds=1)) is shop
    assert shop.at(NOW) == a_shop()


def test_closing_by_hand_ends_the_pause_and_the_rush():
    busy = a_shop(
        extra_minutes=15, paused_until=NOW, pause_is_automatic=True, no_auto_pause_until=NOW
    )
    closed = move_door(busy, False, NOW)
    assert closed == a_shop(is_open=False, door_at=NOW)
    assert move_door(busy, True, NOW) == replace(busy, door_at=NOW)


def test_a_shop_that_was_put_away_stays_closed():
    away = a_shop(is_open=False, is_archived=True)
    words = r"^This shop is put away\. An admin can take it out again\.$"
    with pytest.raises(NotAllowedNow, match=words):
        move_door(away, True, NOW)
    assert move_door(away, False, NOW) == replace(away, door_at=NOW)
    assert away.opens_again_at(NOW) is None


def test_scans_per_hour_are_rounded_up_and_the_look_is_all_that_a_page_shows():
    assert a_shop(scans_per_code=10, window_seconds=300).scans_per_hour == 120
    assert a_shop(scans_per_code=1, window_seconds=7200).scans_per_hour == 1
    shop = a_shop(name="Hall", accent="#102030", logo="1.png")
    assert shop.look == "Hall|#102030|1.png"
