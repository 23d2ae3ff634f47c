"""The second judge: AWS's own DynamoDB Local, which refuses what the emulators let pass.

Each process that runs tests starts one when it first needs tables, and ends it with itself.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from unittest import mock

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from scripts.environment import DYNAMODB_LOCAL
from scripts.machine import free_port

JAVA = "SECOND_JUDGE_JAVA"
"""The variable by which scripts/test makes it the judge, and names the Java to run it."""
_KEYS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "any"}
_REGION = "us-east-1"
_PATIENCE_SECONDS = 60
_MOST_IN_BATCH = 25
_GUARD = 'java=$0; "$java" "$@" & read -r _; kill $!; wait'
"""Ends it when this process ends, however that is: then the shell's standard input closes."""


def is_judge() -> bool:
    return JAVA in os.environ


@cache
def address() -> str:
    """Of this process's own DynamoDB Local, started at the first call."""
    opened = ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(running(os.environ[JAVA]))


@contextmanager
def running(java: str) -> Iterator[str]:
    """Starts it in memory on a free port; its address."""
    port = free_port()
    command = [
        "sh",
        "-c",
        _GUARD,
        java,
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-Djava.library.path=DynamoDBLocal_lib",
        "-jar",
        "DynamoDBLocal.jar",
        # Whatever key a caller has, as in one account: extensions and the workflow have their own.
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
    ]
    log_file = DYNAMODB_LOCAL / f"port-{port}.log"
    with open(log_file, "wb") as log:
        process = subprocess.Popen(
            command, cwd=DYNAMODB_LOCAL, stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process, log_file)
        yield url
    finally:
        process.stdin.close()
        process.wait(20)
        log_file.unlink()


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    client, deadline = _client(url), time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            client.list_tables()
            return
        except BotoCoreError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")
                raise RuntimeError(f"DynamoDB Local does not start: {said[-2000:]}") from error
            time.sleep(0.1)


def _client(url: str):
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=_REGION,
        aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )


class LocalTables:
    """The product's tables in DynamoDB Local; whoever had tables there before loses them."""

    def __init__(self) -> None:
        self._client = _client(address())
        self._written: set[str] = set()
        for name in self._names():
            self._client.delete_table(TableName=name)

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_DYNAMODB": address()} | _KEYS

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notes which tables were written to: emptying the others would take most of the time."""
        call = BaseClient._make_api_call

        def call_and_note(client, operation: str, arguments: dict):
            if client.meta.service_model.service_name == "dynamodb":
                self._written |= _tables_written(operation, arguments)
            return call(client, operation, arguments)

        with mock.patch.object(BaseClient, "_make_api_call", call_and_note):
            yield

    def empty(self) -> None:
        for name in sorted(self._written.intersection(self._names())):
            self._write(name, [{"DeleteRequest": {"Key": key}} for key in self._keys(name)])
        self._written.clear()

    def content(self) -> dict[str, list[dict]]:
        return {name: self._items(name) for name in self._names()}

    def put_back(self, content: dict[str, list[dict]]) -> None:
        self.empty()
        for name, items in content.items():
            self._write(name, [{"PutRequest": {"Item": item}} for item in items])

    items = content

    def _names(self) -> list[str]:
        return self._client.list_tables()["TableNames"]

    def _items(self, name: str, **options) -> list[dict]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=name, ConsistentRead=True, **options
        )
        return [item for page in pages for item in page["Items"]]

    def _keys(self, name: str) -> Iterable[dict]:
        keys = [
            part["AttributeName"]
            for part in self._client.describe_table(TableName=name)["Table"]["KeySchema"]
        ]
        for item in self._items(name):
            yield {key: item[key] for key in keys}

    def _write(self, name: str, requests: list[dict]) -> None:
        left = iter(requests)
        while batch := list(islice(left, _MOST_IN_BATCH)):
            self._client.batch_write_item(RequestItems={name: batch})


def _tables_written(operation: str, arguments: dict) -> set[str]:
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return {arguments["TableName"]}
    if operation == "BatchWriteItem":
        return set(arguments["RequestItems"])
    if operation == "TransactWriteItems":
        return {
            part["TableName"] for write in arguments["TransactItems"] for part in write.values()
        }
    return set()
