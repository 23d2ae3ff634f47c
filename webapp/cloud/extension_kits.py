"""What an extension uses of AWS: its own table, under a role that may do nothing else.

The function's role may not touch these tables, and an extension's role may touch no other table. So
an extension can write neither the core's tables nor another extension's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.cloud.clients import Clients, make_client
from webapp.storage.keys import LARGEST_PAGE, may_be_keys

_ROLE_LIFE = timedelta(hours=1)
_RENEW_BEFORE_END = timedelta(minutes=5)

TABLE_ACTIONS = ("DeleteItem", "GetItem", "PutItem", "Query")
"""The actions that an extension may carry out on its table."""


class ExtensionTable:
    """See extension_kit.OwnTable; `name` is that of the table and of the role."""

    def __init__(self, clients: Clients, name: str):
        self._clients = clients
        self._name = name
        self._made = None
        self._good_until = datetime.min.replace(tzinfo=UTC), 0.0

    def get(self, part: str, key: str) -> dict | None:
        if not may_be_keys(_key(part, key)):
            return None
        answer = self._client.get_item(
            TableName=self._name, Key=_key(part, key), ConsistentRead=True
        )
        return json.loads(answer["Item"]["value"]["S"]) if "Item" in answer else None

    def put(self, part: str, key: str, value: Mapping, ends_at: datetime) -> None:
        self._client.put_item(TableName=self._name, Item=_item(part, key, value, ends_at))

    def add(self, part: str, key: str, value: Mapping, ends_at: datetime) -> bool:
        client = self._client
        try:
            client.put_item(
                TableName=self._name,
                Item=_item(part, key, value, ends_at),
                ConditionExpression="attribute_not_exists(part)",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def delete(self, part: str, key: str) -> None:
        if may_be_keys(_key(part, key)):
            self._client.delete_item(TableName=self._name, Key=_key(part, key))

    def list(self, part: str, after: str = "", limit: int = 100) -> list[tuple[str, dict]]:
        # DynamoDB allows no empty key. A space sorts before all printable characters.
        after = after or " "
        if limit < 1 or not may_be_keys(_key(part, after)):
            return []
        answer = self._client.query(
            TableName=self._name,
            KeyConditionExpression="part = :part AND item_key > :after",
            ExpressionAttributeValues={":part": {"S": part}, ":after": {"S": after}},
            Limit=min(limit, LARGEST_PAGE),
            ConsistentRead=True,
        )
        return [(one["item_key"]["S"], json.loads(one["value"]["S"])) for one in answer["Items"]]

    @property
    def _client(self) -> Any:
        # Both clocks are compared, because the first may be set back and the second stands still
        # while Lambda freezes the process.
        now = datetime.now(UTC), time.monotonic()
        if now[0] >= self._good_until[0] or now[1] >= self._good_until[1]:
            life = _ROLE_LIFE - _RENEW_BEFORE_END
            # Two threads may make two clients at the same time. Both clients work.
            self._made = self._make_client()
            self._good_until = now[0] + life, now[1] + life.total_seconds()
        return self._made

    def _make_client(self) -> Any:
        taken = self._clients.sts.assume_role(
            RoleArn=f"arn:aws:iam::{self._clients.account}:role/{self._name}",
            RoleSessionName=self._name[:64],
            DurationSeconds=int(_ROLE_LIFE.total_seconds()),
        )["Credentials"]
        keys = {
            "aws_access_key_id": taken["AccessKeyId"],
            "aws_secret_access_key": taken["SecretAccessKey"],
            "aws_session_token": taken["SessionToken"],
        }
        return make_client("dynamodb", self._clients.region, keys)


def table_definition(name: str) -> dict:
    """Returns what the template needs to make an extension's table."""
    return {
        "name": name,
        "attributes": [
            {"AttributeName": "part", "AttributeType": "S"},
            {"AttributeName": "item_key", "AttributeType": "S"},
        ],
        "keys": [
            {"AttributeName": "part", "KeyType": "HASH"},
            {"AttributeName": "item_key", "KeyType": "RANGE"},
        ],
        "local_indexes": [],
        "global_indexes": [],
        "has_stream": False,
        "ttl": "expires_at",
    }


def _key(part: str, key: str) -> dict:
    return {"part": {"S": part}, "item_key": {"S": key}}


def _item(part: str, key: str, value: Mapping, ends_at: datetime) -> dict:
    return _key(part, key) | {
        "value": {"S": json.dumps(value, separators=(",", ":"))},
        "expires_at": {"N": str(int(ends_at.timestamp()))},
    }
