"""Hours that are long over are packed into one item each; the figures never show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.client import BaseClient

from domain.metrics import record_of_row, row_of_record
from domain.orders import OrderState
from tests.builders import NOW, an_order
from tests.tables import dynamodb
from tests.webapp.consumers.test_metrics import TODAY, a_day, as_bytes
from webapp.consumers.metrics import count
from webapp.services.past.metrics import records
from webapp.storage.tables import MetricModel

LATER = timedelta(hours=6)


@pytest.fixture
def day(services, clock):
    """A counted day that begins at NOW and is over an hour later; read once, hours later."""
    events = a_day()
    for event in events:
        count(services, event, NOW)
    clock.now = NOW + LATER
    return events


def _items(kind: str) -> list[dict]:
    found = dynamodb().scan(TableName=MetricModel.Meta.table_name)["Items"]
    return [item for item in found if item["item_key"]["S"].startswith(kind)]


def _lose_the_marks() -> None:
    for item in _items("order#"):
        key = {name: item[name] for name in ("shop_id", "item_key")}
        dynamodb().delete_item(TableName=MetricModel.Meta.table_name, Key=key)


def test_the_second_reader_of_an_old_day_needs_no_marks(services, day):
    first = as_bytes(services)
    assert len(_items("hour#")) == 2
    _lose_the_marks()
    assert as_bytes(services) == first


def test_hours_that_are_not_long_over_stay_unpacked(services, clock, day):
    clock.now = NOW + timedelta(minutes=50)
    as_bytes(services)
    assert _items("hour#") == []


def test_a_mark_that_comes_late_is_in_the_figures(services, clock, day):
    before = records(services, services.shop("main"), TODAY)
    assert _items("hour#")
    last = [event for event in day if event.order_id == day[-1].order_id][-1]
    late = replace(last, order_id="f" * 32, began_at=NOW + timedelta(minutes=5))
    count(services, late, NOW)
    after = records(services, services.shop("main"), TODAY)
    assert [r for r in after if r.id != "f" * 32] == before and len(after) == len(before) + 1


def test_a_mark_that_comes_while_its_hour_is_packed_is_not_forgotten(services, day):
    hour = NOW.replace(minute=0, second=0)
    proof = services.metrics.begin_packing("main", hour)
    services.metrics.unpack("main", NOW)
    services.metrics.finish_packing("main", hour, proof, [])
    assert services.metrics.packed_hours("main", hour, hour) == {}


def test_an_hour_is_packed_from_what_was_written_a_moment_before(services, day, monkeypatch):
    asked, make_call = [], BaseClient._make_api_call

    def listen(client, operation, parameters):
        if operation in ("Query", "UpdateItem"):
            asked.append((operation, parameters.get("ConsistentRead", False)))
        return make_call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", listen)
    records(services, services.shop("main"), TODAY)
    packing = asked[asked.index(("UpdateItem", False)) :]
    # Of each hour: who packs says so, reads what there is, and keeps it.
    assert packing == 2 * [("UpdateItem", False), ("Query", True), ("UpdateItem", False)]


def test_of_two_who_pack_an_hour_the_later_one_wins(services, day):
    hour = NOW.replace(minute=0, second=0)
    record = records(services, services.shop("main"), TODAY)[0]
    services.metrics.unpack("main", hour)
    slow = services.metrics.begin_packing("main", hour)
    quick = services.metrics.begin_packing("main", hour)
    services.metrics.finish_packing("main", hour, quick, [record])
    services.metrics.finish_packing("main", hour, slow, [])
    assert services.metrics.packed_hours("main", hour, hour) == {hour: [record]}


def test_an_erased_name_is_gone_from_a_packed_hour_too(services, day):
    assert {r.barista for r in records(services, services.shop("main"), TODAY)} == {"", "Kim"}
    for number in range(15):
        began = NOW + timedelta(minutes=4 * number)
        order = replace(an_order(OrderState.COLLECTED), id=f"{number:032x}", created_at=began)
        services.metrics.forget(order)
    assert {r.barista for r in records(services, services.shop("main"), TODAY)} == {""}


def test_a_day_that_begins_within_an_hour_counts_its_own_orders_only(services, day):
    shop = services.shop("main")
    zoned = replace(shop, timezone="Asia/Kolkata")
    whole = records(services, shop, TODAY)
    assert whole == records(services, zoned, TODAY)
    assert whole == records(services, zoned, TODAY)


def test_a_record_survives_being_packed(services, day):
    for record in records(services, services.shop("main"), TODAY):
        assert record_of_row(row_of_record(record)) == record
