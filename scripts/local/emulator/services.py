"""Keeps the state of all services except DynamoDB's items; a call's changes are kept before its
answer.

MiniStack holds the state in dicts. After a call that may have changed a service, each entry of the
service's dicts is compared with its kept text, and those that differ become rows of the same
commit. The people of a user pool and the messages of a queue are rows of their own. Only people who
were looked up lately are compared, so that a sign-in costs the same however many people there are.
Once a minute everything is compared, because some things change without a call.

Executions are not kept: MiniStack cannot continue them after a start, and the sweep starts a new
one for each order that waits. Log lines, data points and the texts that stand for the phone network
are not kept either, because nobody asks for them after a restart.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ministack import app as ministack
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict
from ministack.services import cloudwatch, cloudwatch_logs, cognito, sqs, stepfunctions

from scripts.local.emulator.store import Store, StoreError

Rows = dict[tuple[str, str], str]
"""The text of each entry, by the name of its dict and its key."""

READS = ("Get", "Describe", "List", "Query", "Scan", "BatchGet", "TransactGet")
CHANGES_OF_ITEMS = (
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
)
NOTHING_TO_KEEP = {
    "dynamodb": CHANGES_OF_ITEMS,
    "eventbridge": ("PutEvents",),
    "stepfunctions": (
        "StartExecution",
        "StopExecution",
        "SendTaskSuccess",
        "SendTaskFailure",
        "SendTaskHeartbeat",
    ),
}
"""Calls that change something, but nothing that is kept here."""
NEVER_KEPT = ("sts", "cloudwatch", "cloudwatch_logs", "iot_data")
"""Services whose calls change nothing of the stack."""
WHOLE_STACK = "cloudformation"
TOUCHED_SECONDS = 90
"""Longer than any call takes."""
PEOPLE = "people of "
MESSAGES = "messages"

_SIGNED_FOR = re.compile(rb"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")

_store: Store
_kept: dict[str, Rows] = {}
_changed: set[str] = set()
_written: set[str] = set()
"""The services that the present commit writes."""


def keep_in(store: Store) -> None:
    global _store
    _store = store
    for service, name, key, value in store.all("SELECT * FROM states"):
        _kept.setdefault(service, {})[name, key] = value
    store.before_commit.append(_write_changes)
    store.after_rollback.append(_restore_written)


def changed(*services: str) -> None:
    """Marks services for comparison at the next commit, and begins one."""
    with _store.lock:
        _changed.update(services)
        _store.begin()


def all_changed() -> None:
    for pool in cognito._user_pools.all_values():
        _watched(pool).touch_all()
    changed(*_states())


def changed_by(scope: Mapping) -> set[str]:
    """Returns the services that a request may have changed."""
    headers = dict(scope["headers"])
    target = headers.get(b"x-amz-target", b"").decode("latin-1")
    action = target.partition(".")[2]
    signed_for = _SIGNED_FOR.search(headers.get(b"authorization", b""))
    if signed_for:
        service = _service_of(signed_for[1].decode("latin-1"))
    else:
        service = "cognito" if scope["method"] != "GET" else ""  # Only sign-ins are unsigned.
    if service in NEVER_KEPT or not service or action.startswith(READS):
        return set()
    if action in NOTHING_TO_KEEP.get(service, ()):
        return set()
    if service == WHOLE_STACK:
        return set(_states())
    return set() if scope["method"] in ("GET", "HEAD") else {service}


def _service_of(signed_for: str) -> str:
    name = ministack.SERVICE_NAME_ALIASES.get(signed_for, signed_for)
    config = ministack.SERVICE_REGISTRY.get(name, {})
    return config.get("state_key", config.get("module", name))


# What is kept of each service


def _states() -> dict[str, Callable[[], dict]]:
    found = ministack._build_persistence_save_dict()
    return {name: get for name, get in (found | OWN).items() if name in found}


def _of_cognito() -> dict:
    names = (
        "pool_domain_map",
        "identity_pools",
        "identity_tags",
        "authorization_codes",
        "refresh_tokens",
        "auth_codes",
        "challenge_sessions",
    )
    state = {name: getattr(cognito, "_" + name) for name in names}
    pools = AccountRegionScopedDict()
    for key, pool in list(cognito._user_pools._data.items()):
        pools._data[key] = pool | {"_users": {}}
    return state | {"user_pools": pools, "revoked_tokens": list(cognito._revoked_tokens)}


def _of_queues() -> dict:
    queues = AccountRegionScopedDict()
    for key, queue in list(sqs._queues._data.items()):
        queues._data[key] = queue | {"messages": []}
    return {"queues": queues, "queue_name_to_url": sqs._queue_name_to_url}


def _of_state_machines() -> dict:
    names = ("state_machines", "tags", "state_machine_versions", "state_machine_aliases")
    return {name: getattr(stepfunctions, "_" + name) for name in names}


def _of_alarms_and_dashboards() -> dict:
    kept = ("alarms", "composite_alarms", "dashboards", "resource_tags")
    return {name: getattr(cloudwatch, "_" + name) for name in kept}


def _of_log_groups() -> dict:
    groups = AccountRegionScopedDict()
    for key, group in list(cloudwatch_logs._log_groups._data.items()):
        groups._data[key] = group | {"streams": {}}
    return {"log_groups": groups, "metric_filters": cloudwatch_logs._metric_filters}


OWN = {
    "cognito": _of_cognito,
    "sqs": _of_queues,
    "stepfunctions": _of_state_machines,
    "cloudwatch": _of_alarms_and_dashboards,
    "cloudwatch_logs": _of_log_groups,
}
"""These replace MiniStack's get_state, which also copies what grows."""
LEFT_OUT = {
    "eventbridge": ("events_log",),
    "sns": ("sms_messages",),
    "lambda": ("dynamodb_stream_positions", "kinesis_positions"),
}
"""These texts stand for messages that are already on a phone; the
rest is kept elsewhere or not at all.
"""


class Watched(dict):
    """The people of a pool, and who was looked up lately.

    A loop over all people that ends early has found the wanted person and may change that one. A
    loop that runs to the end has found nobody.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._touched: dict[str, float] = {}
        self.touch_all()

    def touch(self, key: str) -> None:
        self._touched[key] = time.monotonic()

    def touch_all(self) -> None:
        self._touched = dict.fromkeys(self, time.monotonic())

    def touched(self) -> list[str]:
        """Returns the people who were looked up lately; the call
        that did so may still be under way.
        """
        oldest = time.monotonic() - TOUCHED_SECONDS
        names = list(self._touched)
        for name in names:
            if self._touched[name] < oldest:
                del self._touched[name]
        return names

    def __getitem__(self, key: str) -> Any:
        self.touch(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.touch(key)
        return super().get(key, default)

    def __setitem__(self, key: str, value: Any) -> None:
        self.touch(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self.touch(key)
        super().__delitem__(key)

    def pop(self, key: str, *default: Any) -> Any:
        self.touch(key)
        return super().pop(key, *default)

    def values(self) -> Iterator[Any]:
        return (value for _, value in self._pairs())

    def items(self) -> Iterator[tuple[str, Any]]:
        return self._pairs()

    def _pairs(self) -> Iterator[tuple[str, Any]]:
        for key, value in list(super().items()):
            try:
                yield key, value
            except GeneratorExit:
                self.touch(key)
                raise


def _watched(pool: dict) -> Watched:
    if not isinstance(pool["_users"], Watched):
        pool["_users"] = Watched(pool["_users"])
    return pool["_users"]


# From dicts to rows


def _write_changes() -> None:
    global _written
    _written = _changed & _states().keys() if _changed else set()
    _changed.clear()
    for service in sorted(_written):
        kept = _kept.setdefault(service, {})
        now = _settled(service)
        gone = kept.keys() - now.keys()
        differing = {place: text for place, text in now.items() if kept.get(place) != text}
        for place in gone:
            _store.write("delete state", service, *place)
        for place, text in differing.items():
            _store.write("put state", service, *place, text)
        if gone or differing:
            _store.after_commit(partial(_remember, service, gone, differing))


def _remember(service: str, gone: set, differing: Rows) -> None:
    kept = _kept[service]
    for place in gone:
        kept.pop(place, None)
    kept.update(differing)


def _settled(service: str) -> Rows:
    """Repeats the walk over a service's dicts, because other threads may change them meanwhile."""
    for _ in range(5):
        try:
            return _rows(service)
        except RuntimeError:
            time.sleep(0.001)
    return _rows(service)


def _rows(service: str) -> Rows:
    rows: Rows = {}
    for name, value in _states()[service]().items():
        if name in LEFT_OUT.get(service, ()):
            continue
        if isinstance(value, AccountRegionScopedDict | AccountScopedDict):
            for key, one in list(value._data.items()):
                rows[name, _text_of(key)] = _text(one)
        else:
            rows[name, ""] = _text(value)
    if service == "sqs":
        for key, queue in list(sqs._queues._data.items()):
            for message in list(queue["messages"]):
                rows[MESSAGES, _text_of((*key, message["id"]))] = _text(message)
    if service == "cognito":
        rows |= _rows_of_people()
    return rows


def _rows_of_people() -> Rows:
    """Returns the rows of all people; those who were not looked up are unchanged."""
    pools = list(cognito._user_pools._data.items())
    names = {PEOPLE + pool for (_, _, pool), _ in pools}
    rows = {place: text for place, text in _kept["cognito"].items() if place[0] in names}
    for (account, region, pool), definition in pools:
        people = _watched(definition)
        for name in people.touched():
            place = PEOPLE + pool, _text_of((account, region, name))
            person = dict.get(people, name)
            if person is None:
                rows.pop(place, None)
            else:
                rows[place] = _text(person)
    return rows


def _text(value: Any) -> str:
    return json.dumps(value, default=persistence._json_default)


def _text_of(key: tuple) -> str:
    *scope, name = key
    return json.dumps([*scope, name if isinstance(name, str) else {"key": repr(name)}])


# From rows to dicts


def restored() -> dict[str, dict]:
    """Returns the kept state, in the form that MiniStack's services read at a start."""
    return {service: _state_of(rows) for service, rows in _kept.items()}


def _state_of(rows: Rows) -> dict:
    state: dict[str, Any] = {}
    parts = []
    for (name, place), text in rows.items():
        value = json.loads(text, object_hook=persistence._json_object_hook)
        if not place:
            state[name] = value
        elif name == MESSAGES or name.startswith(PEOPLE):
            parts.append((name, _key_of(place), value))
        else:
            key = _key_of(place)
            kind = AccountRegionScopedDict if len(key) == 3 else AccountScopedDict
            state.setdefault(name, kind())._data[key] = value
    for name, (account, region, *rest, key), value in parts:
        if name == MESSAGES:
            state["queues"]._data[account, region, *rest]["messages"].append(value)
        else:
            pool = state["user_pools"]._data[account, region, name.removeprefix(PEOPLE)]
            pool["_users"][key] = value
    for queue in state["queues"]._data.values() if "queues" in state else ():
        queue["messages"].sort(key=lambda message: message["sent_at"])
    return state


def _key_of(place: str) -> tuple:
    *scope, name = json.loads(place)
    if isinstance(name, dict):
        name = ast.literal_eval(name["key"])
    return (*scope, name)


def load() -> None:
    """Gives each service its kept state. Raises StoreError.

    MiniStack's own loader goes on after an error, and the next comparison would then delete what it
    could not read.
    """
    for service, state in restored().items():
        module = ministack._state_map.get(service)
        try:
            if module:
                ministack._get_module(module).load_persisted_state(state)
        except Exception as error:
            raise StoreError(f"What was kept of {service} cannot be used: {error!r}.") from error


def _restore_written() -> None:
    _restore(_written | _changed)
    _changed.clear()


def _restore(services: set[str]) -> None:
    for service in services & _states().keys():
        module = sys.modules[f"ministack.services.{ministack._state_map[service]}"]
        rows = _kept.setdefault(service, {})
        # The comparison uses rows, so that people and messages are included.
        now, kept = _state_of(_settled(service)), _state_of(rows)
        for name in now.keys() | kept.keys():
            live = getattr(module, "_" + name, None)
            if live is not None and name not in LEFT_OUT.get(service, ()):
                _replace(live, now.get(name), kept.get(name))


def _replace(live: Any, now: Any, kept: Any) -> None:
    if isinstance(live, AccountRegionScopedDict | AccountScopedDict):
        # The truth value of such a dict covers only one account and region.
        entries = {} if kept is None else kept._data
        found = {} if now is None else now._data
        for key in live._data.keys() - entries.keys():
            live._data.pop(key, None)
        for key, value in entries.items():
            if _text(found.get(key)) != _text(value):
                live.set_scoped(key[0], key[1] if len(key) == 3 else None, key[-1], value)
    elif isinstance(live, dict | set):
        live.clear()
        live.update(kept or ())
    elif isinstance(live, list):
        live[:] = kept or ()
