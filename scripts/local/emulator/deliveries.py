"""Deliveries from a rule to the function, kept from the event until the function has taken it.

MiniStack starts a thread for each delivery, tries once, and forgets it at a stop. Here a delivery
is a row, written with the event that caused it, and is made again after a crash. As on AWS, it is
tried as often as the function's asynchronous configuration says, and then becomes a dead letter. A
function that does not answer at all is tried until it does, because it is being started again.

Patched: `_dispatch_to_lambda` in services.eventbridge.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ministack.services import eventbridge, lambda_svc

from scripts.local.emulator.store import NotKeptError, Store
from scripts.local.emulator.streams import answer_to, is_unreachable

MOST_RETRIES = 2
OLDEST_SECONDS = 21600
UNREACHABLE_PAUSE_SECONDS = 0.25

_store: Store
_next_delivery = 1
_dead_letter: Callable[..., None]
_taken: set[int] = set()
"""Deliveries that the function has taken; the next commit deletes their rows."""
_waiting: list[tuple] = []
"""Deliveries that no thread could be started for."""


def keep_in(store: Store, dead_letter: Callable[..., None]) -> None:
    """dead_letter: puts a failed event into the function's destination, in the same commit."""
    global _store, _next_delivery, _dead_letter
    _store, _dead_letter = store, dead_letter
    (last,) = store.one("SELECT max(id) FROM deliveries")
    _next_delivery = (last or 0) + 1
    eventbridge._dispatch_to_lambda = _accept
    store.before_commit.append(_write_taken)


def go_on() -> None:
    """Repeats the deliveries that were under way when the emulator ended."""
    for row in _store.all("SELECT * FROM deliveries ORDER BY id"):
        _start(*row)


def oldest() -> float | None:
    """Returns when the oldest event was accepted that the function has not taken."""
    rows = _store.all("SELECT id, at FROM deliveries ORDER BY id LIMIT ?", len(_taken) + 1)
    return min((at for number, at in rows if number not in _taken), default=None)


def _accept(target: str, payload: str) -> None:
    global _next_delivery
    with _store.lock:
        number, at = _next_delivery, time.time()
        _next_delivery += 1
        _store.write("put delivery", number, at, target, payload)
        _store.after_commit(partial(_start, number, at, target, payload))


def _start(*delivery: Any) -> None:
    thread = threading.Thread(target=_deliver, args=delivery, name="delivery", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # The machine allows no more threads.
        print(f"A delivery waits for a thread: {error}", file=sys.stderr, flush=True)
        _waiting.append(delivery)


def start_waiting() -> None:
    """Starts the deliveries that no thread could be started for."""
    waiting = _waiting.copy()
    _waiting.clear()
    for delivery in waiting:
        _start(*delivery)


class Failed(NamedTuple):
    """The function's answer to an event, and what its settings say about such an answer."""

    result: dict
    settings: dict
    rules: dict
    event: dict

    def is_final(self, retries: int, at: float) -> bool:
        oldest = self.rules.get("MaximumEventAgeInSeconds", OLDEST_SECONDS)
        most = self.rules.get("MaximumRetryAttempts", MOST_RETRIES)
        return retries >= most or time.time() - at > oldest


def _deliver(number: int, at: float, target: str, payload: str) -> None:
    """Delivers until the function has taken the event or it is a dead letter."""
    failures = 0
    while True:
        try:
            failed = _hand_over(target, payload)
            if failed is None:
                _taken.add(number)
                return
            if is_unreachable(failed.result):
                time.sleep(UNREACHABLE_PAUSE_SECONDS)
                continue
            if failed.is_final(failures, at) and _is_put_aside(number, failed):
                return
        except Exception as error:  # No error may lose the event.
            print(f"A delivery failed: {error!r}", file=sys.stderr, flush=True)
        pause = lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS * 2 ** min(failures, 10)
        failures += 1
        time.sleep(min(pause, lambda_svc._LAMBDA_ASYNC_RETRY_MAX_SECONDS))


def _hand_over(target: str, payload: str) -> Failed | None:
    """Returns None when the function has taken the event, or when the function no longer exists."""
    function, settings, _ = lambda_svc._get_func_record_for_ref(target)
    if not function:
        return None
    record, event = lambda_svc._execution_record_for_config(function, settings), json.loads(payload)
    result = answer_to(record, event)
    if not result.get("error"):
        return None
    rules = record.get("event_invoke_config") or (record.get("event_invoke_configs") or {}).get(
        "$LATEST"
    )
    return Failed(result, settings, rules or {}, event)


def _is_put_aside(number: int, failed: Failed) -> bool:
    """Makes the event a dead letter and deletes the delivery, in one commit.

    Returns False while nothing can be kept; then it is tried again.
    """
    on_failure = (failed.rules.get("DestinationConfig") or {}).get("OnFailure", {})
    dead_letters = failed.settings.get("DeadLetterConfig") or {}
    destination = on_failure.get("Destination") or dead_letters.get("TargetArn")
    try:
        with _store.together():
            if destination:
                name = failed.settings["FunctionName"]
                _dead_letter(destination, name, failed.event, failed.result)
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
    """Begins a commit for the deliveries that were taken, in case nothing else is written."""
    if _taken:
        _store.begin()
