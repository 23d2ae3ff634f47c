"""scripts/print-labels goes on where it can and says in one line why where it cannot."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.environment import ROOT

PRINT_LABELS = ROOT / "scripts" / "print-labels"


@pytest.fixture
def bar():
    """A bar with one ticket; `status` is what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            ticket = {"id": "ticket-1", "title": "7 Latte"}
            body = (
                b"%PDF-" if "ticket" in self.path else json.dumps({"printouts": [ticket]}).encode()
            )
            self.answer(body)

        def do_PUT(self):
            self.server.ticked.append(self.path)
            self.answer(b"{}")

        def answer(self, body):
            self.send_response(self.server.status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status, server.ticked = 200, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _print(bar, tmp_path, lp: str | None) -> subprocess.CompletedProcess:
    (tmp_path / "token").write_text("bar_token\n")
    if lp is not None:
        (tmp_path / "lp").write_text(f"#!/bin/sh\n{lp}\n")
        (tmp_path / "lp").chmod(0o755)
    address = f"http://127.0.0.1:{bar.server_port}/main"
    return subprocess.run(
        [sys.executable, PRINT_LABELS, address, "--token-file", tmp_path / "token", "--once"],
        env={"PATH": f"{tmp_path}", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
    )


def test_what_the_printer_took_is_ticked_off(bar, tmp_path):
    done = _print(bar, tmp_path, "while read -r line; do :; done")
    assert (done.returncode, done.stdout) == (0, "printed 7 Latte\n")
    assert bar.ticked == ["/main/api/printouts/labels/ticket-1"]


def test_what_the_printer_did_not_take_waits_on(bar, tmp_path):
    done = _print(bar, tmp_path, "echo lp: no such printer >&2; exit 1")
    assert done.returncode == 1 and bar.ticked == []
    assert done.stderr == "The printer did not take it (lp: no such printer).\n"


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "does not know this token"),
        (403, "may not print"),
        (404, "--extension"),
        (500, "answered 500"),
    ],
)
def test_what_the_bar_refuses_is_said_in_one_line(bar, tmp_path, status, says):
    bar.status = status
    done = _print(bar, tmp_path, "exit 0")
    assert done.returncode == 1 and says in done.stderr and done.stderr.count("\n") == 1


def test_without_cups_it_says_what_to_install(bar, tmp_path):
    done = _print(bar, tmp_path, None)
    assert done.returncode == 1 and "apt-get install cups" in done.stderr


def test_a_bar_that_is_away_is_said_in_one_line(bar, tmp_path):
    bar.shutdown()
    bar.server_close()
    done = _print(bar, tmp_path, "exit 0")
    assert done.returncode == 1 and "cannot be reached" in done.stderr
