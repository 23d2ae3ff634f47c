"""The local AWS (MiniStack), kept safe. Runs in .venv/ministack, started by stack.py.

MiniStack by itself saves its state only when it is told to stop, in one file per service. Here
- the state of all services is one file, replaced in one step: a crash leaves the old or the new;
- SIGUSR1 saves it (the launcher sends one every few seconds), and so does an ordinary stop;
- undelivered stream records are part of it. MiniStack keeps how far each consumer has read but
  forgets the stream: after a restart each would skip as many new records as it had read before;
- executions that ended more than an hour ago are dropped, or each save would be slower than the
  last.

What a rule hands to the function is tried again when the function fails, and kept with the dead
letters in the end, as on AWS; MiniStack by itself tries once.

Roles and policies are enforced, with three corrections (see "Rights"), and the function's
credentials are known from the start: on AWS Lambda makes them.

It uses MiniStack's internals, so its version is pinned in requirements/emulator.txt.
"""

from __future__ import annotations

import copy
import fcntl
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from scripts.local import bar_clock

bar_clock.rule_the_emulator()  # MiniStack's threads begin when it is imported.

from ministack import app as ministack
from ministack.core import iam_actions, iam_evaluator, persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import (
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    lambda_svc,
    stepfunctions,
    sts,
)

FOLDER = Path(os.environ["STATE_DIR"])
SNAPSHOT = FOLDER / "snapshot.json"
# Where to write which rights were used, for scripts/unused-rights.
RIGHTS_LOG = os.environ.get("RIGHTS_LOG", "")
# Where to write what AWS would meter, for scripts/cost.
METER_LOG = os.environ.get("METER_LOG", "")
STATUS = "/_bar/status"
STREAMS = "our_dynamodb_streams"
READS = ("Get", "Describe", "List", "Query", "Scan", "BatchGet", "TransactGet")
LONGEST_WITHOUT_SAVING = 60
EXECUTIONS_KEPT_FOR = timedelta(hours=1)

_asgi_app = ministack.app
_load_services = ministack._load_persisted_state
_resource_of = iam_actions.extract_resource_arn
_attributes_of = iam_actions.dynamodb_service_context
_enforce = iam_evaluator.enforce
_used_rights: set[str] = set()
_has_changed = True
_saved_at = 0.0
_trouble: str | None = None
"""Why the last save failed."""


def main() -> None:
    sys.argv = ["ministack"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = _take_lock()
    saved = _read_snapshot()
    ministack.app = _noticing_changes
    ministack.load_state = saved.get
    ministack.save_all = _save
    ministack._load_persisted_state = lambda: (
        _load_services(),
        _restore_streams(saved.get(STREAMS)),
    )
    iam_actions.extract_resource_arn = _corrected_resource
    iam_actions.dynamodb_service_context = _corrected_attributes
    eventbridge._dispatch_to_lambda = _deliver_until_taken
    _hand_out_credentials(json.loads(os.environ["FUNCTION_CREDENTIALS"]))
    if RIGHTS_LOG:
        iam_evaluator.enforce = _recording_rights
    if METER_LOG:
        from scripts.measuring import metering

        metering.start(Path(METER_LOG))
    # It stands for the phone network, and would write every text message into its log.
    logging.getLogger("sns").setLevel(logging.WARNING)
    signal.signal(signal.SIGUSR1, _ask_to_save)
    ministack.main()
    lock.close()
    if _trouble:
        sys.exit(_trouble)


def _take_lock() -> IO:
    """Wait for an earlier emulator on this folder that is still saving."""
    lock = open(FOLDER / "lock", "w")
    for _ in range(100):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            time.sleep(0.1)
    sys.exit(f"Another emulator is using {FOLDER}.")


# When to save


async def _noticing_changes(scope: dict, receive: Callable, send: Callable) -> None:
    global _has_changed
    if scope["type"] == "http" and scope["path"] == STATUS:
        await _say_how_it_is(send)
        return
    if scope["type"] == "http" and not _is_read(scope):
        _has_changed = True
    await _asgi_app(scope, receive, send)


async def _say_how_it_is(send: Callable) -> None:
    unkept = time.monotonic() - _saved_at if _has_changed and _saved_at else 0.0
    status = {
        "kept": not _trouble, "trouble": _trouble, "unkept_seconds": unkept,
        "outbox_lag_seconds": 0.0, "missing": None,
    }
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(status).encode()})


def _is_read(scope: dict) -> bool:
    if scope["path"].startswith("/_ministack/"):
        return True
    target = dict(scope["headers"]).get(b"x-amz-target", b"").decode("latin-1")
    return target.partition(".")[2].startswith(READS)


def _ask_to_save(*_) -> None:
    # Not in the signal handler itself, which may interrupt the loop in the middle of a change.
    if ministack._MAIN_LOOP is not None:
        ministack._MAIN_LOOP.call_soon_threadsafe(_save_if_changed)


def _save_if_changed() -> None:
    # Timers change things without a request, so save now and then in any case.
    if _has_changed or time.monotonic() - _saved_at > LONGEST_WITHOUT_SAVING:
        ministack.save_all(ministack._build_persistence_save_dict())


# Saving and loading


def _save(services: dict[str, Callable]) -> None:
    global _has_changed, _saved_at, _trouble
    _has_changed = False
    try:
        text = json.dumps(_capture(services), default=persistence._json_default)
        new = SNAPSHOT.with_suffix(".new")
        with open(new, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, SNAPSHOT)
        _trouble = None
    except Exception as error:
        # The old snapshot stays; the next attempt is seconds away.
        _has_changed = True
        why = getattr(error, "strerror", None) or repr(error)
        _trouble = f"The state could not be saved ({why})"
        print(_trouble, file=sys.stderr, flush=True)
    _saved_at = time.monotonic()


def _capture(services: dict[str, Callable]) -> dict:
    _drop_old_executions()
    state = {
        name: _settled(get_state) for name, get_state in (services | WITHOUT_WHAT_GROWS).items()
    }
    # After the tables: a change made in between is then announced twice rather than never.
    state[STREAMS] = _undelivered_records()
    return state


def _alarms_and_dashboards() -> dict:
    """All of CloudWatch but the data points: they come with each call, and nobody reads them after
    a restart. What is the stack's must be there, or the stack could not be updated."""
    kept = ("alarms", "composite_alarms", "dashboards", "resource_tags")
    return {name: copy.deepcopy(getattr(cloudwatch, "_" + name)) for name in kept}


def _log_groups_and_filters() -> dict:
    """All of CloudWatch Logs but the lines."""
    groups = AccountRegionScopedDict()
    for key, group in list(cloudwatch_logs._log_groups._data.items()):
        groups._data[key] = group | {"streams": {}}
    return {"log_groups": groups, "metric_filters": copy.deepcopy(cloudwatch_logs._metric_filters)}


WITHOUT_WHAT_GROWS = {
    "cloudwatch": _alarms_and_dashboards, "cloudwatch_logs": _log_groups_and_filters
}


def _settled(get_state: Callable) -> dict | None:
    """Some services change in other threads, which can disturb a copy that is being made."""
    for _ in range(5):
        try:
            return get_state()
        except RuntimeError:
            time.sleep(0.001)
    return get_state()


def _drop_old_executions() -> None:
    oldest = (datetime.now(UTC) - EXECUTIONS_KEPT_FOR).isoformat()
    executions = stepfunctions._executions._data
    for key, execution in list(executions.items()):
        if execution["status"] != "RUNNING" and (execution["stopDate"] or oldest) < oldest:
            executions.pop(key, None)


def _read_snapshot() -> dict:
    try:
        return json.loads(SNAPSHOT.read_text(), object_hook=persistence._json_object_hook)
    except FileNotFoundError:
        return {}


def _undelivered_records() -> list[dict]:
    streams = []
    for account, region, table in list(dynamodb._stream_records._data):
        records = dynamodb._stream_records.get_scoped(account, region, table)
        first = dynamodb._trimmed_count(table, account, region)
        start = max(first, _slowest_position(account, region, table, first + len(records)))
        streams.append(
            {"scope": [account, region, table], "start": start, "records": records[start - first :]}
        )
    return streams


def _slowest_position(account: str, region: str, table: str, end: int) -> int:
    """How far the slowest consumer of a table's stream has read; its end when nobody reads it."""
    positions = [
        lambda_svc._dynamodb_stream_positions.get_scoped(account, region, key[2], 0)
        for key, mapping in list(lambda_svc._esms._data.items())
        if key[:2] == (account, region)
        and f":table/{table}/stream/" in mapping.get("EventSourceArn", "")
    ]
    return min(positions, default=end)


def _restore_streams(streams: list[dict] | None) -> None:
    for stream in streams or []:
        account, region, table = stream["scope"]
        dynamodb._stream_records.set_scoped(account, region, table, stream["records"])
        dynamodb._stream_trimmed.set_scoped(account, region, table, stream["start"])


def _deliver_until_taken(arn: str, payload: str) -> None:
    """Hands a rule's event to the function, as an asynchronous call that Lambda tries again."""
    function, settings, _ = lambda_svc._get_func_record_for_ref(arn)
    if function and settings:
        record = lambda_svc._execution_record_for_config(function, settings)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


# Rights


def _hand_out_credentials(credentials: dict[str, str]) -> None:
    """Make the function's keys those of its role. They outlive a restart, as on AWS."""
    _, _, _, _, account, role = credentials["role"].split(":")
    sts.register_session(
        credentials["AWS_ACCESS_KEY_ID"],
        {
            "Arn": f"arn:aws:sts::{account}:assumed-{role}/function",
            "UserId": "AROAFUNCTION:function",
            "SecretAccessKey": credentials["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": credentials["AWS_SESSION_TOKEN"],
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )


def _corrected_resource(
    service: str, method: str, path: str, headers: dict, body: bytes, params: dict,
    region: str, account: str,
) -> str:
    """What a policy must name for a request. MiniStack takes a bus for a rule, and knows no
    resource for an answer to a waiting execution; on AWS it is the state machine, our only one."""
    operation = headers.get("x-amz-target", "").partition(".")[2]
    if operation == "DescribeEventBus":
        return f"arn:aws:events:{region}:{account}:event-bus/{json.loads(body)['Name']}"
    if operation in ("SendTaskSuccess", "SendTaskFailure"):
        return next(iter(stepfunctions._state_machines), "*")
    return _resource_of(service, method, path, headers, body, params, region, account)


def _corrected_attributes(body: bytes) -> dict:
    """What a read names of its items. MiniStack looks for it where a read of one table has it; one
    of many items has it below its table."""
    asked = json.loads(body or b"{}").get("RequestItems")
    if isinstance(asked, dict):
        for one in asked.values():
            if isinstance(one, dict):
                return _attributes_of(json.dumps(one).encode())
    return _attributes_of(body)


def _recording_rights(key: str, action: str, service: str, region: str, *rest, **named):
    refusal = _enforce(key, action, service, region, *rest, **named)
    session = sts._sessions.get(key)
    if refusal is None and session:
        resource = named.get("resource_arn") or (rest[0] if rest else "*")
        role = session["Arn"].split("/")[1]
        for statements in iam_evaluator.resolve_principal(key, session["AccountId"]).policies:
            for one in statements:
                if iam_evaluator._action_matches(action, one.actions, one.not_actions) and (
                    iam_evaluator._resource_matches(resource, one.resources, one.not_resources)
                ):
                    _record(f"{role} {one.sid} {action}")
    return refusal


def _record(right: str) -> None:
    if right not in _used_rights:
        _used_rights.add(right)
        with open(RIGHTS_LOG, "a") as log:
            log.write(right + "\n")


if __name__ == "__main__":
    main()
