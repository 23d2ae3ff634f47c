"""The function's entry on this machine: for the emulator, and for nobody else."""

from __future__ import annotations

import http.client
import io
import json
import threading
from contextlib import ExitStack

import pytest

from webapp import local
from webapp.own_names import Here
from webapp.roomy_server import RoomyServer

SECRET = "known-to-the-emulator-alone"


@pytest.fixture
def ran(monkeypatch):
    """What the function was called with."""
    events = []
    monkeypatch.setattr(local.registry, "run", lambda _services, event: events.append(event))
    return events


@pytest.fixture
def entry(ran, app):
    return local.FunctionEntry(app, SECRET)


def _post(entry, event: object, path: str = f"/{SECRET}", **environ) -> str:
    body = json.dumps(event).encode()
    told = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "HTTP_HOST": "127.0.0.1:4000",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    b"".join(entry(environ, lambda status, _headers: told.append(status)))
    return told[0]


def test_an_event_of_the_emulators_runs_the_function(entry, ran):
    assert _post(entry, {"consumer": "every-minute"}) == "200 OK"
    assert ran == [{"consumer": "every-minute"}]


@pytest.mark.parametrize(
    "odd",
    [
        {"path": "/"},
        {"path": f"/{SECRET}/"},
        {"path": "/" + SECRET[:-1]},
        {"path": "/ä"},
        {"HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": ""},
    ],
    ids=str,
)
def test_whoever_does_not_know_the_secret_or_is_a_page_runs_nothing(entry, ran, odd):
    assert _post(entry, {"consumer": "every-minute"}, **odd) == "404 Not Found"
    assert ran == []


def test_only_the_clock_says_that_the_sweep_was_called(entry, ran, monkeypatch):
    began = entry.swept_at
    _post(entry, {"consumer": "events", "event": {}})
    assert entry.swept_at == began
    _post(entry, {"consumer": "every-minute"})
    assert entry.swept_at > began


def test_a_function_that_fails_is_called_again(entry, monkeypatch):
    def fail(_services, _event):
        raise ValueError

    monkeypatch.setattr(local.registry, "run", fail)
    assert _post(entry, {"consumer": "every-minute"}) == "500 Failed"


def test_a_call_that_hangs_is_found_and_whoever_is_called_again_and_again_is_not(
    entry, monkeypatch
):
    begun, over = threading.Event(), threading.Event()
    looks = []

    def run(_services, event):
        if event == "hangs":
            begun.set()
            over.wait(20)

    monkeypatch.setattr(local.registry, "run", run)

    def look(_seconds):
        _post(entry, "ends")
        looks.append(1)
        if len(looks) == 100:
            hanging.start()
            begun.wait(20)

    hanging = threading.Thread(target=_post, args=(entry, "hangs"))
    with pytest.raises(TimeoutError, match="does not end"):
        entry.watch(look)
    assert len(looks) == 100 + local._LOOKS_AT_A_CALL
    over.set()
    hanging.join()


@pytest.mark.parametrize(
    ("limit", "of_each", "most"), [(65_536, 3, 2000), (1024, 1, 768), (1024, 3, 256)]
)
def test_a_server_holds_no_more_than_its_descriptors_allow(monkeypatch, limit, of_each, most):
    monkeypatch.setattr(local.resource, "getrlimit", lambda _: (limit, limit))
    assert local._most_connections(of_each) == most


@pytest.fixture
def asked():
    """Asks a bar that was started so, over a connection from this machine: who it thinks it was."""
    with ExitStack() as running:

        def ask(behind_proxy: str, headers: dict[str, str], target: str = "/") -> str:
            def app(environ, start_response):
                start_response("200 OK", [])
                return [
                    f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}"
                    f" {environ['HTTP_HOST']}".encode()
                ]

            served = Here(app, is_local=True, is_behind_proxy=bool(behind_proxy))
            server = RoomyServer(
                served, host="127.0.0.1", port=0, threads=1, **local._believing(behind_proxy)
            )
            running.callback(server.close)
            threading.Thread(target=server.run, daemon=True).start()
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            client.request("GET", target, headers={"Host": "localhost", **headers})
            return client.getresponse().read().decode()

        yield ask


FORWARDED = {
    "X-Forwarded-For": "203.0.113.5",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "bar.example",
}


def test_a_proxy_that_the_bar_was_told_of_says_who_asks_and_no_other_does(asked):
    assert asked("127.0.0.1", FORWARDED) == "203.0.113.5 https bar.example"
    assert asked("192.0.2.1", FORWARDED) == "0.0.0.0 http localhost"
    assert asked("", FORWARDED) == "0.0.0.0 http localhost"
    assert asked("", {}) == "127.0.0.1 http localhost"
    # The proxy that asks for itself.
    assert asked("127.0.0.1", {}) == "0.0.0.0 http localhost"


def test_a_first_line_that_names_a_server_means_that_one(asked):
    assert asked("", {}, "http://evil.example/main") == "0.0.0.0 http evil.example"
