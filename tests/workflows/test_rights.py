"""The running bar's function may do its jobs and nothing beside them."""

from __future__ import annotations

import time

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.local.stack import LocalStack
from scripts.machine import answers

ORDERS = "serverlesspresso-orders"
_PATIENCE_SECONDS = 20
OF_MAIN = {
    "KeyConditionExpression": "shop_id = :shop",
    "ExpressionAttributeValues": {":shop": {"S": "main"}},
}


@pytest.fixture
def client(stack, monkeypatch):
    """A client with the function's keys: client("dynamodb")."""
    for name, value in stack.function_environment.items():
        monkeypatch.setenv(name, value)
    session = botocore.session.Session()
    config = Config(retries={"total_max_attempts": 1})
    return lambda service: session.create_client(service, config=config)


def test_the_keys_are_those_of_the_functions_role(client):
    arn = client("sts").get_caller_identity()["Arn"]
    assert arn.startswith("arn:aws:sts::000000000000:assumed-role/serverlesspresso-function/")


def test_open_orders_are_read_in_bulk_through_their_index(client):
    client("dynamodb").query(TableName=ORDERS, IndexName="open-orders", **OF_MAIN)


def test_listed_orders_are_read_by_the_attributes_that_are_named(client):
    asked = {"Keys": [{"shop_id": {"S": "main"}, "order_id": {"S": "1"}}]}
    client("dynamodb").batch_get_item(
        RequestItems={ORDERS: asked | {"ProjectionExpression": "order_id, version"}}
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        client("dynamodb").batch_get_item(
            RequestItems={ORDERS: asked | {"ProjectionExpression": "order_id, task_token"}}
        )


REFUSED = [
    ("dynamodb", "scan", {"TableName": ORDERS}),
    ("dynamodb", "query", {"TableName": ORDERS, **OF_MAIN}),
    (
        "dynamodb",
        "batch_get_item",
        {"RequestItems": {ORDERS: {"Keys": [{"shop_id": {"S": "main"}, "order_id": {"S": "1"}}]}}},
    ),
    ("dynamodb", "execute_statement", {"Statement": f'SELECT * FROM "{ORDERS}"'}),
    ("dynamodb", "scan", {"TableName": "serverlesspresso-sessions"}),
    (
        "dynamodb",
        "delete_item",
        {"TableName": ORDERS, "Key": {"shop_id": {"S": "main"}, "order_id": {"S": "1"}}},
    ),
    ("dynamodb", "delete_table", {"TableName": ORDERS}),
    ("events", "put_events", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}),
    ("iot-data", "publish", {"topic": "somebody/elses", "payload": b""}),
    ("iot", "create_policy", {"policyName": "wide", "policyDocument": "{}"}),
    ("iam", "list_roles", {}),
    (
        "iam",
        "put_role_policy",
        {"RoleName": "serverlesspresso-function", "PolicyName": "wide", "PolicyDocument": "{}"},
    ),
    (
        "sns",
        "publish",
        {"TopicArn": "arn:aws:sns:us-east-1:000000000000:somebody-elses", "Message": "spam"},
    ),
    ("cognito-idp", "list_user_pools", {"MaxResults": 1}),
    ("cognito-idp", "delete_user_pool", {"UserPoolId": "us-east-1_somebodys"}),
    (
        "cognito-idp",
        "admin_set_user_password",
        {"UserPoolId": "us-east-1_somebodys", "Username": "ana", "Password": "Correct-Horse-7"},
    ),
    ("ssm", "get_parameter", {"Name": "/somebody/elses"}),
    ("stepfunctions", "list_state_machines", {}),
    (
        "stepfunctions",
        "get_execution_history",
        {
            "executionArn": "arn:aws:states:us-east-1:000000000000:execution:"
            "serverlesspresso-order-workflow:1"
        },
    ),
    (
        "sts",
        "assume_role",
        {
            "RoleArn": "arn:aws:iam::000000000000:role/serverlesspresso-function",
            "RoleSessionName": "again",
        },
    ),
]


@pytest.mark.parametrize(
    "service, operation, arguments",
    REFUSED,
    ids=[f"{service}-{operation}-{n}" for n, (service, operation, _) in enumerate(REFUSED)],
)
def test_the_function_may_not(client, service, operation, arguments):
    with pytest.raises(ClientError) as refused:
        getattr(client(service), operation)(**arguments)
    code = refused.value.response["Error"]["Code"]
    assert code in (
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ForbiddenException",
    )


def test_the_functions_keys_outlive_a_crash_of_the_emulator(tmp_path):
    with LocalStack(data=tmp_path) as stack:
        stack.kill_emulator()
        assert stack.revive() == ["The AWS emulator"]
        end = time.monotonic() + _PATIENCE_SECONDS
        while not answers(f"{stack.base_url}/healthz"):
            assert time.monotonic() < end, "the web process does not get on with the new emulator"
            time.sleep(0.1)
