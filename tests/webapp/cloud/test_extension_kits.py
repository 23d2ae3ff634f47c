"""An extension's own table."""

from datetime import timedelta

import pytest

from tests.builders import NOW
from tests.tables import REGION
from webapp.cloud.clients import Clients, session
from webapp.cloud.extension_kits import ExtensionTable, table_definition

NAME = "serverlesspresso-extension-probe"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def table(moto):
    client = session().create_client("dynamodb", region_name=REGION)
    definition = table_definition(NAME)
    client.create_table(
        TableName=NAME,
        AttributeDefinitions=definition["attributes"],
        KeySchema=definition["keys"],
        BillingMode="PAY_PER_REQUEST",
    )
    yield ExtensionTable(Clients(REGION), NAME)
    client.delete_table(TableName=NAME)


def test_it_keeps_values_by_part_and_key(table):
    table.put("main", "1", {"cups": [1, 2]}, LATER)
    table.put("main", "1", {"cups": 3}, LATER)
    assert table.get("main", "1") == {"cups": 3}
    assert table.get("main", "2") is None and table.get("hall", "1") is None
    table.delete("main", "1")
    assert table.get("main", "1") is None


def test_only_the_first_is_added(table):
    assert table.add("main", "1", {"by": "first"}, LATER)
    assert not table.add("main", "1", {"by": "second"}, LATER)
    assert table.get("main", "1") == {"by": "first"}


def test_a_part_is_listed_in_order_and_by_pages(table):
    for key in "cab":
        table.put("main", key, {"key": key}, LATER)
    table.put("hall", "z", {}, LATER)
    assert [key for key, _ in table.list("main")] == ["a", "b", "c"]
    assert table.list("main", after="a", limit=1) == [("b", {"key": "b"})]


@pytest.mark.parametrize("odd", ["", "x" * 3000, "é" * 1000])
def test_a_key_that_no_item_can_have_is_not_there(table, odd):
    table.put("main", "1", {}, LATER)
    for part, key in (("main", odd), (odd, "1")):
        assert table.get(part, key) is None
        table.delete(part, key)
    assert table.list(odd) == []
    assert [key for key, _ in table.list("main", after=odd)] == (["1"] if odd == "" else [])


@pytest.mark.parametrize(("limit", "found"), [(0, 0), (-1, 0), (1, 1), (10**12, 2)])
def test_a_page_holds_what_was_asked_for_and_no_more(table, limit, found):
    for key in "ab":
        table.put("main", key, {}, LATER)
    assert len(table.list("main", limit=limit)) == found
