"""The watch over the test run finds what it is there for; tests/conftest.py runs it."""

from __future__ import annotations

import gzip
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask, session
from werkzeug.test import Client

from tests.canaries import (
    CANARIES,
    ONE_TIME_CODE,
    PHONE_NUMBER,
    TASK_TOKEN,
    Canaries,
    LogCanary,
    Place,
)

TOKEN = "AQCEAAAAKgAAAAMA/AAAAAcDeFg1h2i3J4k5L6m7N8o9P0qRs/TuVwXyZ=="


@pytest.fixture
def canaries():
    return Canaries()


@pytest.mark.parametrize("kind", ["body", "header", "log", "topic", "event"])
def test_a_task_token_is_found_wherever_it_turns_up(canaries, kind):
    canaries.saw(kind, "somewhere", f'<p data-x="{TOKEN}">')
    canaries.guard(TASK_TOKEN, TOKEN)
    [leak] = canaries.leaks()
    assert leak.startswith(f"a task token in {kind} somewhere (tests/conventions/test_canaries.py")


def test_a_secret_inside_a_longer_word_is_found_too(canaries):
    canaries.guard(TASK_TOKEN, "task-token-that-nobody-may-see")
    canaries.saw("topic", "a/b", "x_task-token-that-nobody-may-see-2")
    assert len(canaries.leaks()) == 1


def test_what_is_nowhere_is_no_leak(canaries):
    canaries.guard(TASK_TOKEN, TOKEN)
    canaries.saw("body", "GET /", "<p>Latte</p>")
    assert canaries.leaks() == []


@pytest.mark.parametrize(
    "secret, text, forbidden, allowed",
    [
        (PHONE_NUMBER, "4915123456789", "log", "POST /main/phone"),
        (ONE_TIME_CODE, "048213", "log", "GET /developer/texts/key"),
        (ONE_TIME_CODE, "048213", "event", "GET /developer/texts/key"),
    ],
)
def test_numbers_and_codes_are_found_where_they_may_not_be(
    canaries, secret, text, forbidden, allowed
):
    canaries.guard(secret, text)
    canaries.saw("body", allowed, f"it is {text}.")
    canaries.saw(forbidden, "somewhere", "1715938048213")
    assert canaries.leaks() == []
    canaries.saw(forbidden, "somewhere", f"sent +{text} to you")
    canaries.saw(forbidden, "somewhere", f"sent {text} to you")
    assert canaries.leaks() != []


def test_the_secrets_of_sessions_codes_and_links_are_learnt_from_the_answers(canaries):
    app = Flask(__name__)
    app.secret_key = "any"
    staff, customer, proof = "s" * 32, "c" * 32, "p" * 22

    @app.get("/main/display")
    def display():
        session["customer"] = customer
        return f"/main/scan/1f-2-{proof}", {"Set-Cookie": f"staff={staff}; Path=/"}

    @app.get("/main/barista")
    def leaking():
        return gzip.compress(f"{staff} {customer} {proof}".encode()), {"Content-Encoding": "gzip"}

    def ask(path: str) -> None:
        # By a client that the watch over this run does not see.
        answer = Client(app).get(path)
        canaries.saw_answer("GET", path, list(answer.headers), answer.get_data())

    ask("/main/display")
    assert canaries.leaks() == []
    ask("/main/barista")
    assert sorted(leak.partition(" (")[0] for leak in canaries.leaks()) == [
        "a QR code's proof in body GET /main/barista",
        "a session's secret in body GET /main/barista",
        "a session's secret in body GET /main/barista",
    ]


def test_a_live_grant_is_for_its_own_page_and_live_address_only(canaries):
    grant = f"wss://iot/mqtt?X-Amz-Signature={'0a' * 32}&amp;X-Amz-Security-Token=t".encode()
    for path in ("/main/barista/live", f"/main/orders/{'1f' * 16}"):
        canaries.saw_answer("GET", path, [], grant)
    assert canaries.leaks() == []
    canaries.saw_answer("GET", f"/main/orders/{'1f' * 16}/panel", [], grant)
    [leak] = canaries.leaks()
    assert leak.startswith("a live grant's signature in body GET /main/orders/")


def test_the_clients_of_this_run_are_watched():
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "watched-over")
    app.test_client().get("/")
    assert Place("body", "GET /") in CANARIES.seen[b"watched-over"]


def test_a_password_that_was_typed_is_shown_to_nobody_but_the_admin_who_made_it(canaries):
    canaries.guard_form({"password": "Kx7d-Pq2m-Zz9a", "again": "x", "email": "Kim1Example2Org3"})
    canaries.saw("body", "POST /main/admin/people", "<b>Kx7d-Pq2m-Zz9a</b> Kim1Example2Org3")
    assert canaries.leaks() == []
    canaries.saw("body", "POST /main/staff", '<input value="Kx7d-Pq2m-Zz9a">')
    assert len(canaries.leaks()) == 1


def test_the_log_is_read_as_the_product_writes_it(canaries):
    canaries.guard(TASK_TOKEN, "short-token")
    record = logging.LogRecord("webapp.x", logging.INFO, "", 0, "with short-token", (), None)
    LogCanary(canaries).handle(record)
    assert len(canaries.leaks()) == 1


def test_a_fragment_that_acts_is_found_unless_a_test_published_it_on_purpose(canaries):
    canaries.pardoned.add("<script>1</script>")
    for html in ("<p>Latte</p>", "<script>1</script>"):
        canaries.saw_fragment("a/b", html)
    assert canaries.leaks() == []
    canaries.saw_fragment("a/b", "<button>x</button>")
    assert canaries.leaks()[0].startswith("in a fragment pushed to a/b: <button>")


def test_a_leak_fails_the_run(tmp_path):
    """In a run of its own, with this project's conftest."""
    (tmp_path / "test_leaking.py").write_text(
        "from tests.canaries import CANARIES\n"
        "from tests.builders import TOKEN\n"
        "def test_that_passes():\n"
        "    CANARIES.saw('body', 'GET /', TOKEN)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.conftest",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            "--rootdir",
            tmp_path,
            tmp_path,
        ],
        cwd=root,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert "1 passed" in done.stdout
    assert "LEAK: a task token in body GET /" in done.stdout
    assert done.returncode == 1
