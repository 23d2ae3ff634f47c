"""Drops what MiniStack would keep in memory for ever, although nobody asks for it any more.

Patched: `_txn_token_store` in services.dynamodb.
"""

from __future__ import annotations

import hashlib
import json

from ministack.services import (
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    sns,
    stepfunctions,
)

ENDED_EXECUTIONS_KEPT = 100
EVENTS_KEPT = 100
LOG_STREAMS_KEPT = 100
DATA_POINTS_KEPT = 1000
PHONES_KEPT = 1000
TRANSACTIONS_KEPT = 400
"""Far more than are under way, because a client repeats a transaction within seconds."""


_remember = dynamodb._txn_token_store


class Signature:
    """The hash of a transaction's body, to compare it with a repeated one.

    MiniStack keeps the whole body, some ten kilobytes each.
    """

    __slots__ = ("_digest",)
    __hash__ = None

    def __init__(self, body: dict) -> None:
        self._digest = _digest(body)

    def __eq__(self, body: object) -> bool:
        return self._digest == _digest(body)


def _digest(body: object) -> bytes:
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=repr).encode()).digest()


def keep_little() -> None:
    dynamodb._txn_token_store = _remember_a_little


def _remember_a_little(token: str, transaction: dict) -> None:
    _remember(token, transaction | {"signature": Signature(transaction["signature"])})
    made = dynamodb._txn_idempotency._data
    while len(made) > TRANSACTIONS_KEPT:
        made.pop(next(iter(made)))


def drop_what_ended() -> None:
    executions = stepfunctions._executions._data
    ended = [key for key, one in list(executions.items()) if one["status"] != "RUNNING"]
    for key in ended[:-ENDED_EXECUTIONS_KEPT]:
        executions.pop(key, None)
    for events in list(eventbridge._events_log._data.values()):
        del events[:-EVENTS_KEPT]
    for group in list(cloudwatch_logs._log_groups._data.values()):
        streams = group["streams"]
        _keep_last(streams, LOG_STREAMS_KEPT)
    points, lines = cloudwatch._metrics._data, cloudwatch_logs._log_records._data
    for records in (*points.values(), *lines.values()):
        if isinstance(records, list):
            del records[:-DATA_POINTS_KEPT]
    _keep_last(sns._sms_messages._data, PHONES_KEPT)


def _keep_last(entries: dict, count: int) -> None:
    for key in list(entries)[:-count]:
        entries.pop(key, None)
