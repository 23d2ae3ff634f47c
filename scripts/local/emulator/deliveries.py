"""What a rule hands to the function: kept from the event's acceptance until the function took it.

MiniStack starts a thread for each and forgets it at a stop, and tries once. Here a delivery is a
row, written with the event that caused it; after a crash it is made again. It is tried as often
as the function's asynchronous configuration says and then put to its dead letters, both as on
AWS. A function that does not answer at all is asked until it does: it is being started again.

Patched: `_dispatch_to_lambda` in services.eventbridge.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from functools import partial

from ministack.services import eventbridge, lambda_svc

from scripts.local.emulator.store import NotKeptError, Store
from scripts.local.emulator.streams import is_unreachable

MOST_RETRIES = 2
OLDEST_SECONDS = 21600
UNREACHABLE_PAUSE_SECONDS = 0.25

_store: Store
_next_delivery = 1
_dead_letter: Callable[..., None]
_taken: set[int] = set()
"""Deliveries that the function took, whose rows go with the next commit."""


def keep_in(store: Store, dead_letter: Callable[..., None]) -> None:
    """dead_letter: puts an event that failed to the function's destination, with its commit."""
    global _store, _next_delivery, _dead_letter
    _store, _dead_letter = store, dead_letter
    (last,) = store.one("SELECT max(id) FROM deliveries")
    _next_delivery = (last or 0) + 1
    eventbridge._dispatch_to_lambda = _accept
    store.before_commit.append(_write_taken)


def go_on() -> None:
    """Make again what was under way when the emulator ended."""
    for row in _store.all("SELECT * FROM deliveries ORDER BY id"):
        _start(*row)


def oldest() -> float | None:
    """When the oldest event was accepted that the function has not taken."""
    rows = _store.all("SELECT id, at FROM deliveries ORDER BY id LIMIT ?", len(_taken) + 1)
    return min((at for number, at in rows if number not in _taken), default=None)


def _accept(target: str, payload: str) -> None:
    global _next_delivery
    with _store.lock:
        number, at = _next_delivery, time.time()
        _next_delivery += 1
        _store.write("put delivery", number, at, target, payload)
        _store.after_commit(partial(_start, number, at, target, payload))


def _start(number: int, at: float, target: str, payload: str) -> None:
    threading.Thread(
        target=_deliver, args=(number, at, target, payload), name="delivery", daemon=True
    ).start()


def _deliver(number: int, at: float, target: str, payload: str) -> None:
    event, retries = json.loads(payload), 0
    while True:
        function, settings, _ = lambda_svc._get_func_record_for_ref(target)
        if not function:
            break
        record = lambda_svc._execution_record_for_config(function, settings)
        result = lambda_svc._execute_function(record, event)
        if not result.get("error"):
            break
        if is_unreachable(result):
            time.sleep(UNREACHABLE_PAUSE_SECONDS)
            continue
        rules = (
            record.get("event_invoke_config")
            or (record.get("event_invoke_configs") or {}).get("$LATEST")
            or {}
        )
        most = rules.get("MaximumRetryAttempts", MOST_RETRIES)
        if retries >= most or time.time() - at > rules.get(
            "MaximumEventAgeInSeconds", OLDEST_SECONDS
        ):
            if _is_put_aside(number, settings, rules, event, result):
                return
        else:
            retries += 1
        base, longest = (
            lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS,
            lambda_svc._LAMBDA_ASYNC_RETRY_MAX_SECONDS,
        )
        time.sleep(min(base * 2 ** max(retries - 1, 0), longest))
    _taken.add(number)


def _is_put_aside(number: int, settings: dict, rules: dict, event: dict, result: dict) -> bool:
    """Put it to the dead letters and take it off the list in one commit. False while nothing can
    be kept: it is then tried again."""
    destination = (rules.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination")
    destination = destination or (settings.get("DeadLetterConfig") or {}).get("TargetArn")
    try:
        with _store.together():
            if destination:
                _dead_letter(destination, settings["FunctionName"], event, result)
            _store.write("delete delivery", number)
            turn = _store.open_turn
        turn.kept.result()
    except NotKeptError:
        return False
    return True


def _write_taken() -> None:
    taken = list(_taken)
    for number in taken:
        _store.write("delete delivery", number)
    if taken:
        _store.after_commit(partial(_taken.difference_update, taken))


def write_taken_soon() -> None:
    """When nothing else is written, what was taken is written by this."""
    if _taken:
        _store.begin()
