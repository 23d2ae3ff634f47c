"""https in front of the plain server: who asks stays known, and nobody can hold it up."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.own_certificate import make_certificate
from webapp.roomy_server import RoomyServer
from webapp.tls_front import TlsFront, server_context

SECONDS = 20


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def front(certificate):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield f"{environ['wsgi.url_scheme']} {environ['REMOTE_ADDR']}".encode()
        if environ["PATH_INFO"] == "/stream":
            yield b" " * 100_000
            closed.wait(SECONDS)

    closed = threading.Event()
    plain = RoomyServer(app, listens=False, threads=4, url_scheme="https")
    listener = socket.create_server(("127.0.0.1", 0))
    front = TlsFront([listener], server_context(*certificate), plain)
    front.start()
    threading.Thread(target=plain.run, daemon=True).start()
    yield front
    closed.set()
    plain.close()


@pytest.fixture(scope="module")
def trusting(certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0])


def _ask(front, trusting, source="127.0.0.1"):
    client = http.client.HTTPSConnection(
        "127.0.0.1", front.port, context=trusting, source_address=(source, 0), timeout=SECONDS
    )
    client.request("GET", "/")
    return client.getresponse().read().decode()


def test_the_app_learns_that_it_was_https_and_who_asked(front, trusting):
    assert _ask(front, trusting) == "https 127.0.0.1"
    assert _ask(front, trusting, source="127.0.0.9") == "https 127.0.0.9"


def test_whoever_claims_another_address_in_a_header_is_not_believed(front, trusting):
    client = http.client.HTTPSConnection("127.0.0.1", front.port, context=trusting, timeout=SECONDS)
    client.request("GET", "/", headers={"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=x"})
    assert client.getresponse().read() == b"https 127.0.0.1"


def test_half_open_handshakes_and_plain_http_hold_nobody_up(front, trusting):
    silent = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(500)]
    hello = ssl.MemoryBIO()
    half = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), hello, server_hostname="localhost"
    )
    with pytest.raises(ssl.SSLWantReadError):
        half.do_handshake()
    client_hello = hello.read()
    for one in silent[::2]:
        with suppress(OSError):  # The oldest have had to go already.
            one.sendall(client_hello)
    plain = socket.create_connection(("127.0.0.1", front.port), timeout=SECONDS)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"https" not in plain.recv(1000)
    assert _ask(front, trusting) == "https 127.0.0.1"
    for one in (*silent, plain):
        one.close()


def test_a_stream_arrives_while_it_is_open(front, trusting):
    client = http.client.HTTPSConnection("127.0.0.1", front.port, context=trusting, timeout=SECONDS)
    client.request("GET", "/stream")
    answer = client.getresponse()
    assert answer.read(15) == b"https 127.0.0.1"
    client.close()


def test_a_certificate_and_the_key_of_another_are_refused(certificate, tmp_path):
    other = make_certificate(tmp_path)
    with pytest.raises(OSError):
        server_context(certificate[0], other[1])
