"""Measures a cold start beside the least time that Flask and four AWS clients need.

Zappa's own command line makes the zip, which is unpacked as Lambda would do it. Each run is a new
process and alternates with the bare imports, so that a busy machine slows both.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.function.artefact import handler, make_zip, unpack

FIRST_PAGE = Path(__file__).with_name("first_page.py")
ROUNDS = 11
CLIENTS = ("tables", "events", "step_functions", "iot_data")
PAGE = "/no/such/page"
"""A whole page in the bar's layout that needs nothing from AWS."""
BARE = """
import time
started = time.perf_counter()
import boto3, flask
session = boto3.Session(region_name="us-east-1")
for name in ("dynamodb", "events", "stepfunctions", "iot-data"):
    session.client(name)
print((time.perf_counter() - started) * 1000)
"""


def cold_start(environment: Mapping[str, str]) -> dict[str, float]:
    """Returns medians in milliseconds, and their ratios to the bare imports.

    environment: the function's environment, for a bar that runs.

    first_page is a page that needs nothing from AWS. all_clients also makes four AWS clients.
    phone_page is the phone's start page with its table reads.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = make_zip(Path(folder))
        task, runtime = unpack(archive, Path(folder))
        variables = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"}
        variables["PYTHONPATH"] = f"{task}:{runtime}"
        commands = {
            "bare": ["-c", BARE],
            "first_page": [FIRST_PAGE, handler(), PAGE],
            "all_clients": [FIRST_PAGE, handler(), PAGE, *CLIENTS],
            "phone_page": [FIRST_PAGE, handler(), "/main/"],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(ROUNDS + 1):
            for name, command in commands.items():
                milliseconds = _run(command, task, variables)
                if number:  # The first round only fills the disk cache.
                    taken[name].append(milliseconds)
        medians = {name: statistics.median(times) for name, times in taken.items()}
        figures = {f"{name}_ms": round(value, 1) for name, value in medians.items()}
        for name in ("first_page", "all_clients", "phone_page"):
            figures[f"{name}_ratio"] = round(medians[name] / medians["bare"], 2)
        return figures | {"zip_bytes": archive.stat().st_size}


def _run(command: list, task: Path, environment: Mapping[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-S", *map(str, command)],
        cwd=task,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    if isinstance(answer, float):
        return answer
    if answer["status"] not in (200, 404):
        raise RuntimeError(f"The page answered {answer['status']}.")
    return answer["wall_ms"]
