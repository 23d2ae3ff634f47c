"""Rows as they stand in the tables of bars that run today: they are read, and written alike."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.hours import hours_from_dict
from domain.menu import DEFAULT_MENU
from domain.orders import OrderState, remake
from domain.shops import Edit, Shop, SignIn
from tests.builders import NOW, a_shop, an_order
from webapp.storage.orders.order_items import attributes_of, order_from_stream_image
from webapp.storage.shop.shop_repository import SHOP_ROW
from webapp.storage.tables import OrderModel, ShopModel

ROWS = json.loads((Path(__file__).parent / "rows.json").read_text())
"""Written by the version before the columns read and wrote the domain's values themselves."""

LATER = timedelta(minutes=5)
SHOPS = {
    "as it is made": a_shop(),
    "with all that a team can say": a_shop(
        name="Café “Nord”",
        pickup_place="Ausgabe",
        timezone="Europe/Berlin",
        capacity=7,
        is_open=False,
        sign_in=SignIn.PHONE,
        phone_countries=("DE", "AT"),
        is_rehearsal=True,
        shows_baristas=False,
        menu=DEFAULT_MENU.with_sold_out("latte", True, until=NOW).with_sold_out(
            "oat", True, "milk"
        ),
        hours=hours_from_dict({"friday": "18:00-02:00", "exceptions": {"2026-12-25": "closed"}}),
        door_at=NOW,
        extra_minutes=5,
        paused_until=NOW + LATER,
        pause_is_automatic=True,
        auto_pause_at=6,
        no_auto_pause_until=NOW + 2 * LATER,
        languages=("de", "en"),
        pickup_places={"en": "hatch"},
        accent="#5a1a6b",
        logo="0123456789abcdef.png",
        keep_days=3,
        is_archived=True,
        edits={"bar": Edit(2, "Ana", NOW), "drinks/latte": Edit(1, "Rui", NOW + LATER)},
        version=9,
    ),
}
ORDERS = {
    **{state.value: an_order(state) for state in OrderState},
    "made again": replace(
        remake(an_order(OrderState.COLLECTED), NOW + 3 * LATER),
        told=(4, 6),
        language="de",
        for_name="Kim",
    ),
}


@pytest.mark.parametrize("name", SHOPS)
def test_a_stored_shop_is_read(name):
    assert SHOP_ROW.read_image(ROWS["shops"][name]) == SHOPS[name]


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_is_written_as_before(name):
    assert _columns_of_then(_row_of_shop(SHOPS[name]), "shops") == ROWS["shops"][name]


def test_a_shop_of_the_first_version_is_read():
    assert SHOP_ROW.read_image(ROWS["shops"]["of the first version"]) == Shop("main")


@pytest.mark.parametrize("name", ORDERS)
def test_a_stored_order_is_read_but_for_what_the_workflow_writes(name):
    assert order_from_stream_image(ROWS["orders"][name]) == _claimed_part(ORDERS[name])


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_written_as_before(name):
    assert _columns_of_then(_row_of_order(ORDERS[name]), "orders") == ROWS["orders"][name]


def test_what_the_workflow_has_written_is_read():
    order = an_order(OrderState.QUEUED)
    assert order_from_stream_image(ROWS["orders"]["by the workflow"]) == order


def test_an_order_of_the_first_version_is_read():
    order = order_from_stream_image(ROWS["orders"]["of the first version"])
    assert order == replace(_claimed_part(an_order(OrderState.SUBMITTED)), language="de")


def _claimed_part(order):
    """The order without what only the workflow writes."""
    return replace(
        order,
        admitted_at=None,
        queued_at=None,
        choose_seconds=None,
        make_seconds=None,
        task_token=None,
    )


def _columns_of_then(row: dict, table: str) -> dict:
    """The row without the columns that no row had when these were written."""
    known = set().union(*ROWS[table].values())
    return {column: value for column, value in row.items() if column in known}


def _row_of_shop(shop: Shop) -> dict:
    return ShopModel(**SHOP_ROW.write(shop)).serialize()


def _row_of_order(order) -> dict:
    return OrderModel(order.shop_id, order.id, **attributes_of(order)).serialize()
