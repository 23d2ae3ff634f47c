"""What is wrong with a running bar is said once, and once when it is over."""

from __future__ import annotations

import errno
import json
import re
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scripts.commands.serve import Rounds
from scripts.environment import ROOT
from scripts.local import folder, troubles
from scripts.local.bar_clock import ClockKeeper
from scripts.local.certificate import warnings_about
from scripts.local.stack import LocalStack
from scripts.local.troubles import ClockWatch, Once, Watch, at_the_start, place_of, troubles_of
from scripts.machine import StackError, Unfailing, plain_environment
from scripts.own_certificate import make_certificate

KEPT = {
    "kept": True,
    "trouble": None,
    "unkept_seconds": 0.0,
    "outbox_lag_seconds": 0.0,
    "missing": None,
}
UNKEPT = KEPT | {
    "kept": False,
    "trouble": "The journal cannot be written (No space left on device)",
}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A bar's folder, on a disk with room."""
    _leave_room(monkeypatch, 10**12)
    place = tmp_path / "bar"
    folder.free_again(folder.claim(place))
    return place


def _leave_room(monkeypatch, free: int) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, free))


def _fail_to_write(monkeypatch, number: int) -> None:
    def refuse(data):
        raise OSError(number, "as the system says")

    monkeypatch.setattr(troubles, "write_probe", refuse)


class Bar:
    """A stack that looks at a real folder, with an emulator that says what it is told to say."""

    def __init__(self, data):
        self.data, self.place, self.status = data, place_of(data), KEPT
        self.missing = ""
        self.clock = ClockKeeper(data / "clock.json", boot="this one")
        self.said: list[str] = []
        self.rounds = Rounds(self, self.said.append)

    def troubles(self):
        return troubles_of(self.data, self.place, self.status)

    def look(self) -> list[str]:
        """What is said at the next look."""
        self.said.clear()
        self.rounds.look_for_troubles()
        return list(self.said)


@pytest.fixture
def bar(data):
    return Bar(data)


def test_a_bar_that_is_well_says_nothing(bar):
    assert bar.look() == bar.look() == []
    assert sorted(one.name for one in bar.data.iterdir()) == ["bar.json", "clock.json", "lock"]


@pytest.mark.parametrize(
    "number, said",
    [
        (errno.ENOSPC, "is full: nothing that happens now is kept. Free some space on it."),
        (errno.EDQUOT, "is full: nothing that happens now is kept. Free some space on it."),
        (errno.EROFS, "can only be read: nothing that happens now is kept. Make it writable."),
        (errno.EACCES, "nothing that happens now is kept. Change its rights."),
        (errno.EIO, "cannot be written to (as the system says): nothing"),
    ],
    ids=["full", "quota", "read-only", "rights", "broken"],
)
def test_a_folder_that_cannot_be_written_is_said_once_and_once_when_it_can(
    bar, monkeypatch, number, said
):
    with monkeypatch.context() as patches:
        _fail_to_write(patches, number)
        [line] = bar.look()
        assert said in line
        assert bar.look() == []
    assert bar.look() == ["Everything is kept again."]
    assert bar.look() == []


def test_a_folder_that_is_gone_or_another_one_is_said(bar):
    away = bar.data.with_name("away")
    bar.data.rename(away)
    [line] = bar.look()
    assert "is gone: nothing that happens now is kept" in line
    bar.data.mkdir()
    [line] = bar.look()
    assert "is another than at the start" in line
    shutil.rmtree(bar.data)
    away.rename(bar.data)
    assert bar.look() == ["Everything is kept again."]


def test_a_log_on_a_disk_that_can_only_be_read_is_not_said_beside_it(bar, monkeypatch):
    with monkeypatch.context() as patches:
        _fail_to_write(patches, errno.EROFS)
        patches.setattr(troubles, "logs_not_written", lambda data: "The log cannot be written to.")
        [line] = bar.look()
        assert "can only be read" in line
    assert bar.look() == ["Everything is kept again."]
    with monkeypatch.context() as patches:
        patches.setattr(troubles, "logs_not_written", lambda data: "The log cannot be written to.")
        assert bar.look() == ["The log cannot be written to."]
    assert bar.look() == ["The logs can be written again."]


def test_what_the_emulator_cannot_keep_is_said_in_its_words(bar):
    bar.status = UNKEPT
    [line] = bar.look()
    assert line.startswith("The journal cannot be written (No space left on device): nothing that")
    bar.status = KEPT
    assert bar.look() == ["Everything is kept again."]


def test_a_disk_is_said_to_fill_up_while_there_is_room_and_that_it_is_full_after_it(
    bar, monkeypatch
):
    _leave_room(monkeypatch, 150_000_000)
    [line] = bar.look()
    assert line.startswith("Only 150 MB are left")
    _leave_room(monkeypatch, 149_000_000)
    assert bar.look() == []
    with monkeypatch.context() as patches:
        _leave_room(patches, 0)
        _fail_to_write(patches, errno.ENOSPC)
        [line] = bar.look()
        assert "is full: nothing" in line
    assert bar.look() == ["Everything is kept again."]
    _leave_room(monkeypatch, 10**10)
    assert bar.look() == ["There is room on the disk again."]


def test_a_full_disk_is_one_line_not_two(bar, monkeypatch):
    _leave_room(monkeypatch, 0)
    _fail_to_write(monkeypatch, errno.ENOSPC)
    assert len(bar.look()) == 1


def test_a_log_that_nobody_can_write_to_is_said(bar):
    (bar.data / "web.log").mkdir()
    [line] = bar.look()
    assert "web.log cannot be written to" in line
    (bar.data / "web.log").rmdir()
    assert bar.look() == ["The logs can be written again."]


def test_screens_that_lag_behind_are_said(bar):
    bar.status = KEPT | {"outbox_lag_seconds": 44.4}
    [line] = bar.look()
    assert "lag 44 seconds behind" in line
    bar.status = KEPT | {"outbox_lag_seconds": 58}
    assert bar.look() == []
    bar.status = KEPT
    assert bar.look() == ["The screens have caught up."]


def test_what_a_damaged_store_lost_is_said_once(bar):
    bar.missing = "The database was damaged; what was done from 10:02 to 10:04 is missing."
    assert bar.look() == [bar.missing]
    assert bar.look() == []


@pytest.mark.parametrize(
    "status", [None, {}, {"kept": None, "outbox_lag_seconds": "soon"}], ids=repr
)
def test_a_status_that_says_nothing_is_no_trouble_of_the_folder(bar, status):
    bar.status = status
    assert bar.look() == []


def test_what_was_set_aside_is_said_when_it_becomes_more(bar):
    counts = [0, None, 2, 2, 1, None, 2]
    bar.dead_letters = lambda: counts.pop(0)
    for _ in range(7):
        bar.rounds.count_dead_letters()
    assert [line.partition(":")[2].partition("(")[0].strip() for line in bar.said] == ["2", "2"]


def test_a_process_that_does_not_come_back_is_said_once(bar):
    outcomes = [
        StackError("The web process stopped at once: port 1 of 9. More is at the end of web.log."),
        StackError("The web process stopped at once: port 2 of 9. More is at the end of web.log."),
        OSError(errno.EAGAIN, "Resource temporarily unavailable"),
        ["The web process"],
        [],
    ]

    def revive():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    bar.revive = revive
    for _ in range(5):
        bar.rounds.keep_alive()
    assert [line.partition(":")[0] for line in bar.said] == [
        "The web process stopped at once",
        "[Errno 11] Resource temporarily unavailable Trying again until it works.",
        "The web process had stopped; it runs again.",
    ]


@pytest.mark.parametrize(
    "seconds, said",
    [
        (-3600, "set back by 60 minutes"),
        (-10, "set back by 10 seconds"),
        (10, "set forward by 10 seconds"),
        (7200, "set forward by 2.0 hours"),
        (0.5, None),
        (-2, None),
    ],
)
def test_a_clock_that_was_set_is_said_once_and_one_that_is_slewed_is_not(seconds, said):
    now = [1000.0, 50.0]
    clock = ClockWatch(Path("clock.json"), lambda: now[0], lambda: now[1])
    now[0], now[1] = now[0] + 60, now[1] + 60
    assert clock.step() is None
    now[0] += seconds
    line = clock.step()
    assert said in line if said else line is None
    assert clock.step() is None


@pytest.mark.parametrize(
    "ahead, wall, said",
    [
        (0, 1.8e9, None),
        (30, 1.8e9, None),
        (3600, 1.8e9, "is 60 minutes ahead of this machine's clock.*follows within 10.0 hours"),
        (-7200, 1.8e9, "is 2.0 hours behind this machine's clock.*delete clock.json"),
        (0, 0, "says 1970-01-01, which cannot be. Set it"),
    ],
)
def test_a_clock_that_was_set_between_two_starts_is_said(ahead, wall, said):
    lines = at_the_start(ahead, Path("clock.json"), wall)
    assert [bool(re.search(said, line)) for line in lines] == [True] if said else lines == []


def test_a_terminal_that_is_gone_ends_nothing():
    code = (
        "import sys\nfrom scripts.commands.serve import say\n"
        "from scripts.machine import Unfailing\n"
        "sys.stdout = Unfailing(sys.stdout)\nsay('one')\nsay('two')\nsys.exit(3)"
    )
    with open("/dev/full", "w") as full:
        assert subprocess.run([sys.executable, "-c", code], stdout=full).returncode == 3
    assert Unfailing(sys.stdout).encoding == sys.stdout.encoding


def test_a_log_on_a_full_disk_fails_nothing_that_the_bar_runs(tmp_path):
    (tmp_path / "saying.py").write_text(
        "import logging, sys\nprint('one', file=sys.stderr, flush=True)\nprint('two', flush=True)\n"
        "logging.warning('three')\nsys.exit(3)"
    )
    with open("/dev/full", "w") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.local.guarded", "saying"],
            stdout=full,
            stderr=full,
            stdin=subprocess.PIPE,
            env=plain_environment() | {"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        )
    with process:
        assert process.wait(30) == 3


def test_once_says_each_line_once():
    said = []
    once = Once(said.append)
    for line in ("a", "a", None, "", "a", "b"):
        once.hear(line)
    assert said == ["a", "b"]


def test_a_watch_takes_another_figure_for_the_same_trouble():
    said = []
    watch = Watch(said.append)
    watch.hear({"room": "Only 12 MB"})
    watch.hear({"room": "Only 9 MB"})
    watch.hear({"room": "None"})
    assert said == ["Only 12 MB", "None"]


# What is said at the end


class Emulator(threading.Thread):
    """Answers the question how it is with what it is told to answer."""

    def __init__(self, answers):
        super().__init__(daemon=True)
        emulator = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer = emulator.answers.pop(0) if len(emulator.answers) > 1 else answers[0]
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        self.answers = answers
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def run(self):
        self.server.serve_forever(poll_interval=0.01)


_WELL = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); print(1, flush=1)"
_SILENT = _WELL.replace("sys.exit(0)", "sys.exit(1)")
_FAILS = _WELL.replace("sys.exit(0)", "sys.exit('The state could not be saved.')")


@pytest.mark.parametrize(
    "program, answers, unkept",
    [
        (_WELL, [KEPT], ""),
        (_WELL, [UNKEPT, KEPT], ""),
        (_WELL, [UNKEPT], UNKEPT["trouble"]),
        (_FAILS, [KEPT], "The state could not be saved"),
        (_SILENT, [UNKEPT], UNKEPT["trouble"]),
        (_SILENT, [KEPT], "the AWS emulator ended with code 1"),
        (_WELL, [[]], "the AWS emulator does not answer"),
        ("print(1, flush=1); raise SystemExit(1)", [KEPT], "the AWS emulator had ended by itself"),
    ],
    ids=[
        "kept",
        "kept at last",
        "not kept",
        "ends badly",
        "log not written",
        "ends badly without a word",
        "says nothing",
        "was dead",
    ],
)
def test_everything_is_kept_only_when_the_emulator_said_so_and_ended_well(
    data, monkeypatch, program, answers, unkept
):
    said = Emulator(list(answers))
    said.start()
    ticks = iter(range(1000))
    monkeypatch.setattr("scripts.local.stack.time.monotonic", lambda: next(ticks))
    stack = LocalStack(data)
    stack.endpoint_url = said.url
    stack._lock = folder.claim(data)
    code = program if "SystemExit" in program else program + "; time.sleep(60)"
    with open(data / "emulator.log", "wb") as log:
        stack._emulator = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=log
        )
    stack._emulator.stdout.readline()
    if "SystemExit" in program:
        stack._emulator.wait()
    stack.stop()
    said.server.shutdown()
    said.server.server_close()
    assert stack.unkept == unkept
    assert bool((data / "lock").read_text()) == bool(unkept)


# The certificate


def test_a_certificate_for_another_name_or_time_is_said(tmp_path):
    file, _ = make_certificate(tmp_path)
    now = datetime.now(UTC)
    assert len(warnings_about(file, "127.0.0.1", now)) == 1  # It is good for a day.
    today, wrong = warnings_about(file, "bar.example.com", now)
    assert "Renew it before" in today and "is for 127.0.0.1, not for bar.example.com" in wrong
    [ended] = warnings_about(file, "127.0.0.1", now + timedelta(days=2))
    assert "ended on" in ended and "phones refuse it" in ended
    [early] = warnings_about(file, "127.0.0.1", now - timedelta(hours=1))
    assert "Is this machine's clock right?" in early
    assert warnings_about(tmp_path / "none", "x", now) == []
