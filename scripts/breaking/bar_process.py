"""Runs a bar with scripts/serve, as a team does, and can kill its processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.environment import ROOT, running_stack
from scripts.machine import answers, free_port, plain_environment

START_SECONDS = 120
ENDING_SECONDS = 30
MODULES = {"emulator": "scripts.local.emulator", "web": "webapp.local"}
SETTINGS = {
    "CHOOSE_SECONDS": "10",
    "MAKE_SECONDS": "40",
    "SCANS_PER_CODE": "100000",
    "SHOP_CAPACITY": "1000",
}
"""Short deadlines, so that abandoned orders end soon after the last kill."""


class BarProcess:
    """scripts/serve on a folder, and the two processes that it has started."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._launcher: subprocess.Popen | None = None
        self._log = open(folder.parent / f"{folder.name}.terminal.log", "ab")

    def start(self) -> None:
        """Starts the bar, also after the launcher was killed, and waits until it is healthy."""
        self._launcher = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "scripts.commands.serve",
                "--port",
                str(self.port),
                "--data",
                str(self.folder),
            ],
            env=plain_environment() | SETTINGS | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self.wait_until_well()

    @property
    def environment(self) -> dict[str, str]:
        """The environment with which use cases reach the bar's tables."""
        return running_stack(self.folder) or {}

    def wait_until_well(self) -> float:
        """Waits until /healthz says ok; returns how many seconds that took. Raises SystemExit."""
        started = time.monotonic()
        while time.monotonic() < started + START_SECONDS:
            if self._launcher.poll() is not None:
                sys.exit(f"scripts/serve has ended by itself. {self._last_words()}")
            if answers(f"{self.base_url}/healthz") and self.environment:
                return time.monotonic() - started
            time.sleep(0.05)
        sys.exit(f"The bar is not well {START_SECONDS} s after a kill. {self._last_words()}")

    def kill(self, what: str) -> None:
        """Kills a process, or all at the same moment, as a crash would.

        The launcher restarts the processes that it has lost. After killing the launcher, call
        `start`.
        """
        children = self._children()
        pids = {
            "emulator": [children.get("emulator")],
            "web": [children.get("web")],
            "launcher": [self._launcher.pid],
            "all": [self._launcher.pid, *children.values()],
        }[what]
        for pid in filter(None, pids):
            _kill(pid)
        if what in ("launcher", "all"):
            self._launcher.wait()
            for pid in children.values():
                _wait_until_gone(pid)  # The processes end in order when their parent is gone.

    def stop(self) -> int:
        """Stops the bar in the ordinary way; returns its exit code."""
        self._launcher.send_signal(signal.SIGINT)
        try:
            return self._launcher.wait(60)
        finally:
            for pid in self._children().values():
                _kill(pid)
            self._log.close()

    def _children(self) -> dict[str, int]:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        found = {}
        for line in listed.stdout.splitlines():
            pid, parent, command = line.split(None, 2)
            if int(parent) == self._launcher.pid:
                found |= {name: int(pid) for name, module in MODULES.items() if module in command}
        return found

    def _last_words(self) -> str:
        lines = Path(self._log.name).read_text(errors="replace").strip().splitlines()
        return f"Its last words: {lines[-1] if lines else 'none'}"


def _wait_until_gone(pid: int) -> None:
    until = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # The process had already ended.
        os.kill(pid, signal.SIGKILL)
