"""Lets the emulator log what AWS would meter, one JSON line for each call: for scripts/cost.

The units are DynamoDB's own arithmetic, as the emulator gives it in ConsumedCapacity: the larger
size of before and after, each index that changes, and in a transaction twice the table's part. It
runs inside .venv/ministack when the launcher sets METER_LOG.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ministack.services import dynamodb, iot, lambda_svc, stepfunctions

READS = ("_get_item", "_query", "_scan", "_batch_get_item", "_transact_get_items")
WRITES = (
    "_put_item",
    "_update_item",
    "_delete_item",
    "_batch_write_item",
    "_transact_write_items",
)
MESSAGE_BYTES = 5 * 1024
"""IoT Core meters a message in steps of this size."""

TOKEN_LENGTH = 748

_lock = threading.Lock()


def start(log: Path) -> None:
    """Starts to write everything that is metered to the log."""

    def write(what: str, **fields: object) -> None:
        line = json.dumps({"at": time.time(), "what": what, **fields})
        with _lock, open(log, "a") as file:
            file.write(line + "\n")

    for name in READS + WRITES:
        kind = "read" if name in READS else "write"
        setattr(dynamodb, name, _metered(kind, name.strip("_"), getattr(dynamodb, name), write))
    _meter_function(write)
    _meter_messages(write)
    _lengthen_task_tokens()


def _metered(kind: str, operation: str, handler: Callable, write: Callable) -> Callable:
    def call(data: dict) -> tuple:
        answer = handler({**data, "ReturnConsumedCapacity": "INDEXES"})
        status, _, body = answer
        answered = json.loads(body)
        if status != 200:
            refused = answered.get("__type", "").split("#")[-1]
            if refused in ("ConditionalCheckFailedException", "TransactionCanceledException"):
                write("refused", operation=operation, table=data.get("TableName", ""))
            return answer
        consumed = answered.pop("ConsumedCapacity", [])
        for one in consumed if isinstance(consumed, list) else [consumed]:
            indexes = {
                name: part["CapacityUnits"]
                for group in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes")
                for name, part in one.get(group, {}).items()
            }
            write(
                kind,
                operation=operation,
                table=one["TableName"],
                units=one["CapacityUnits"],
                indexes=indexes,
            )
        return status, answer[1], json.dumps(answered, ensure_ascii=False).encode()

    return call


def _meter_function(write: Callable) -> None:
    execute = lambda_svc._execute_function_proxy

    def call(func: dict, event: dict, url: str, request_id: str) -> dict:
        began = time.perf_counter()
        result = execute(func, event, url, request_id)
        records = event.get("Records")
        by = "stream" if records else event.get("consumer", "")
        source = records[0]["eventSourceARN"].split(":table/")[1].split("/")[0] if records else ""
        milliseconds = (time.perf_counter() - began) * 1000
        write("invocation", by=by, source=source, milliseconds=milliseconds)
        return result

    lambda_svc._execute_function_proxy = call


def _lengthen_task_tokens() -> None:
    """Makes task tokens about as long as those of AWS, because each order stores its token."""
    short = stepfunctions.new_uuid
    stepfunctions.new_uuid = lambda: short().ljust(TOKEN_LENGTH, "A")


def _meter_messages(write: Callable) -> None:
    publish, deliver = iot.broker_publish, iot._WSSession.deliver_to_client
    handle = iot._WSSession.handle_packet
    metered = {iot.PKT_CONNECT: "connect", iot.PKT_SUBSCRIBE: "subscribe"}

    def messages(topic: str, payload: bytes) -> int:
        return max(1, -(-(len(topic) + len(payload)) // MESSAGE_BYTES))

    async def on_publish(account: str, region: str, topic: str, payload: bytes, *rest, **named):
        # Topics that begin with a dollar sign belong to AWS.
        if not topic.startswith("$"):
            write("message", kind="publish", topic=topic, messages=messages(topic, payload))
        return await publish(account, region, topic, payload, *rest, **named)

    async def on_delivery(self, topic: str, payload: bytes, qos: int):
        write("message", kind="delivery", topic=topic, messages=messages(topic, payload))
        return await deliver(self, topic, payload, qos)

    async def on_packet(self, packet_type: int, flags: int, body: bytes):
        if packet_type in metered:
            write("message", kind=metered[packet_type], topic="", messages=1)
        return await handle(self, packet_type, flags, body)

    iot.broker_publish = on_publish
    iot._WSSession.deliver_to_client = on_delivery
    iot._WSSession.handle_packet = on_packet
