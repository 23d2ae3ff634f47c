"""Robots take a small day through the pages; the day is recorded and played again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from scripts.environment import ROOT
from scripts.machine import plain_environment

CUSTOMERS = 6


def _start(stack, command: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", f"scripts.commands.{command}", *arguments],
        cwd=ROOT,
        env=plain_environment() | stack.environment | {"PATH": os.environ["PATH"]},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _run(stack, command: str, *arguments: str) -> str:
    process = _start(stack, command, *arguments)
    words, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    return words


@pytest.fixture(scope="module")
def day(stack, tmp_path_factory) -> list[dict]:
    """What was recorded of the robots' day, and of whatever else the bar had seen before."""
    pace = ("--speed", "100", "--cancel", "0")
    baristas = _start(stack, "robots", "baristas", "--count", "2", *pace)
    try:
        words = _run(stack, "robots", "customers", "--count", str(CUSTOMERS), *pace)
    finally:
        baristas.terminate()
    made, complaints = baristas.communicate(timeout=60)
    assert f"{CUSTOMERS}  Served" in words
    assert "Made" in made and baristas.returncode == 0, complaints
    file = tmp_path_factory.mktemp("recording") / "day.json"
    today = datetime.now(UTC).date().isoformat()
    assert "without persons" in _run(stack, "record", today, "--out", str(file))
    return json.loads(file.read_text())


def test_robots_order_and_make_through_the_pages_and_every_order_is_in_the_recording(day):
    served = [one for one in day if one["detail-type"] == "OrderManager.OrderCompleted"]
    assert len(served) >= CUSTOMERS
    assert [one["time"] for one in day] == sorted(one["time"] for one in day)


def test_a_recorded_day_plays_in_a_rehearsal_shop_and_strangers_are_counted(stack, day, tmp_path):
    file = tmp_path / "played.json"
    stranger = {"detail-type": "OrderRobot.FulfillOrder", "time": day[0]["time"], "detail": {}}
    file.write_text(json.dumps([stranger, *day]))
    words = _run(stack, "replay", str(file), "--speed", "60")
    assert "1  left out: OrderRobot.FulfillOrder is not known here" in words
    assert f"{len(day)} events" in words


def test_a_live_shop_is_never_played_into(stack, day, tmp_path):
    file = tmp_path / "played.json"
    file.write_text(json.dumps(day))
    process = _start(stack, "replay", str(file), "--shop", "main")
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is a live shop" in complaints
