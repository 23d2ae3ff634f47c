"""The watcher of AWS requests refuses what AWS refuses, at its very bounds, and takes the rest."""

from __future__ import annotations

import json

import pytest

from tests.aws_limits import DOCUMENTED, KB, RefusedByAws, faults_of
from tests.tables import dynamodb, moto_tables

KEY = {"shop_id": {"S": "main"}}
TOPIC, SMS = "a/b", "+4915112345678"


def put(**item):
    return {"TableName": "shops", "Item": KEY | item}


def update(expression="SET a = :a", names=None, **values):
    update = {"TableName": "shops", "Key": KEY, "UpdateExpression": expression}
    update |= {"ExpressionAttributeNames": names} if names is not None else {}
    return update | ({"ExpressionAttributeValues": values} if values else {})


def transact(*keys: str):
    return {
        "TransactItems": [
            {"Delete": {"TableName": "shops", "Key": {"shop_id": {"S": key}}}} for key in keys
        ]
    }


def get_batch(*keys: str):
    return {"RequestItems": {"shops": {"Keys": [{"shop_id": {"S": key}} for key in keys]}}}


def write_batch(count: int):
    write = {"DeleteRequest": {"Key": KEY}}
    return {"RequestItems": {"shops": [write] * count}}


def events(*details: str, **more):
    entry = {"Source": "a", "DetailType": "b", "EventBusName": "bus"} | more
    return {"Entries": [entry | {"Detail": detail} for detail in details]}


def start(name="order-1", **arguments):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"
    return {"stateMachineArn": arn, "name": name, "input": "{}"} | arguments


def words(size: int) -> str:
    return json.dumps("x" * (size - 2))


def nested(levels: int) -> dict:
    return {"L": [nested(levels - 1)]} if levels else {"S": "x"}


DETAIL = 256 * KB - 2
TAKEN_AND_REFUSED = {
    ("dynamodb", "PutItem"): (
        [
            put(a={"S": "x" * (400 * KB - 12)}),
            put(n={"N": "1" * 38}),
            put(s={"SS": ["a"]}),
            put(l=nested(32)),
        ],
        [
            put(a={"S": "x" * (400 * KB - 11)}),
            put(n={"N": "1" * 39}),
            put(s={"SS": []}),
            put(s={"SS": ["a", "a"]}),
            put(l=nested(33)),
        ],
    ),
    ("dynamodb", "UpdateItem"): (
        [
            update(**{":a": {"S": "x"}}),
            update("REMOVE #a", {"#a": "a"}),
            update("REMOVE " + "a" * (4 * KB - 7)),
        ],
        [
            update(),
            update("REMOVE a", {"#a": "a"}),
            update(**{":a": {"S": "x"}, ":b": {"S": "y"}}),
            update("REMOVE a", {}),
            update("REMOVE " + "a" * 4 * KB),
            update(" "),
            update("SET a = :a", None, **{":a": {"NS": []}}),
            update("REMOVE a")
            | {"ConditionExpression": " AND ".join(["attribute_exists(a)"] * 151)},
            update("REMOVE a") | {"ReturnValues": "EVERYTHING"},
        ],
    ),
    ("dynamodb", "DeleteItem"): (
        [{"TableName": "shops", "Key": {"shop_id": {"S": "x" * 2 * KB}}}],
        [
            {"TableName": "", "Key": KEY},
            {"TableName": "shops", "Key": {"shop_id": {"S": ""}}},
            {"TableName": "shops", "Key": {"shop_id": {"S": "x" * (2 * KB + 1)}}},
        ],
    ),
    ("dynamodb", "GetItem"): (
        [{"TableName": "shops", "Key": KEY}],
        [{"TableName": "shops", "Key": KEY, "ProjectionExpression": ""}],
    ),
    ("dynamodb", "Query"): (
        [{"TableName": "shops", "Limit": 1}],
        [{"TableName": "shops", "Limit": 0}],
    ),
    ("dynamodb", "Scan"): (
        [{"TableName": "shops", "Limit": 1}],
        [{"TableName": "shops", "Limit": -1}],
    ),
    ("dynamodb", "TransactWriteItems"): (
        [transact(*map(str, range(100))), transact("a") | {"ClientRequestToken": "x" * 36}],
        [
            transact(*map(str, range(101))),
            transact(),
            transact("a", "a"),
            transact("a") | {"ClientRequestToken": "x" * 37},
        ],
    ),
    ("dynamodb", "BatchGetItem"): (
        [get_batch(*map(str, range(100)))],
        [get_batch(*map(str, range(101))), get_batch("a", "a")],
    ),
    ("dynamodb", "BatchWriteItem"): ([write_batch(25)], [write_batch(26)]),
    ("events", "PutEvents"): (
        [events(*["{}"] * 10), events(json.dumps({"a": "x" * (DETAIL - 9)}))],
        [
            events(*["{}"] * 11),
            events(json.dumps({"a": "x" * (DETAIL - 8)})),
            events("[]"),
            events("{}", Source=""),
            events("{}", DetailType="x" * 129),
            events(*[json.dumps({"a": "x" * 130 * KB})] * 2),
        ],
    ),
    ("iot-data", "Publish"): (
        [
            {"topic": "/".join("abcdefgh")},
            {"topic": "é" * 128},
            {"topic": TOPIC, "payload": b"x" * 128 * KB},
        ],
        [
            {"topic": "/".join("abcdefghi")},
            {"topic": "é" * 129},
            {"topic": ""},
            {"topic": "a/#"},
            {"topic": "$aws/x"},
            {"topic": TOPIC, "payload": b"x" * (128 * KB + 1)},
        ],
    ),
    ("sns", "Publish"): (
        [{"PhoneNumber": SMS, "Message": "x" * 1600}],
        [
            {"PhoneNumber": SMS, "Message": "x" * 1601},
            {"PhoneNumber": SMS, "Message": ""},
            {"PhoneNumber": "0151 1234", "Message": "x"},
        ],
    ),
    ("stepfunctions", "StartExecution"): (
        [start("x" * 80), start(input=words(256 * KB))],
        [
            start("x" * 81),
            start("a b"),
            start("a/b"),
            start(""),
            start(input=words(256 * KB + 1)),
            start(input="{"),
        ],
    ),
    ("stepfunctions", "SendTaskSuccess"): (
        [{"taskToken": "x" * 2048, "output": "{}"}],
        [
            {"taskToken": "x" * 2049, "output": "{}"},
            {"taskToken": "x", "output": "no"},
            {"taskToken": "x", "output": words(256 * KB + 1)},
        ],
    ),
    ("stepfunctions", "SendTaskFailure"): (
        [{"taskToken": "x", "error": "x" * 256, "cause": "x" * 32768}],
        [{"taskToken": "x", "error": "x" * 257}, {"taskToken": "x", "cause": "x" * 32769}],
    ),
    ("cognito-idp", "AdminCreateUser"): (
        [{"UserPoolId": "us-east-1_abc", "Username": "x" * 128}],
        [
            {"UserPoolId": "us-east-1_abc", "Username": "x" * 129},
            {"UserPoolId": "no pool", "Username": "x"},
        ],
    ),
}


def test_every_documented_limit_is_tried_here():
    assert DOCUMENTED.keys() <= TAKEN_AND_REFUSED.keys()


@pytest.mark.parametrize(("service", "operation"), TAKEN_AND_REFUSED)
def test_what_aws_takes_passes_and_what_it_refuses_is_told(service, operation):
    taken, refused = TAKEN_AND_REFUSED[service, operation]
    for arguments in taken:
        assert list(faults_of(service, operation, arguments)) == []
    for arguments in refused:
        assert list(faults_of(service, operation, arguments)), str(arguments)[:200]


def test_a_request_that_aws_would_refuse_never_leaves_this_process():
    from tests import conftest

    with moto_tables(), pytest.raises(RefusedByAws):
        dynamodb().query(TableName="serverlesspresso-shops", Limit=0)
    # It was meant to be: the run is not to fail for it.
    assert conftest._refused.pop().startswith("dynamodb.Query: ")
