"""What the emulator holds in memory does not grow with the orders."""

from __future__ import annotations

from contextlib import closing

import pytest

from scripts.local.emulator.store import open_store

LONG = "x" * 20_000


@pytest.fixture
def table(kept):
    from scripts.local.emulator import memory

    memory.keep_little()
    kept._txn_idempotency.clear()
    kept._create_table(
        {
            "TableName": "little",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        }
    )
    yield kept
    kept._delete_table({"TableName": "little"})
    kept._txn_idempotency.clear()


def make(dynamodb, token: str, count: int = 1, text: str = LONG) -> tuple:
    one = {
        "Update": {
            "TableName": "little",
            "Key": {"p": {"S": "counted"}},
            "UpdateExpression": "ADD made :n SET t = :t",
            "ExpressionAttributeValues": {":n": {"N": str(count)}, ":t": {"S": text}},
        }
    }
    return dynamodb._transact_write_items({"ClientRequestToken": token, "TransactItems": [one]})


def made(dynamodb) -> str:
    _, _, body = dynamodb._get_item({"TableName": "little", "Key": {"p": {"S": "counted"}}})
    return body


def test_a_transaction_that_comes_again_is_made_once_and_another_with_its_token_never(table):
    assert make(table, "a")[0] == make(table, "a")[0] == 200
    status, _, body = make(table, "a", count=2)
    assert (status, b"IdempotentParameterMismatchException" in body) == (400, True)
    assert b'"made": {"N": "1"}' in made(table)


def test_of_the_transactions_that_were_made_few_are_remembered_and_little_of_each(
    table, monkeypatch
):
    from scripts.local.emulator import memory

    monkeypatch.setattr(memory, "TRANSACTIONS_KEPT", 5)
    for number in range(20):
        make(table, f"token {number}")
    remembered = table._txn_idempotency._data
    assert [token for *_, token in remembered] == [f"token {number}" for number in range(15, 20)]
    assert LONG not in repr(remembered)


def test_the_pages_of_the_store_that_are_held_are_bounded_for_each_connection(tmp_path):
    with closing(open_store(tmp_path)) as store, closing(store.reader()) as reader:
        assert store.one("PRAGMA cache_size") == (-4000,)
        assert reader.execute("PRAGMA cache_size").fetchone() == (-1000,)
