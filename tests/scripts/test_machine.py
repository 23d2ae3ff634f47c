"""The port of the bar: held by the launcher, and one line when it cannot be had."""

from __future__ import annotations

import socket

import pytest

from scripts.machine import StackError, listeners


def test_a_host_of_several_addresses_listens_on_one_port_of_all(monkeypatch):
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    opened = listeners("both", 0)
    addresses, ports = zip(*(one.getsockname() for one in opened), strict=True)
    assert addresses == ("127.0.0.1", "127.0.0.2")
    assert len(set(ports)) == 1 and ports[0]
    for one in opened:
        one.close()


def test_a_port_in_use_is_one_line_that_names_another():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} is in use. .* --port {port + 1}"):
            listeners("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("no such host", "is not an address; use --host 127.0.0.1"),
        ("192.0.2.1", "is not an address of this machine"),
    ],
)
def test_a_host_that_is_not_here_is_one_line(host, said):
    with pytest.raises(StackError, match=said):
        listeners(host, 0)
