"""The local AWS (MiniStack), made safe. It runs in .venv/ministack, started by stack.py.

store.py keeps everything in one SQLite database. The modules beside it make MiniStack use it:
items and queries (DynamoDB), streams, deliveries (events), services (everything else), and answers
(no answer before its changes are kept). door.py lets only the bar in; rights.py enforces roles and
policies. Each module says what it patches. These are MiniStack's internals, so its version is
pinned in requirements/emulator.txt.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from scripts.local import bar_clock

bar_clock.rule_the_emulator()  # MiniStack's threads start with its import.

from ministack import app as ministack
from ministack.services import lambda_svc

from scripts.local.emulator import (
    answers,
    deliveries,
    door,
    items,
    memory,
    old_format,
    queries,
    rights,
    services,
    streams,
)
from scripts.local.emulator.store import Store, StoreError, lock_folder, open_store

FOLDER = Path(os.environ["STATE_DIR"])
METER_LOG = os.environ.get("METER_LOG", "")
"""The file for what AWS would meter, for scripts/cost."""
TICK_SECONDS = 1
TIDY_EVERY_SECONDS = 60


def main() -> None:
    sys.argv = ["ministack"]
    try:
        lock = lock_folder(FOLDER)
        saved = old_format.read(FOLDER) if old_format.is_there(FOLDER) else None
        store = open_store(FOLDER)
    except StoreError as error:
        sys.exit(str(error))
    services.keep_in(store)
    items.keep_in(store)
    queries.narrow(store)
    streams.keep_in(store, _with_queues(lambda_svc._send_ddb_stream_failure_record))
    memory.keep_little()
    deliveries.keep_in(store, _with_queues(lambda_svc._route_async_failure))
    answers.hold_back(store, lambda: status(store))
    ministack.app = door.guarded(ministack.app)
    rights.correct()
    rights.hand_out(json.loads(os.environ["FUNCTION_CREDENTIALS"]))
    ministack._load_persisted_state = lambda: _load(store, saved)
    ministack.save_all = lambda _: store.commit()
    if METER_LOG:
        from scripts.measuring import metering

        metering.start(Path(METER_LOG))
    # This service stands for the phone network, and it would log every text message.
    logging.getLogger("sns").setLevel(logging.WARNING)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    ministack.main()
    lock.close()
    if store.trouble:
        sys.exit(store.trouble)


def _with_queues(dead_letter: Callable[..., None]) -> Callable[..., None]:
    """Marks queues and topics as changed, because MiniStack adds a
    dead letter without a call of SQS.
    """

    def call(*arguments: object) -> None:
        dead_letter(*arguments)
        services.changed("sqs", "sns")

    return call


def _load(store: Store, saved: dict | None) -> None:
    loop = asyncio.get_running_loop()
    store.commit_soon = lambda: loop.call_soon_threadsafe(store.commit)
    try:
        if saved:
            old_format.take_over(saved, store)
        else:
            services.load()
    except StoreError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)  # MiniStack would go on without the saved state.
    deliveries.go_on()
    # The loop keeps the task in a variable, because Python may collect a task that nobody holds.
    loop.bar_ticks = loop.create_task(_tick(store))


async def _tick(store: Store) -> None:
    """Runs the jobs that no call triggers."""
    each_second = (
        store.try_again,
        streams.write_positions_soon,
        deliveries.write_taken_soon,
        deliveries.start_waiting,
        memory.drop_what_ended,
        store.copy_if_due,
    )
    each_minute = (
        items.remove_expired,
        streams.forget_old,
        services.all_changed,
    )
    tidied_at = time.monotonic()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        do_all(each_second)
        if time.monotonic() - tidied_at > TIDY_EVERY_SECONDS:
            tidied_at = time.monotonic()
            do_all(each_minute)


def do_all(jobs: Iterable[Callable[[], None]]) -> None:
    """Does all jobs; one that fails does not stop the others, and is tried again next time."""
    for job in jobs:
        try:
            job()
        except Exception as error:
            what = f"The emulator's housekeeping failed at {job.__name__}: {error!r}"
            print(what, file=sys.stderr, flush=True)


def status(store: Store) -> dict:
    """Says whether the last changes are kept, and how many seconds the consumers are behind."""
    waiting = [at for at in (streams.oldest_untaken(), deliveries.oldest()) if at]
    return {
        "kept": store.trouble is None,
        "trouble": store.trouble,
        "unkept_seconds": time.monotonic() - store.unkept_since if store.unkept_since else 0.0,
        "outbox_lag_seconds": max(0.0, time.time() - min(waiting)) if waiting else 0.0,
        "missing": store.missing,
    }


if __name__ == "__main__":
    main()
