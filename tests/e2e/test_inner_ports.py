"""What listens on this machine for the bar's own parts alone, while the bar runs."""

from __future__ import annotations

import http.client

import pytest


def _status(port: int, method: str, path: str, **headers: str) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        client.request(method, path, b"{}", headers)
        return client.getresponse().status
    finally:
        client.close()


@pytest.mark.parametrize(
    ("port", "path", "headers"),
    [
        ("emulator", "/_ministack/reset", {"Origin": "http://evil.example"}),
        ("emulator", "/_ministack/config", {"Content-Type": "text/plain"}),
        ("emulator", "/prod/main/", {"Host": "abc.execute-api.localhost"}),
        ("emulator", "/_aws/execute-api/abc/prod/", {}),
        ("emulator", "/bucket/key", {}),
        ("events", "/", {}),
        ("events", "/guessed", {"Content-Type": "text/plain"}),
    ],
    ids=lambda one: str(one),
)
def test_nobody_but_the_bar_is_answered(stack, port, path, headers):
    refusal = {"emulator": 403, "events": 404}[port]
    assert _status(stack.internal_ports[port], "POST", path, **headers) == refusal


def test_the_bar_is_well_meanwhile(stack):
    assert _status(stack.port, "GET", "/healthz") == 200
    assert set(stack.internal_ports) == {"emulator", "events"}
