"""Measures what the emulator does without any code of the product.

scripts/bench compares the product with it in the same run, so that a slow machine slows both.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scripts.local.deployment import FUNCTION_ROLE_ARN, minimal_zip
from workflows.asl import callback_task_state, state_machine

_NAME = "bench-bare"
_BUS, _SOURCE = "Serverlesspresso", "bench"
TOPIC = "serverlesspresso/bench/bare"
_PAYLOAD = b"<p>x</p>" * 60


@contextmanager
def event_path(client: Callable) -> Iterator[Callable[[], None]]:
    """Yields a call that puts one event; for each event, a
    function publishes a message below TOPIC.
    """
    iot = client("iot-data")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            iot.publish(topic=f"{TOPIC}/order_status", qos=0, payload=_PAYLOAD)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        _route(client, f"http://127.0.0.1:{server.server_port}")
        entry = {"Source": _SOURCE, "DetailType": "Bare", "Detail": "{}", "EventBusName": _BUS}
        yield lambda: client("events").put_events(Entries=[entry])
    finally:
        server.shutdown()


def _route(client: Callable, url: str) -> None:
    function = client("lambda").create_function(
        FunctionName=_NAME,
        Runtime="python3.12",
        Handler="unused.handler",
        Code={"ZipFile": minimal_zip()},
        Role=FUNCTION_ROLE_ARN,
        Environment={"Variables": {"MINISTACK_LAMBDA_PROXY_URL": url}},
    )
    events = client("events")
    pattern = json.dumps({"source": [_SOURCE]})
    rule = events.put_rule(Name=_NAME, EventBusName=_BUS, EventPattern=pattern)
    client("lambda").add_permission(
        FunctionName=_NAME,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule["RuleArn"],
    )
    events.put_targets(
        Rule=_NAME, EventBusName=_BUS, Targets=[{"Id": "f", "Arn": function["FunctionArn"]}]
    )


def lifecycles_per_second(client: Callable, count: int, at_once: int) -> float:
    """Returns how many executions per second a bare machine completes, driven by plain clients.

    Each execution has two states, and each state waits for a task token.
    """
    tables, machines = client("dynamodb"), client("stepfunctions")
    arn = _make_machine(client)

    def lifecycle(number: int) -> None:
        key = {"id": {"S": f"{number}"}}
        machines.start_execution(stateMachineArn=arn, input=json.dumps({"id": f"{number}"}))
        for state in ("First", "Second"):
            while not (token := _token(tables, key, state)):
                time.sleep(0.01)
            machines.send_task_success(taskToken=token, output="{}")

    with ThreadPoolExecutor(at_once) as pool:
        started = time.perf_counter()
        list(pool.map(lifecycle, range(count)))
        return count / (time.perf_counter() - started)


def _token(tables, key: dict, state: str) -> str | None:
    item = tables.get_item(TableName=_NAME, Key=key, ConsistentRead=True).get("Item", {})
    return item["token"]["S"] if item.get("state", {}).get("S") == state else None


def _make_machine(client: Callable) -> str:
    table = client("dynamodb").create_table(
        TableName=_NAME,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )["TableDescription"]
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    write = {"Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": table["TableArn"]}
    role = client("iam").create_role(
        RoleName=_NAME,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    client("iam").put_role_policy(
        RoleName=_NAME,
        PolicyName="write",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [write]}),
    )
    states = {
        name: _waiting(name, after) for name, after in (("First", "Second"), ("Second", None))
    }
    return client("stepfunctions").create_state_machine(
        name=_NAME,
        roleArn=role["Arn"],
        definition=json.dumps(state_machine("First", states, "Two states that wait")),
    )["stateMachineArn"]


def _waiting(name: str, after: str | None) -> dict:
    update = {
        "TableName": _NAME,
        "Key": {"id": {"S.$": "$.id"}},
        "UpdateExpression": "SET #state = :state, #token = :token",
        "ExpressionAttributeNames": {"#state": "state", "#token": "token"},
        "ExpressionAttributeValues": {":state": {"S": name}, ":token": {"S.$": "$$.Task.Token"}},
    }
    return callback_task_state(
        "dynamodb:updateItem",
        update,
        timeout_seconds=60,
        next_state=after,
    )
