"""Streams of tables: a change is kept until every consumer has taken it, and for a while longer.

MiniStack keeps a day of changes in memory and forgets them at a stop. Here a change is a row,
written with its item; a consumer (an event source mapping) sees it once it is committed. The
consumers' positions are written with the next commit, so that after a crash some changes are
delivered again, which is harmless.

MiniStack also retries a failing batch for ever. Here, as on AWS, the batch is halved until the
failing record stands alone. That record is parked, tried as often as the mapping says, and then
becomes a dead letter of the mapping. Unlike on AWS, the other records go on meanwhile, because a
bar must not wait for one record. A function that does not answer at all is no failure of the
record: the same batch waits for it.

Patched: `_stream_records`, `_trim_stream_records`, `stream_…`, `esm_wake` in services.dynamodb, and
`_poll_dynamodb_streams`, `_init_stream_position` in services.lambda_svc.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.concurrency import esm_wake
from ministack.core.responses import AccountRegionScopedDict, request_scope
from ministack.services import dynamodb, lambda_svc

from scripts.local.emulator.store import NotKeptError, Store

RETENTION_SECONDS = 24 * 3600
RETAINED = 100
"""How many changes stay readable after all consumers have taken them; on AWS, a day of changes."""
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 15.0
UNREACHABLE_PAUSE_SECONDS = 0.25
SET_ASIDE = "dead letters of table "
"""Followed by the table's id, this is the consumer of changes that were given up."""

_store: Store
_ids = threading.Lock()
_next_change = 1
_next_parked = 1
_positions: dict[str, tuple[int, int]] = {}
"""The table of each consumer, and the first change that it has not taken."""
_unwritten: set[str] = set()
_due: dict[int, float] = {}
"""When a parked record is tried next; a record that is missing here is due."""
_dead_letter: Callable[..., None]
_reader: sqlite3.Connection | None = None


def keep_in(store: Store, dead_letter: Callable[..., None]) -> None:
    """dead_letter: puts a failed record into a mapping's destination, in the same commit."""
    global _store, _next_change, _next_parked, _dead_letter
    _store, _dead_letter = store, dead_letter
    for consumer, table_id, position in store.all("SELECT * FROM positions"):
        _positions[consumer] = table_id, position
    (last,) = store.one("SELECT max(id) FROM changes")
    _next_change = max(last or 0, *(position - 1 for _, position in _positions.values()), 0) + 1
    (last,) = store.one("SELECT max(id) FROM parked")
    _next_parked = (last or 0) + 1
    dynamodb._stream_records.__class__ = StreamsOfTables
    dynamodb._trim_stream_records = lambda *_, **__: None
    dynamodb.stream_start_position = _start_position
    dynamodb.stream_end_position = _end_position
    dynamodb.stream_records_since = _records_since
    dynamodb.stream_live_records = _readable
    dynamodb.esm_wake = _WakeAfterCommit()
    lambda_svc._poll_dynamodb_streams = _poll
    lambda_svc._init_stream_position = _subscribe
    store.before_commit.append(_write_positions)
    store.after_rollback.append(_write_all_positions)


class _WakeAfterCommit:
    """Wakes the consumers after the commit; before it they would find nothing, and sleep again."""

    def set(self) -> None:
        _store.after_commit(esm_wake.set)


# The records


class StreamsOfTables(AccountRegionScopedDict):
    __slots__ = ()

    def __setitem__(self, table_name: str, records: list[dict]) -> None:
        table = dynamodb._tables.get(table_name)
        self._data[self._scoped(table_name)] = Records(table.id) if table else records

    def pop(self, table_name: str, *default: Any) -> Any:
        records = super().pop(table_name, *default)
        if isinstance(records, Records):
            gone = list(records)
            _store.write("delete changes", records.table_id, _next_change)
            return gone
        return records


class Records:
    """The changes of one table that some consumer has yet to take."""

    def __init__(self, table_id: int) -> None:
        self.table_id = table_id

    def append(self, record: dict) -> None:
        global _next_change
        with _store.lock:
            text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
            _store.write("put change", _next_change, self.table_id, time.time(), text)
            _next_change += 1

    def __iter__(self) -> Iterator[dict]:
        sql = "SELECT record FROM changes WHERE table_id = ? ORDER BY id"
        rows = _store.all(sql, self.table_id)
        return (json.loads(text) for (text,) in rows)

    def __len__(self) -> int:
        return _store.one("SELECT count(*) FROM changes WHERE table_id = ?", self.table_id)[0]


def _readable(name: str, account_id: str | None = None, region: str | None = None) -> list[dict]:
    """Returns what a stream's own API answers.

    These are the changes that are not taken yet, the last ones that were taken, and the dead
    letters, which scripts/dead-letters reads here to send them again.
    """
    if account_id is None or region is None:
        table_id = dynamodb._tables[name].id
    else:
        table_id = dynamodb._tables.get_scoped(account_id, region, name).id
    sql = "SELECT record FROM parked WHERE consumer = ?"
    aside = [json.loads(text) for (text,) in _store.all(sql, SET_ASIDE + str(table_id))]
    # A change that was given up a moment ago may also be among the last ones.
    by_number = {
        int(record["dynamodb"]["SequenceNumber"]): record for record in (*aside, *Records(table_id))
    }
    return [by_number[number] for number in sorted(by_number)]


def _start_position(name: str, **scope: str | None) -> int:
    return 0


def _end_position(name: str, **scope: str | None) -> int:
    return len(_readable(name, **scope))


def _records_since(name: str, position: int, limit: int, **scope: str | None) -> list[dict]:
    return _readable(name, **scope)[position : position + limit]


def forget_old() -> None:
    """Deletes changes that nobody took within a day, as AWS does."""
    oldest = time.time() - RETENTION_SECONDS
    if _store.one("SELECT 1 FROM changes WHERE at < ? LIMIT 1", oldest):
        _store.write("delete old changes", oldest)
    if _store.one("SELECT 1 FROM parked WHERE at < ? AND consumer LIKE ?", oldest, SET_ASIDE + "%"):
        _store.write("delete old parked", oldest, SET_ASIDE + "%")


def oldest_untaken() -> float | None:
    """Returns when the oldest change was made that a consumer has not taken."""
    with _store.lock:
        found = [
            at
            for table_id, position in list(_positions.values())
            for (at,) in _store.all(
                "SELECT at FROM changes WHERE table_id = ? AND id >= ? ORDER BY id LIMIT 1",
                table_id,
                position,
            )
        ]
    return min(found, default=None)


# Who has taken what


def _subscribe(consumer: str, source: str, starting: str) -> None:
    if ":dynamodb:" not in source or consumer in _positions:
        return
    name = source.split("/stream/")[0].split("/")[-1]
    table_id, start = dynamodb._tables[name].id, _next_change
    if starting == "TRIM_HORIZON":
        (first,) = _store.one("SELECT min(id) FROM changes WHERE table_id = ?", table_id)
        start = first or _next_change
    _move_on(consumer, table_id, start)
    _store.begin()


def subscribe_from_here(consumer: str, table_id: int) -> None:
    _move_on(consumer, table_id, _next_change)


def _move_on(consumer: str, table_id: int, position: int) -> None:
    with _ids:
        _positions[consumer] = table_id, position
        _unwritten.add(consumer)


def _write_positions() -> None:
    with _ids:
        consumers = list(_unwritten)
        _unwritten.clear()
        known = {esm["UUID"] for _, _, esm in lambda_svc._iter_all_esms()}
        for gone in [consumer for consumer in _positions if known and consumer not in known]:
            del _positions[gone]
            _store.write("delete position", gone)
        moved = [(one, *_positions[one]) for one in consumers if one in _positions]
        slowest: dict[int, int] = {}
        for table_id, position in _positions.values():
            slowest[table_id] = min(position, slowest.get(table_id, position))
    for consumer, table_id, position in moved:
        _store.write("put position", consumer, table_id, position)
    for table_id in {table_id for _, table_id, _ in moved}:
        _store.write("delete changes", table_id, slowest[table_id] - RETAINED)


def _write_all_positions() -> None:
    with _ids:
        _unwritten.update(_positions)


def write_positions_soon() -> None:
    """Begins a commit for the consumers' positions, in case nothing else is written."""
    if _unwritten:
        _store.begin()


# Delivery, in MiniStack's polling thread


def _poll() -> bool:
    """Delivers one batch to each consumer; returns whether there was any."""
    global _reader
    if _reader is None:
        _reader = _store.reader()
    any_taken = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        with request_scope(account, region):
            try:
                any_taken = _poll_one(mapping) or any_taken
            except NotKeptError:
                pass  # The same batch is delivered again once there is room.
            except Exception as error:  # The other consumers go on, and this one is tried again.
                print(f"A stream could not be read: {error!r}", file=sys.stderr, flush=True)
    return any_taken


def _poll_one(mapping: dict) -> bool:
    try:
        source = parse_arn(mapping.get("EventSourceArn", ""))
    except ArnParseError:
        return False
    if source.service != "dynamodb" or not mapping.get("Enabled", True):
        return False
    stream = lambda_svc._dynamodb_stream_table_from_arn_spec(source)
    table = dynamodb._tables.get(stream[0]) if stream else None
    function, _ = lambda_svc._get_func_record_for_qualifier(
        mapping["FunctionName"], mapping.get("Qualifier")
    )
    if not table or not function or table.get("LatestStreamArn") != mapping["EventSourceArn"]:
        return False
    consumer = mapping["UUID"]
    if lambda_svc._esm_backoff_until.get(consumer, 0) > time.time():
        return False
    if consumer not in _positions:
        _subscribe(consumer, mapping["EventSourceArn"], mapping.get("StartingPosition", "LATEST"))
    _try_parked(mapping, function, table.id)
    rows = _reader.execute(
        "SELECT id, record FROM changes WHERE table_id = ? AND id >= ? ORDER BY id LIMIT ?",
        (table.id, _positions[consumer][1], mapping.get("BatchSize", 100)),
    ).fetchall()
    if not rows:
        return False
    records = [json.loads(text) for _, text in rows]
    records = lambda_svc._apply_filter_criteria(records, mapping)
    if not _deliver(mapping, function, records):
        lambda_svc._esm_backoff_until[consumer] = time.time() + UNREACHABLE_PAUSE_SECONDS
        _wake_when_due(UNREACHABLE_PAUSE_SECONDS)
        return False
    _move_on(consumer, table.id, rows[-1][0] + 1)
    return True


def _deliver(mapping: dict, function: dict, records: list[dict]) -> bool:
    """Returns False when the function does not answer. Records on which it fails are parked."""
    if not records:
        return True
    result = answer_to(function, {"Records": records})
    if not result.get("error"):
        mapping["LastProcessingResult"] = f"OK - {len(records)} records"
        return True
    if is_unreachable(result):
        return False
    mapping["LastProcessingResult"] = "FAILED"
    if len(records) > 1 and mapping.get("BisectBatchOnFunctionError"):
        half = len(records) // 2
        return _deliver(mapping, function, records[:half]) and _deliver(
            mapping, function, records[half:]
        )
    for record in records:
        _park(mapping, record, result)
    return True


def answer_to(function: dict, event: dict) -> dict:
    """Returns the function's answer.

    A failure of the emulator counts like one of the function: some more tries, and then a dead
    letter.
    """
    try:
        return lambda_svc._execute_function(function, event)
    except Exception as error:
        print(f"The function could not be called: {error!r}", file=sys.stderr, flush=True)
        return {"error": True, "body": {"errorMessage": repr(error)}}


def is_unreachable(result: dict) -> bool:
    """Returns whether the function's process is away, which says nothing about the event."""
    said = (result.get("body") or {}).get("errorMessage", "")
    return said.startswith("Proxy target") and "unreachable" in said


def _park(mapping: dict, record: dict, result: dict) -> None:
    global _next_parked
    with _store.lock:
        number = _next_parked
        _next_parked += 1
        _store.write("park", number, mapping["UUID"], time.time(), 1, json.dumps(record))
    _due[number] = time.time() + FIRST_PAUSE_SECONDS
    _wake_when_due(FIRST_PAUSE_SECONDS)
    said = (result.get("body") or {}).get("errorMessage", "")
    print(f"A change was parked: {record.get('eventID')}: {said}", flush=True)


def _wake_when_due(seconds: float) -> None:
    """Wakes MiniStack's loop, which otherwise sleeps for a second."""
    timer = threading.Timer(seconds, esm_wake.set)
    timer.daemon = True
    timer.start()


def _try_parked(mapping: dict, function: dict, table_id: int) -> None:
    parked = _store.all(
        "SELECT id, at, tries, record FROM parked WHERE consumer = ? ORDER BY id", mapping["UUID"]
    )
    for number, at, tries, text in parked:
        if _due.get(number, 0) > time.time():
            continue
        _try_again_later(number, tries)
        record = json.loads(text)
        result = answer_to(function, {"Records": [record]})
        if is_unreachable(result):
            del _due[number]
            return
        if not result.get("error"):
            _store.write("unpark", number)
        elif why := _given_up(mapping, at, tries):
            with _store.together():
                _dead_letter(mapping, function, [record], mapping["EventSourceArn"], result, why)
                _store.write("park", number, SET_ASIDE + str(table_id), at, tries, text)
        else:
            _store.write("park", number, mapping["UUID"], at, tries + 1, text)


def _try_again_later(number: int, tries: int) -> None:
    """Sets the next try first, so that the record blocks nothing, whatever happens to this try."""
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(tries, 20), LONGEST_PAUSE_SECONDS)
    _due[number] = time.time() + pause
    _wake_when_due(pause)


def _given_up(mapping: dict, at: float, retries: int) -> str | None:
    """Returns the condition that AWS would name; None when the tries go on.

    In the mapping's settings, -1 means without an end.
    """
    most = mapping.get("MaximumRetryAttempts", -1)
    if most is not None and 0 <= most <= retries:
        return "RetryAttemptsExhausted"
    age = mapping.get("MaximumRecordAgeInSeconds", -1) or -1
    if 0 < age < time.time() - at:
        return "MaxRecordAgeExceeded"
    return None
