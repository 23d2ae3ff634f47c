"""What MiniStack would keep in memory for ever is dropped: nobody asks for it any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ministack.services import cloudwatch, cloudwatch_logs, eventbridge, stepfunctions

EXECUTIONS_KEPT_FOR = timedelta(minutes=10)
EVENTS_KEPT = 100
LOG_STREAMS_KEPT = 100
DATA_POINTS_KEPT = 1000


def drop_what_ended() -> None:
    oldest = (datetime.now(UTC) - EXECUTIONS_KEPT_FOR).isoformat()
    executions = stepfunctions._executions._data
    for key, execution in list(executions.items()):
        if execution["status"] != "RUNNING" and (execution["stopDate"] or oldest) < oldest:
            executions.pop(key, None)
    for events in list(eventbridge._events_log._data.values()):
        del events[:-EVENTS_KEPT]
    for group in list(cloudwatch_logs._log_groups._data.values()):
        streams = group["streams"]
        for name in list(streams)[:-LOG_STREAMS_KEPT]:
            streams.pop(name, None)
    for records in (*cloudwatch._metrics._data.values(), *cloudwatch_logs._log_records._data.values()):
        if isinstance(records, list):
            del records[:-DATA_POINTS_KEPT]
