"""Each patch of MiniStack is still needed: a test that fails here says that one can go."""

from __future__ import annotations

import inspect
import json
import textwrap
from ast import FunctionDef, parse, walk
from collections import defaultdict

import pytest


def source_of(module, name: str) -> str:
    """As MiniStack ships it, whatever has been patched in this process."""
    text = inspect.getsource(module)
    (found,) = [
        node for node in walk(parse(text)) if isinstance(node, FunctionDef) and node.name == name
    ]
    return textwrap.dedent("\n".join(text.splitlines()[found.lineno - 1 : found.end_lineno]))


@pytest.fixture
def table(untouched):
    untouched._create_table(
        {
            "TableName": "needed",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [
                {"AttributeName": "p", "KeyType": "HASH"},
                {"AttributeName": "s", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": "p", "AttributeType": "S"},
                {"AttributeName": "s", "AttributeType": "S"},
            ],
        }
    )
    for number in range(10):
        item = {"p": {"S": "x"}, "s": {"S": f"{number}"}}
        untouched._put_item({"TableName": "needed", "Item": item})
    yield untouched._tables["needed"]
    untouched._delete_table({"TableName": "needed"})


def test_items_are_still_held_in_memory_and_lost_in_a_kill(table):
    assert type(table["items"]) is defaultdict


def test_queries_still_check_every_item_of_a_partition(untouched, table, monkeypatch):
    asked = []
    evaluate = untouched._evaluate_condition
    monkeypatch.setattr(
        untouched,
        "_evaluate_condition",
        lambda *of, **slot: asked.append(1) or evaluate(*of, **slot),
    )
    untouched._query(
        {
            "TableName": "needed",
            "KeyConditionExpression": "p = :p AND s = :s",
            "Limit": 1,
            "ExpressionAttributeValues": {":p": {"S": "x"}, ":s": {"S": "3"}},
        }
    )
    assert len(asked) == 10


def test_expressions_are_still_parsed_at_every_use(untouched):
    assert untouched._tokenize("a = :a") is not untouched._tokenize("a = :a")


def test_expired_items_are_still_looked_for_among_all_items(untouched):
    assert 'list(table["items"].items())' in source_of(untouched, "_ttl_reaper")


def test_streams_still_keep_a_day_of_changes_in_memory(untouched):
    emit = source_of(untouched, "_emit_stream_event")
    assert "_stream_records[table_name].append(record)" in emit


def test_a_failing_batch_of_a_stream_is_still_tried_for_ever(ministack):
    from ministack.services import lambda_svc

    poll = source_of(lambda_svc, "_poll_dynamodb_streams")
    assert "BisectBatchOnFunctionError" not in poll and "MaximumRetryAttempts" not in poll


def test_an_event_is_still_handed_over_once_and_forgotten(ministack):
    from ministack.services import eventbridge

    assert "invoke_async_with_retry" not in source_of(eventbridge, "_dispatch_to_lambda")


def test_what_ended_is_still_kept_in_memory(ministack):
    from ministack.services import eventbridge, stepfunctions

    assert "_events_log_list().append(event_record)" in source_of(eventbridge, "_put_events")
    assert "_executions.pop" not in source_of(stepfunctions, "_start_execution")


def test_a_failed_restore_is_still_passed_over(ministack):
    from ministack import app

    assert "continuing fresh" in inspect.getsource(app)


def test_policies_are_still_parsed_at_every_call(ministack):
    from ministack.core import iam_evaluator

    assert "cache" not in source_of(iam_evaluator, "parse_policy_document")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("AWSEvents.DescribeEventBus", {"Name": "bar"}),
        ("AWSStepFunctions.SendTaskSuccess", {"taskToken": "t"}),
    ],
)
def test_a_request_is_still_taken_for_another_resource(ministack, operation, body):
    from ministack.core import iam_actions

    service = "events" if "Events" in operation else "states"
    headers = {"x-amz-target": operation}
    found = iam_actions.extract_resource_arn(
        service, "POST", "/", headers, json.dumps(body).encode(), {}, "us-east-1", "000000000000"
    )
    assert not found.endswith(("event-bus/bar", "stateMachine:bar"))


def test_a_read_of_many_items_is_still_not_looked_into_for_its_attributes(ministack):
    from ministack.core import iam_actions

    one = {"Keys": [{"p": {"S": "x"}}], "ProjectionExpression": "p"}
    asked = json.dumps({"RequestItems": {"orders": one}}).encode()
    assert iam_actions.dynamodb_service_context(asked) != iam_actions.dynamodb_service_context(
        json.dumps({"TableName": "orders", **one}).encode()
    )
