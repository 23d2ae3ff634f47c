"""Measures what a bar's history costs: the same actions on bars with more and more finished orders.

The history is the items of one real order, copied many times and spread over two earlier days. All
bars have the same last hour, so that only the history differs. The processor seconds are those of
the emulator alone, so that other work on the machine matters little.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from domain.instants import to_iso
from scripts.environment import ROOT

if TYPE_CHECKING:
    import requests

    from scripts.local.stack import LocalStack

EARLIER = timedelta(hours=73), timedelta(hours=25)
"""The span of the history, before now; it ends before today begins."""
LAST_HOUR = timedelta(minutes=80), timedelta(minutes=20)
ORDERS_OF_LAST_HOUR = 200
TIMES = 50
LIVE_ORDERS = 100
_ISO = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_MS = re.compile(r"(?<![0-9A-Za-z])1[5-9]\d{11}(?![0-9A-Za-z])")
_HISTORY = ("orders", "journeys", "metrics", "customers", "customer-sessions")
"""The tables that each order adds items to."""


def growth(counts: Iterable[int]) -> dict[str, float]:
    """Returns the figures for each count, and their ratios to the figures of the first count.

    counts: numbers of finished orders; the first is 0, a bar with only the last hour.

    Each bar is measured in a process of its own, because the models keep the first endpoint they
    use.
    """
    figures: dict[str, float] = {}
    first: dict[str, float] = {}
    for count in counts:
        done = subprocess.run(
            [sys.executable, "-m", "scripts.measuring.growth", str(count)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
        )
        measured = json.loads(done.stdout)
        first = first or measured
        for name, value in measured.items():
            figures[f"{name}_at_{count}"] = round(value, 4)
            if measured is not first and first[name]:
                figures[f"{name}_ratio_at_{count}"] = round(value / first[name], 2)
        if measured is not first:
            grown = measured["memory_mb"] - first["memory_mb"]
            figures[f"memory_mb_per_1000_at_{count}"] = round(grown / count * 1000, 2)
    return figures


def measure(count: int) -> dict[str, float]:
    """Returns the figures of one bar that has finished so many orders."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        _fill(data, count)
        return _look(data)


def _fill(data: Path, count: int) -> None:
    from scripts.local.emulator.store import load_items, open_store
    from scripts.measuring.order_driver import OrderDriver, connected_relay

    with _running(data) as stack, connected_relay(stack) as relay:
        order = OrderDriver(relay).lifecycle()
        items = _items_of_one_order(stack)
    load_items(data / "aws", _history(items, order.id, count))
    # This makes the store's first copy now, so that the measured start need not make it.
    open_store(data / "aws").close()


def _items_of_one_order(stack) -> dict[str, list[dict]]:
    """Returns the items that one order has made in each table, once its journey is complete."""
    from scripts.local.deployment import make_clients
    from webapp.storage.tables import DEFAULT_PREFIX

    keys = (stack.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    client = make_clients(stack.endpoint_url, *keys)("dynamodb")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        items = {
            DEFAULT_PREFIX + name: client.scan(TableName=DEFAULT_PREFIX + name)["Items"]
            for name in _HISTORY
        }
        if "AllEventsStored" in json.dumps(items[DEFAULT_PREFIX + "journeys"]):
            return items
        time.sleep(0.2)
    raise RuntimeError("the order's journey was not completed within a minute")


def _history(items: dict[str, list[dict]], order_id: str, count: int) -> dict[str, Iterator[dict]]:
    now = datetime.now(UTC)
    texts = {table: [json.dumps(item) for item in found] for table, found in items.items()}
    joined = "".join(text for found in texts.values() for text in found)
    ids = set(re.findall(r"\b[0-9a-f]{32,64}\b", joined)) | {order_id}
    began = min(datetime.fromisoformat(one) for one in _ISO.findall(joined))

    def clones(table: str) -> Iterator[dict]:
        for place, before in enumerate(_moments(count)):
            shift = now - before - began
            for text in texts[table]:
                yield json.loads(_moved(_renamed(text, ids, place), shift))

    return {table: clones(table) for table in texts}


def _moments(count: int) -> Iterator[timedelta]:
    """Yields how long before now each order began."""
    for number, (first, last) in ((count, EARLIER), (ORDERS_OF_LAST_HOUR, LAST_HOUR)):
        for place in range(number):
            yield first - (first - last) * (place / number)


def _renamed(text: str, ids: set[str], place: int) -> str:
    """Gives the item ids of its own: the last eight characters of each id count the orders."""
    for one in ids:
        text = text.replace(one, f"{one[:-8]}{place:08x}")
    return text.replace('"order_number": {"N": "1"}', f'"order_number": {{"N": "{place + 1}"}}')


def _moved(text: str, shift: timedelta) -> str:
    def iso(found: re.Match) -> str:
        return to_iso(datetime.fromisoformat(found[0]) + shift)

    milliseconds = int(shift.total_seconds() * 1000)
    return _MS.sub(lambda found: str(int(found[0]) + milliseconds), _ISO.sub(iso, text))


# Measuring a filled bar


def _look(data: Path) -> dict[str, float]:
    import requests

    from scripts.measuring.order_driver import OrderDriver, connected_relay
    from webapp.services.orders import barista_steps
    from webapp.services.staff.sign_in import create_link

    figures: dict[str, float] = {}
    started = time.perf_counter()
    with _running(data) as stack:
        figures["start_seconds"] = time.perf_counter() - started
        emulator = stack.emulator_process_id
        figures["start_processor_seconds"] = processor_seconds(emulator)
        with connected_relay(stack) as relay:
            driver = OrderDriver(relay)
            barista, admin = requests.Session(), requests.Session()
            for session, role in ((barista, "barista"), (admin, "admin")):
                _sign_in(session, stack.link(role))
            main = f"{stack.base_url}/main/"

            def timed(name: str, act: Callable[[], object], times: int = TIMES) -> None:
                before = processor_seconds(emulator)
                for _ in range(times):
                    act()
                figures[f"{name}_processor_seconds"] = (
                    processor_seconds(emulator) - before
                ) / times

            timed("first_page", lambda: requests.get(main, timeout=120), times=1)
            timed("page", lambda: requests.get(main, timeout=120))
            timed("board", lambda: _got(barista, f"{main}barista"))
            timed("recent", lambda: _got(barista, f"{main}barista/recent"))
            timed("first_metrics", lambda: _got(admin, f"{main}metrics"), times=1)
            timed("metrics", lambda: _got(admin, f"{main}metrics"))
            timed(
                "sign_in",
                lambda: _sign_in(
                    requests.Session(), create_link(driver.services, "main", "barista")
                ),
            )
            order = driver.queued()

            def step() -> None:
                barista_steps.make_order(driver.services, order.id, driver.barista)
                barista_steps.release_order(driver.services, order.id, driver.barista)

            timed("two_steps", step)
            timed("whole_order", driver.lifecycle, times=20)
            figures["memory_mb"] = memory_mb(emulator)
            for _ in range(LIVE_ORDERS):
                driver.lifecycle()
            figures["live_memory_mb_per_1000"] = (
                (memory_mb(emulator) - figures["memory_mb"]) / LIVE_ORDERS * 1000
            )
    return figures


@contextmanager
def _running(data: Path) -> Iterator[LocalStack]:
    from scripts.breaking.crew import Crew
    from scripts.local.stack import LocalStack

    with LocalStack(data=data, shop_capacity=1000, scans_per_code=100_000) as stack:
        os.environ.update(stack.environment)
        # A new start of the same bar has new keys.
        Crew.take_keys(stack.environment)
        yield stack


def _sign_in(session: requests.Session, link: str) -> None:
    page = session.get(link, timeout=120)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    session.post(link, {"csrf_token": token}, timeout=120).raise_for_status()


def _got(session: requests.Session, url: str) -> None:
    session.get(url, timeout=120).raise_for_status()


def processor_seconds(pid: int) -> float:
    """Returns the processor seconds that a process has used so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except FileNotFoundError:
        minutes, seconds = _ps(pid, "time").split(":")[-2:]
        return int(minutes) * 60 + float(seconds)


def memory_mb(pid: int) -> float:
    """Returns how many megabytes of memory a process holds."""
    return int(_ps(pid, "rss")) / 1024


def _ps(pid: int, what: str) -> str:
    command = ["ps", "-o", f"{what}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
