"""The function's entry on this machine: for the emulator, and for nobody else."""

from __future__ import annotations

import io
import json

import pytest

from webapp import local

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
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "HTTP_HOST": "127.0.0.1:4000",
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **environ,
    }
    b"".join(entry(environ, lambda status, _headers: told.append(status)))
    return told[0]


def test_an_event_of_the_emulators_runs_the_function(entry, ran):
    assert _post(entry, {"consumer": "every-minute"}) == "200 OK"
    assert ran == [{"consumer": "every-minute"}]


@pytest.mark.parametrize(
    "odd",
    [
        {"path": "/"}, {"path": f"/{SECRET}/"}, {"path": "/" + SECRET[:-1]}, {"path": "/ä"},
        {"HTTP_ORIGIN": "http://evil.example"}, {"HTTP_ORIGIN": "null"},
        {"HTTP_HOST": "evil.example"}, {"HTTP_HOST": ""},
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


@pytest.mark.parametrize(("limit", "of_each", "most"), [(65_536, 3, 2000), (1024, 1, 768), (1024, 3, 256)])
def test_a_server_holds_no_more_than_its_descriptors_allow(monkeypatch, limit, of_each, most):
    monkeypatch.setattr(local.resource, "getrlimit", lambda _: (limit, limit))
    assert local._most_connections(of_each) == most
