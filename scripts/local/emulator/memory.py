"""What MiniStack would keep in memory for ever is dropped: nobody asks for it any more."""

from __future__ import annotations

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
"""Far more than are under way: a client sends one again within seconds."""


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
    _keep_last(dynamodb._txn_idempotency._data, TRANSACTIONS_KEPT)
    _keep_last(sns._sms_messages._data, PHONES_KEPT)


def _keep_last(entries: dict, count: int) -> None:
    for key in list(entries)[:-count]:
        entries.pop(key, None)
