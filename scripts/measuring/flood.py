"""Measures pages and orders while 2,000 connections that want nothing are held open.

Each kind of connection is tried on each port of the bar, from one address, as at a venue.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from scripts.machine import raise_descriptor_limit
from scripts.measuring.order_driver import OrderDriver, connected_relay

CONNECTIONS = 2000
_HANDSHAKES = 500
_PAGES, _ORDERS = 20, 3
_SECONDS = 120
_SENT = {
    "idle": b"",
    "half_headers": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "half_body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n1",
    "never_reading": b"GET /main/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
}
_CLIENT_HELLO_RECORD = b"\x16\x03\x01\x02\x00"


def flood(stack) -> dict[str, float]:
    """Returns the figures of all kinds of connections and all ports of a bar without TLS."""
    raise_descriptor_limit()
    ports = {"pages": stack.port} | stack.internal_ports
    figures = {}
    with connected_relay(stack) as relay:
        driver = OrderDriver(relay)
        figures |= _measured("before", stack.base_url, driver)
        for name, port in ports.items():
            for kind, sent in _SENT.items():
                with held(port, sent):
                    figures |= _measured(f"{name}_{kind}", stack.base_url, driver)
            with held(port, _SENT["half_headers"], drips=True):
                figures |= _measured(f"{name}_drips", stack.base_url, driver)
        figures |= _measured("after", stack.base_url, driver)
    return figures


def flood_of_tls(stack) -> dict[str, float]:
    """Returns the same figures for the single port of a bar with TLS."""
    raise_descriptor_limit()
    figures = {}
    with connected_relay(stack) as relay:
        driver = OrderDriver(relay)
        with held(stack.port, b""):
            figures |= _measured("tls_idle", stack.base_url, driver)
        with held(stack.port, _CLIENT_HELLO_RECORD, _HANDSHAKES):
            figures |= _measured("tls_half_handshakes", stack.base_url, driver)
        figures |= _measured("tls_after", stack.base_url, driver)
    return figures


@contextlib.contextmanager
def held(port: int, sent: bytes, count: int = CONNECTIONS, drips: bool = False) -> Iterator[None]:
    """Holds this many connections open, each of which has sent these bytes.

    drips: whether each connection sends one more byte a second.
    """
    over = threading.Event()
    with contextlib.ExitStack() as all_of_them:
        connections = []
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
            connections.append(all_of_them.enter_context(one))
            with contextlib.suppress(OSError):
                one.sendall(sent)

        def drip() -> None:
            while not over.wait(1):
                for one in connections:
                    with contextlib.suppress(OSError):
                        one.send(b"x")

        dripping = threading.Thread(target=drip, daemon=True)
        if drips:
            dripping.start()
        try:
            yield
        finally:
            over.set()
            if drips:
                dripping.join()


def _measured(name: str, base_url: str, driver: OrderDriver) -> dict[str, float]:
    pages = [_seconds(lambda: _read(f"{base_url}/main/")) for _ in range(_PAGES)]
    orders = [_seconds(driver.lifecycle) for _ in range(_ORDERS)]
    print(name, file=sys.stderr, flush=True)
    return {
        f"{name}_page_ms_median": round(statistics.median(pages) * 1000, 1),
        f"{name}_page_ms_worst": round(max(pages) * 1000, 1),
        f"{name}_order_ms_worst": round(max(orders) * 1000, 1),
    }


def _seconds(act) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _read(url: str) -> None:
    """Reads a page over a new connection, as a new phone does. Raises OSError
    and AssertionError.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = http.client.HTTPSConnection(parts.netloc, timeout=_SECONDS, context=context)
    else:
        client = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    with contextlib.closing(client):
        client.request("GET", parts.path)
        answer = client.getresponse()
        answer.read()
        assert answer.status == 200, f"{url} was answered with {answer.status}"
