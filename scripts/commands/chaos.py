"""Kills a bar of its own repeatedly while robots use it, and reports what the bar lost."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NoReturn

from tqdm import tqdm

from scripts import options
from scripts.breaking.bar_process import BarProcess

if TYPE_CHECKING:
    from scripts.breaking.crew import Crew
    from scripts.breaking.equations import Found
    from scripts.breaking.memory import Memory

CALM_SECONDS = (1.0, 4.0)
"""The shortest and longest pause between the bar's recovery and the next kill."""
SETTLE_SECONDS = 180
SHOWN = 12


@dataclass
class Kills:
    """What is counted for one part of the bar.

    count: how often it was killed. acknowledged: how many requests the bar acknowledged meanwhile.
    longest_seconds: the longest time from a kill to the bar's recovery.
    """

    count: int = 0
    acknowledged: int = 0
    longest_seconds: float = 0


def main() -> NoReturn:
    chosen = options.parse_chaos(sys.argv[1:])
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    bar = BarProcess(folder / "bar")
    bar.start()
    os.environ.update(bar.environment)
    try:
        table, memory, found = run(chosen, bar)
    finally:
        code = bar.stop()
        if chosen.keep:
            print(f"The bar's folder is {bar.folder}.", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if code:
        found.lost.append(f"scripts/serve ended with exit code {code}")
    show(chosen, table, memory, found)
    sys.exit(1 if found or memory.faults else 0)


def run(chosen, bar: BarProcess) -> tuple[dict[str, Kills], Memory, Found]:
    """Kills the parts of the bar in turn, and then waits until the bar has settled."""
    # These imports come late, because the tables' models keep the first endpoint that they use.
    from scripts.breaking.crew import Crew
    from scripts.breaking.memory import Memory

    dice, memory = Random(chosen.seed), Memory()
    crew = Crew(bar.base_url, memory, dice, chosen.phones, chosen.baristas)
    crew.start()
    table: dict[str, Kills] = defaultdict(Kills)
    parts = chosen.only or options.KILLED
    try:
        for turn in tqdm(range(chosen.kills), unit="kill", disable=None):
            part = parts[turn % len(parts)]
            before = memory.acknowledged.total()
            time.sleep(dice.uniform(*CALM_SECONDS))
            started = time.monotonic()
            bar.kill(part)
            if part in ("launcher", "all"):
                bar.start()
                crew.take_keys(bar.environment)
            else:
                bar.wait_until_well()
            row = table[part]
            row.count += 1
            row.acknowledged += memory.acknowledged.total() - before
            row.longest_seconds = max(row.longest_seconds, time.monotonic() - started)
        return dict(table), memory, settle(crew, memory)
    finally:
        crew.stop()


def settle(crew: Crew, memory: Memory) -> Found:
    """Waits until every customer inside is served and all consequences are carried out."""
    from scripts.breaking import equations
    from scripts.breaking.crew import NOT_DONE

    crew.no_more_customers()
    until = time.monotonic() + SETTLE_SECONDS
    found = None
    while time.monotonic() < until:
        try:
            is_quiet = not equations.open_orders()
            found = equations.check(crew.services, memory) if is_quiet else found
        except NOT_DONE:
            continue
        if is_quiet and not found.uneven:
            return found  # What is lost or doubled does not change, however long one waits.
        time.sleep(0.5)
    found = found or equations.check(crew.services, memory)
    for order in equations.open_orders():
        found.uneven.append(f"{order!r} is still open")
    return found


def show(chosen, table: dict[str, Kills], memory: Memory, found: Found) -> None:
    """Prints the table, or the same figures as one JSON object."""
    if chosen.json:
        print(
            json.dumps(
                {
                    "killed": {part: asdict(row) for part, row in table.items()},
                    "acknowledged": dict(memory.acknowledged),
                    "orders": len(memory.orders),
                    "lost": found.lost,
                    "twice": found.twice,
                    "uneven": found.uneven,
                    "faults": memory.faults,
                }
            )
        )
        return
    print(f"\n{'killed':<10}{'times':>6}{'acknowledged':>14}{'well again within':>19}")
    for part, row in table.items():
        print(f"{part:<10}{row.count:>6}{row.acknowledged:>14}{row.longest_seconds:>17.1f} s")
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(memory.acknowledged.items()))
    print(f"\n{memory.acknowledged.total()} acknowledged: {told}")
    print(f"{len(memory.orders)} orders")
    for title, entries in (
        ("lost", found.lost),
        ("twice", found.twice),
        ("do not add up", found.uneven),
        ("wrong answers", memory.faults),
    ):
        print(f"{len(entries)} {title}")
        for entry in entries[:SHOWN]:
            print(f"    {entry}")


if __name__ == "__main__":
    main()
