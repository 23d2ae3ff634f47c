"""Changes of items stay or go as a whole, and what was read cannot change what is stored."""

from __future__ import annotations

import json

import pytest

TABLE = {
    "TableName": "whole",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
}


@pytest.fixture
def table(kept):
    kept._create_table(TABLE)
    yield kept._tables["whole"]
    kept._delete_table({"TableName": "whole"})
    kept_store().commit()


def kept_store():
    from scripts.local.emulator import items

    return items._store


def names(kept):
    _, _, body = kept._scan({"TableName": "whole"})
    return sorted(item["p"]["S"] for item in json.loads(body)["Items"])


def put(name, **more):
    return {"Put": {"TableName": "whole", "Item": {"p": {"S": name}}, **more}}


def test_a_transaction_that_was_not_kept_is_made_when_it_is_sent_again(kept, table, monkeypatch):
    store = kept_store()
    store.commit()
    request = {"ClientRequestToken": "again", "TransactItems": [put("one"), put("two")]}
    with monkeypatch.context() as full_disk:
        full_disk.setattr(store._log, "append", lambda commit: (_ for _ in ()).throw(OSError(28)))
        assert kept._transact_write_items(dict(request))[0] == 200
        store.commit()
    assert names(kept) == []
    assert kept._transact_write_items(dict(request))[0] == 200
    store.commit()
    assert names(kept) == ["one", "two"]


def test_a_handler_that_fails_in_the_middle_leaves_nothing(kept, table, monkeypatch):
    emit = kept._emit_stream_event

    def fail_at_the_second(name, event, old, new, *rest):
        if new["p"]["S"] == "two":
            raise RuntimeError
        return emit(name, event, old, new, *rest)

    monkeypatch.setattr(kept, "_emit_stream_event", fail_at_the_second)
    with pytest.raises(RuntimeError):
        kept._transact_write_items({"TransactItems": [put("one"), put("two")]})
    assert names(kept) == []


def test_changing_what_was_read_changes_nothing_that_is_stored(kept, table):
    kept._put_item({"TableName": "whole", "Item": {"p": {"S": "one"}}})
    table["items"].get("one").get("__no_sort__")["more"] = {"S": "x"}
    assert table["items"].get("one").get("__no_sort__") == {"p": {"S": "one"}}


def test_the_number_of_items_is_counted_when_somebody_asks(kept, table):
    for name in ("one", "two", "two"):
        kept._put_item({"TableName": "whole", "Item": {"p": {"S": name}}})
    _, _, body = kept._describe_table({"TableName": "whole"})
    assert json.loads(body)["Table"]["ItemCount"] == 2


def test_an_index_that_is_added_lists_the_items_there_are(kept, table):
    kept._put_item({"TableName": "whole", "Item": {"p": {"S": "one"}, "g": {"S": "x"}}})
    key = [{"AttributeName": "g", "KeyType": "HASH"}]
    index = {"IndexName": "by-g", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    kept._update_table(
        {
            "TableName": "whole",
            "AttributeDefinitions": [
                *TABLE["AttributeDefinitions"],
                {"AttributeName": "g", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexUpdates": [{"Create": index}],
        }
    )
    _, _, body = kept._query(
        {
            "TableName": "whole",
            "IndexName": "by-g",
            "KeyConditionExpression": "g = :g",
            "ExpressionAttributeValues": {":g": {"S": "x"}},
        }
    )
    assert json.loads(body)["Count"] == 1


def test_items_whose_time_has_come_are_removed(kept, table):
    from scripts.local.emulator.items import remove_expired

    for name, at in (("old", "1"), ("new", "99999999999"), ("never", None)):
        item = {"p": {"S": name}} | ({"ends": {"N": at}} if at else {})
        kept._put_item({"TableName": "whole", "Item": item})
    setting = {"AttributeName": "ends", "Enabled": True}
    kept._update_ttl({"TableName": "whole", "TimeToLiveSpecification": setting})
    remove_expired()
    assert names(kept) == ["never", "new"]
