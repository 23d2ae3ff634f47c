"""Settings held against the real tables: nobody overwrites anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import ChangedMeanwhile
from domain.hours import hours_from_dict
from domain.settings import PARTS
from domain.shops import Edit, Shop
from tests.builders import NOW
from tests.fakes import Interleaved
from webapp.services.shop import switches
from webapp.services.shop.editing import edit_shop, seen_number
from webapp.services.staff.ports import StaffSession

INES = StaffSession("admin-1", "main", "admin", "Ines")
TOM = StaffSession("admin-2", "main", "admin", "Tom")


def rename(services, who: StaffSession, seen: int, name: str) -> Shop:
    return edit_shop(services, who, "bar", seen, lambda shop: PARTS["bar"](shop, {"name": name}))


def test_all_settings_survive_the_table(services):
    before = services.shop("main")
    after = replace(
        before,
        hours=hours_from_dict({"friday": "18:00-02:00", "exceptions": {"2026-12-25": "closed"}}),
        door_at=NOW,
        extra_minutes=5,
        paused_until=NOW + timedelta(minutes=10),
        pause_is_automatic=True,
        auto_pause_at=2,
        languages=("de", "en"),
        accent="#5a1a6b",
        logo="abc.png",
        is_archived=True,
        menu=before.menu.with_sold_out("oat", True, "milk", NOW + timedelta(hours=1)),
        edits={"bar": Edit(3, "Ines", NOW)},
        version=2,
    )
    services.shops.save(before, after)
    assert services.shop("main") == after


def test_the_second_editor_is_told_by_whom_and_nothing_is_overwritten(services):
    rename(services, INES, 0, "Hall 2")
    with pytest.raises(ChangedMeanwhile) as refused:
        rename(services, TOM, 0, "Hall 3")
    assert (refused.value.who, refused.value.at) == ("Ines", NOW)
    assert services.shop("main").name == "Hall 2"
    seen = seen_number(services.shop("main"), "bar")
    assert rename(services, TOM, seen, "Hall 3").name == "Hall 3"


def test_the_same_form_sent_twice_is_no_conflict(services):
    first = rename(services, INES, 0, "Hall 2")
    assert rename(services, INES, 0, "Hall 2") == first


def test_another_part_and_a_baristas_tap_are_no_conflict(services):
    switches.set_sold_out(services, "main", "mocha", True)
    edit_shop(services, TOM, "intake", 0, lambda shop: PARTS["intake"](shop, {"capacity": "5"}))
    shop = rename(services, INES, 0, "Hall 2")
    assert (shop.name, shop.capacity, shop.menu.drink("mocha").is_sold_out) == ("Hall 2", 5, True)


def test_a_tap_in_the_middle_of_a_save_is_kept_as_well(services):
    shops = Interleaved(services.shops, "save", lambda: switches.set_open(services, "main", False))
    shop = rename(replace(services, shops=shops), INES, 0, "Hall 2")
    assert (shop.name, shop.is_open) == ("Hall 2", False)
    assert services.shop("main") == shop


def test_two_editors_at_the_very_same_moment_are_told_as_well(services):
    shops = Interleaved(services.shops, "save", lambda: rename(services, INES, 0, "Hall 2"))
    with pytest.raises(ChangedMeanwhile):
        rename(replace(services, shops=shops), TOM, 0, "Hall 3")
    assert services.shop("main").name == "Hall 2"
