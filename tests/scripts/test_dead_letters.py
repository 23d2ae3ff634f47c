"""What could not be delivered is understood, delivered again through the same entry, and only then
deleted."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from scripts import bar as bars
from scripts.commands.dead_letters import DeadLetterQueue, run, show, table, understand
from scripts.machine import StackError
from tests.aws import forget_connections
from tests.builders import a_shop
from tests.patience import wait_for
from tests.services import scan_and_claim
from webapp.bootstrap import build_services
from webapp.cloud.clients import Clients
from webapp.cloud.dead_letters import SqsDeadLetters
from webapp.settings import Settings

SAMPLES = Path(__file__).resolve().parents[1] / "sample_events"
PREFIX = "serverlesspresso-"


def _message(body: object, **attributes: str) -> dict:
    return {
        "MessageId": "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
        "ReceiptHandle": "receipt",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": {"SentTimestamp": "1795557600000"},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }


def _envelope() -> dict:
    return json.loads((SAMPLES / "OrderManager.MakeOrder.json").read_text())


def _failed(payload: dict) -> dict:
    return {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "forward failed; reference 1f2e", "errorType": "X"},
    }


def test_an_event_that_the_function_failed_on_says_which_job_order_and_reference():
    payload = {"command": "…", "consumer": "forward", "event": _envelope()}
    letter = understand(_message(_failed(payload)), PREFIX)
    assert (letter.consumer, letter.about, letter.shop) == (
        "forward",
        "OrderManager.MakeOrder",
        "main",
    )
    assert letter.order == _envelope()["detail"]["orderId"]
    assert letter.why == "the function failed every time: forward failed; reference 1f2e"
    assert letter.payload == payload


@mock_aws
def test_what_the_function_set_aside_is_understood_like_what_lambda_kept(monkeypatch, capsys):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    sqs = boto3.client("sqs", "us-east-1")
    sqs.create_queue(QueueName=PREFIX + "dead-letters")
    change = {
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:1:table/serverlesspresso-orders/stream/1",
        "dynamodb": {
            "Keys": {"shop_id": {"S": "main"}, "order_id": {"S": "0f"}},
            "NewImage": {"state": {"S": "ON_A_DRONE"}, "task_token": {"S": "secret"}},
        },
    }
    kept = SqsDeadLetters(Clients("us-east-1"), PREFIX)
    kept.keep({"Records": [change], "redrive": True}, "unreadable change: orders main 0f")
    kept.keep({"Records": [change | {"much": "x" * 250_000}]}, "too much")
    here = bars.Bar(PREFIX, "function", "us-east-1", lambda name: boto3.client(name, "us-east-1"))
    first, second = DeadLetterQueue(here).read()
    assert (first.consumer, first.about) == ("announce", "a change of a table")
    assert first.why == (
        "this version cannot read it; update, then redrive: unreadable change: orders main 0f"
    )
    assert first.payload == {"Records": [change], "redrive": True}
    assert second.payload is None and "too large to be kept" in second.why
    show(DeadLetterQueue(here), [first])
    shown = capsys.readouterr().out
    assert "main 0f: - to ON_A_DRONE" in shown and "secret" not in shown


def test_an_event_that_lambda_did_not_take_gets_its_consumer_from_the_rule():
    rule = "arn:aws:events:eu-central-1:123456789012:rule/Serverlesspresso/serverlesspresso-journey"
    message = _message(_envelope(), RULE_ARN=rule, ERROR_CODE="NO_PERMISSIONS")
    letter = understand(message, PREFIX)
    assert letter.payload == {"consumer": "journey", "event": _envelope()}
    assert letter.why == "the rule may not call the function; deploy again"


def test_an_event_kept_in_the_form_of_the_rules_template_is_sent_as_it_is():
    payload = {"command": "…", "consumer": "journey", "event": _envelope()}
    letter = understand(_message(payload, RULE_ARN="arn:…:rule/x", ERROR_CODE="THROTTLING"), PREFIX)
    assert letter.payload == payload


@pytest.mark.parametrize(
    "event", ["garbage", 7, [], {"detail": "garbage"}, {"detail-type": ["x"], "detail": [1]}]
)
def test_an_event_of_any_shape_that_was_set_aside_is_listed(event):
    letter = understand(_message(_failed({"consumer": "events", "event": event})), PREFIX)
    assert (letter.consumer, letter.shop, letter.order) == ("events", "", "")
    assert "events" in table([letter])


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"hello": 1}'])
def test_what_is_not_ours_is_shown_and_never_sent(body):
    letter = understand(_message(body), PREFIX)
    assert letter.about == "not ours" and letter.payload is None and letter.batch is None


def test_an_empty_queue_says_so():
    assert table([]) == "There are no dead letters."


def test_a_stage_that_is_not_in_the_settings_is_refused_in_one_line():
    with pytest.raises(StackError, match="There is no stage nowhere in .*there are .*prod"):
        bars.on_aws("nowhere", None)


# On the running bar


@pytest.fixture
def here(stack, monkeypatch):
    monkeypatch.setattr("scripts.environment.running_stack", lambda data: stack.environment)
    return bars.running_here(None)


@pytest.fixture
def services(stack, monkeypatch):
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    yield build_services(Settings.from_environment())
    forget_connections()


def _command(where: bars.Bar, command: str, *ids: str) -> int:
    chosen = argparse.Namespace(command=command, ids=list(ids), all=not ids, json=True)
    return run(chosen, where)


def _listed(where: bars.Bar, capsys) -> list[dict]:
    capsys.readouterr()
    _command(where, "list")
    return json.loads(capsys.readouterr().out)


def test_a_persons_own_profile_has_no_say_here(here, monkeypatch, capsys):
    monkeypatch.setenv("AWS_PROFILE", "nobodys")
    _listed(here, capsys)


def test_an_event_is_kept_after_three_failures_and_leaves_when_its_job_is_done(
    here, services, capsys
):
    shop = f"annex-{uuid4().hex[:6]}"
    envelope = _envelope()
    envelope["detail"] |= {"eventId": shop, "orderId": uuid4().hex}
    here.client("lambda").invoke(
        FunctionName=here.function,
        InvocationType="Event",
        Payload=json.dumps({"consumer": "forward", "event": envelope}),
    )
    [letter] = wait_for(lambda: [one for one in _listed(here, capsys) if one["shop"] == shop])
    assert letter["consumer"] == "forward" and letter["order"] == envelope["detail"]["orderId"]

    assert _command(here, "redrive", letter["id"]) == 1
    assert "stays: the function failed again" in capsys.readouterr().out
    assert [one["id"] for one in _listed(here, capsys)] == [letter["id"]]

    services.shops.create(a_shop(id=shop))
    assert _command(here, "redrive", letter["id"]) == 0
    assert _listed(here, capsys) == []


def test_a_failed_batch_is_read_from_the_stream_again_and_announcing_it_twice_is_harmless(
    here, services, capsys
):
    order = scan_and_claim(services, services.shop("main"), uuid4().hex)
    batch = wait_for(lambda: _batch_about(here, order.id))
    stored = wait_for(lambda: services.journeys.stored(order.id))
    _keep(here, batch)
    [letter] = _listed(here, capsys)
    assert letter["about"] == "1 changes of serverlesspresso-orders"

    _command(here, "show", letter["id"])
    shown = capsys.readouterr().out
    assert f"main {order.id}: - to CLAIMED" in shown and "task_token" not in shown

    assert _command(here, "redrive", letter["id"]) == 0
    assert _listed(here, capsys) == []
    assert set(stored) <= set(services.journeys.stored(order.id))
    names = [name for _, name in services.journeys.stored(order.id)]
    assert names.count("Validator.NewOrder") == 1


def test_a_batch_that_the_stream_has_forgotten_stays_and_says_what_is_lost(here, capsys):
    batch = _batch_about(here, None) | {
        "startSequenceNumber": "1" * 21,
        "endSequenceNumber": "1" * 21,
    }
    _keep(here, batch)
    [letter] = _listed(here, capsys)
    assert _command(here, "redrive", letter["id"]) == 1
    assert "the stream forgets after a day" in capsys.readouterr().out
    assert _command(here, "drop", letter["id"]) == 0
    assert _listed(here, capsys) == []


def test_a_change_that_nobody_can_read_is_set_aside_and_the_next_order_goes_on(
    here, services, capsys
):
    strange = {"shop_id": {"S": "main"}, "order_id": {"S": "0" * 32}}
    tables = here.client("dynamodb")
    tables.put_item(TableName=PREFIX + "orders", Item=strange | {"state": {"S": "ON_A_DRONE"}})
    order = scan_and_claim(services, services.shop("main"), uuid4().hex)
    wait_for(lambda: services.journeys.stored(order.id))
    [letter] = wait_for(lambda: _listed(here, capsys))
    assert letter["about"] == "a change of a table"
    assert letter["why"].startswith("this version cannot read it; update, then redrive: ")
    assert _command(here, "redrive", letter["id"]) == 1
    assert [one["id"] for one in _listed(here, capsys)] == [letter["id"]]
    # Its end is a change, too, and says nothing.
    tables.delete_item(TableName=PREFIX + "orders", Key=strange)
    assert _command(here, "drop", letter["id"]) == 0
    assert _listed(here, capsys) == []


def test_an_id_that_is_not_there_is_refused_and_nothing_is_taken(here):
    with pytest.raises(StackError, match="There is no dead letter 12345678"):
        _command(here, "drop", "12345678")


def _keep(where: bars.Bar, batch: dict) -> None:
    """Puts into the queue what Lambda puts there when a batch has failed too often."""
    body = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 20},
        "DDBStreamBatchInfo": batch,
    }
    DeadLetterQueue(where)
    url = where.client("sqs").get_queue_url(QueueName=PREFIX + "dead-letters")["QueueUrl"]
    where.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body))


def _batch_about(where: bars.Bar, order_id: str | None) -> dict | None:
    """The first change of an order in the stream of orders, as a failed batch of one names it."""
    streams = where.client("dynamodbstreams")
    [stream] = streams.list_streams(TableName=PREFIX + "orders")["Streams"]
    shard = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"][0]
    batch = {
        "streamArn": stream["StreamArn"],
        "shardId": shard["ShardId"],
        "batchSize": 1,
    }
    if order_id is None:
        return batch
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    for record in streams.get_records(ShardIterator=iterator)["Records"]:
        if record["dynamodb"]["Keys"]["order_id"]["S"] == order_id:
            number = record["dynamodb"]["SequenceNumber"]
            return batch | {"startSequenceNumber": number, "endSequenceNumber": number}
    return None
