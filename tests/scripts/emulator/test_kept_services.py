"""A killed emulator has all that it answered: people, passwords, messages, parameters, items."""

from __future__ import annotations

import json
import os
import signal
import urllib.request

import pytest

from scripts.local.emulator.store import StoreError
from scripts.machine import SECRET_HEADER
from tests.emulator import SECRET, Emulator

TABLE = {
    "TableName": "orders",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
}
KEY = {"p": {"S": "one"}}


def kill(emulator: Emulator) -> None:
    os.kill(emulator._process.pid, signal.SIGKILL)
    emulator._process.wait()


def status(emulator: Emulator) -> dict:
    request = urllib.request.Request(f"{emulator.url}/_bar/status", headers={SECRET_HEADER: SECRET})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def sign_in(cognito, pool: str, client: str, password: str) -> dict:
    return cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": password},
    )


def test_all_that_was_answered_outlives_a_kill(tmp_path):
    with Emulator(tmp_path) as emulator:
        dynamodb, cognito = emulator.client("dynamodb"), emulator.client("cognito-idp")
        queues, parameters = emulator.client("sqs"), emulator.client("ssm")
        dynamodb.create_table(**TABLE)
        dynamodb.put_item(TableName="orders", Item=KEY | {"number": {"N": "7"}})
        pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="bar", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        for name in ("ada", "grace"):
            cognito.admin_create_user(UserPoolId=pool, Username=name)
        cognito.admin_set_user_password(
            UserPoolId=pool, Username="ada", Password="Correct-horse-9", Permanent=True
        )
        cognito.admin_delete_user(UserPoolId=pool, Username="grace")
        queue = queues.create_queue(QueueName="dead-letters")["QueueUrl"]
        for body in "abc":
            queues.send_message(QueueUrl=queue, MessageBody=body)
        (first,) = queues.receive_message(QueueUrl=queue)["Messages"]
        queues.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
        parameters.put_parameter(Name="key", Value="secret", Type="SecureString")
        kill(emulator)
    with Emulator(tmp_path) as emulator:
        dynamodb, cognito = emulator.client("dynamodb"), emulator.client("cognito-idp")
        queues, parameters = emulator.client("sqs"), emulator.client("ssm")
        assert dynamodb.get_item(TableName="orders", Key=KEY)["Item"]["number"] == {"N": "7"}
        people = [one["Username"] for one in cognito.list_users(UserPoolId=pool)["Users"]]
        assert people == ["ada"]
        assert "AuthenticationResult" in sign_in(cognito, pool, client, "Correct-horse-9")
        queue = queues.get_queue_url(QueueName="dead-letters")["QueueUrl"]
        messages = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        assert sorted(one["Body"] for one in messages) == sorted({"a", "b", "c"} - {first["Body"]})
        value = parameters.get_parameter(Name="key", WithDecryption=True)["Parameter"]["Value"]
        assert value == "secret"
        assert status(emulator) == {
            "kept": True,
            "trouble": None,
            "unkept_seconds": 0.0,
            "outbox_lag_seconds": 0.0,
            "missing": None,
        }


def test_a_folder_of_an_earlier_version_is_taken_over_once(tmp_path):
    old = tmp_path / "aws" / "snapshot.json"
    old.parent.mkdir()
    scope = "000000000000\0us-east-1\0"
    table = {
        "TableName": "orders",
        "TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/orders",
        "TableStatus": "ACTIVE",
        "CreationDateTime": 0,
        "pk_name": "p",
        "sk_name": None,
        "KeySchema": TABLE["KeySchema"],
        "AttributeDefinitions": TABLE["AttributeDefinitions"],
        "items": {"one": {"__no_sort__": KEY | {"number": {"N": "7"}}}},
        "ItemCount": 1,
        "TableSizeBytes": 200,
        "GlobalSecondaryIndexes": [],
        "LocalSecondaryIndexes": [],
    }
    tables = {"__account_region_scoped__": True, "data": {f"{scope}'orders'": table}}
    old.write_text(json.dumps({"dynamodb": {"tables": tables}}))
    for _ in range(2):
        with Emulator(tmp_path) as emulator:
            dynamodb = emulator.client("dynamodb")
            assert dynamodb.get_item(TableName="orders", Key=KEY)["Item"]["number"] == {"N": "7"}
    assert not old.exists()
    assert (tmp_path / "aws" / "snapshot.taken-over.json").exists()


def test_a_take_over_that_was_killed_begins_again(ministack, tmp_path):
    from scripts.local.emulator import old_format
    from scripts.local.emulator.store import open_store

    (tmp_path / "snapshot.json").write_text("{}")
    open_store(tmp_path).close()
    assert old_format.is_there(tmp_path)
    store = open_store(tmp_path)
    store.write("put state", "bar", "orders", "one", "1")
    store.close()
    assert not old_format.is_there(tmp_path)


@pytest.mark.parametrize("content", ["", "null", "{", '{"dynamodb": {"tables": '])
def test_a_spoiled_folder_of_an_earlier_version_is_refused_in_one_line(
    ministack, tmp_path, content
):
    from scripts.local.emulator import old_format

    old = tmp_path / "snapshot.json"
    old.write_text(content)
    assert old_format.is_there(tmp_path)
    with pytest.raises(StoreError, match="Put a copy of it in its place") as refused:
        old_format.read(tmp_path)
    assert "\n" not in str(refused.value)
    assert old.read_text() == content


def test_what_could_not_be_kept_is_not_in_memory_either(ministack, tmp_path, monkeypatch):
    from ministack.services import cognito, sqs

    from scripts.local.emulator import services
    from scripts.local.emulator.store import open_store

    scope = "000000000000", "us-east-1"
    queue, pool = {"messages": []}, {"_users": {}}
    monkeypatch.setattr(services, "_kept", {})
    monkeypatch.setitem(sqs._queues._data, (*scope, "letters"), queue)
    monkeypatch.setitem(cognito._user_pools._data, (*scope, "pool"), pool)
    store = open_store(tmp_path)
    services.keep_in(store)
    services.changed("sqs", "cognito")
    store.commit()
    queue["messages"].append({"id": "1", "body": "never kept", "sent_at": 0})
    pool["_users"]["ada"] = {"Username": "ada"}

    def refuse(commit):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr(store._log, "append", refuse)
        services.changed("sqs", "cognito")
        store.commit()
    assert store.trouble
    assert sqs._queues._data[*scope, "letters"]["messages"] == []
    assert dict(cognito._user_pools._data[*scope, "pool"]["_users"]) == {}
    store.close()


def test_a_sign_in_compares_only_those_whom_somebody_looked_up(ministack):
    from scripts.local.emulator.services import Watched

    people = Watched({name: {"name": name} for name in ("ada", "grace", "mary", "joan")})
    people._touched.clear()
    people["ada"]
    people.get("nobody")
    for person in people.values():
        if person["name"] == "grace":
            break
    list(people.values())
    people["new"] = {}
    people.pop("joan")
    assert set(people.touched()) == {"ada", "nobody", "grace", "new", "joan"}
