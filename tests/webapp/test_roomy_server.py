"""Whoever opens many connections and asks for nothing takes no room from those who ask."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import resource
import socket
import threading
import time

import pytest

from webapp.roomy_server import RoomyServer, Throttle, Waiting, _NewestFirst

SECONDS = 20
MOST = 60
SENT = {
    "idle": b"",
    "half headers": b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "half a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
    "served and idle": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "never reading": b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.fixture
def bar():
    """A server with room for few; /stream is answered until the test is over."""
    over = threading.Event()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        if environ["PATH_INFO"].startswith("/held"):
            yield b"begun"
            over.wait(SECONDS)
            yield b" and ended"
        elif environ["PATH_INFO"] == "/long":
            yield b"long" * 25_000
        elif environ["PATH_INFO"] == "/huge":
            yield b"huge" * 2_500_000
        else:
            yield b"answered"

    server = RoomyServer(app, MOST, host="127.0.0.1", port=0, threads=4, stream_threads=4)
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    server.over = over
    yield server
    over.set()
    server.close()
    running.join(SECONDS)


def _connect(bar) -> socket.socket:
    return socket.create_connection(("127.0.0.1", bar.port), timeout=SECONDS)


def _ask(bar, path: str = "/") -> http.client.HTTPResponse:
    client = http.client.HTTPConnection("127.0.0.1", bar.port, timeout=SECONDS)
    client.request("GET", path)
    return client.getresponse()


def _first(server, is_meant):
    """The first connection of which it holds, as soon as there is one."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := [one for one in list(server.active_channels.values()) if is_meant(one)]:
            return found[0]
        time.sleep(0.001)
    raise AssertionError("there is no such connection")


def _held(bar) -> int:
    return sum(len(one.active_channels) for one in bar._servers)


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_a_flood_keeps_nobody_out_and_ends_nothing_that_is_under_way(bar, sent):
    stream = _ask(bar, "/held/live")
    assert stream.read(5) == b"begun"
    with contextlib.ExitStack() as flood:
        for _ in range(5 * MOST):
            one = flood.enter_context(_connect(bar))
            with contextlib.suppress(OSError):
                one.sendall(sent)
            if sent is SENT["served and idle"]:
                one.recv(1)
        assert _ask(bar).read() == b"answered"
        assert _held(bar) <= MOST + 100
        bar.over.set()
        assert stream.read() == b" and ended"
    assert _ask(bar).read() == b"answered"


def test_a_server_answers_with_more_descriptors_than_select_takes(bar):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2000:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(2000, hard), hard))
    with contextlib.ExitStack() as held, open(os.devnull) as nothing:
        descriptor = 0
        while descriptor < 1100:
            descriptor = os.dup(nothing.fileno())
            held.callback(os.close, descriptor)
        assert _ask(bar).read() == b"answered"


def test_a_request_that_is_not_whole_after_a_minute_is_given_up_however_often_it_drips(bar):
    with _connect(bar) as slow:
        slow.sendall(SENT["half headers"])
        server = bar._servers[0]
        _first(server, lambda one: one.begun_at).begun_at -= 61
        server.next_channel_cleanup = 0
        _ask(bar).read()  # The loop takes a turn.
        assert slow.recv(1) == b""


def test_an_answer_that_nobody_takes_is_given_up(bar):
    with _connect(bar) as deaf:
        deaf.sendall(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
        server = bar._servers[0]
        stuck = _first(server, lambda one: one.total_outbufs_len)
        server.maintenance(time.time())
        assert not stuck.will_close
        server.maintenance(time.time() + 600)
        assert stuck.will_close


def test_whoever_asks_on_and_on_without_reading_is_cut_off(bar):
    with _connect(bar) as deaf:
        deaf.sendall(SENT["served and idle"] * 50)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := deaf.recv(10_000):
                received += part
    assert received.count(b"answered") < 5


def test_whoever_has_just_come_is_let_ask_while_all_others_are_being_answered(bar):
    """As many as there is room for wait for their answers; one more comes and asks."""
    with contextlib.ExitStack() as held:
        for _ in range(MOST + 10):
            one = held.enter_context(_connect(bar))
            one.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        _first(bar._servers[0], lambda _: _held(bar) == MOST + 10)
        late = held.enter_context(_connect(bar))
        late.sendall(SENT["served and idle"])
        bar.over.set()
        assert late.recv(15) == b"HTTP/1.1 200 OK"


def test_event_streams_take_no_thread_from_the_pages(bar):
    streams = [_ask(bar, "/held/live") for _ in range(4)]
    assert [stream.read(5) for stream in streams] == [b"begun"] * 4
    assert _ask(bar).read() == b"answered"


def test_when_many_wait_the_newest_is_next():
    dispatcher = _NewestFirst()
    for number in range(40):
        dispatcher.add_task(number)
    assert list(dispatcher.queue) == [*range(39, 31, -1), *range(32)]


def test_the_oldest_of_the_address_with_most_gives_way():
    waiting = Waiting(most=4, most_of_address=3)
    gone = [waiting.add(one, one[0]) for one in ("a1", "b1", "b2", "a2", "b3", "b4")]
    assert gone == [None, None, None, None, "b1", "b2"]
    waiting.remove("b3")
    waiting.remove("never came")
    assert [waiting.pop() for _ in range(4)] == ["a1", "a2", "b4", None]


def test_the_same_warning_is_one_line_a_minute_that_counts_the_others():
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])

    def let_through(level: int = logging.WARNING) -> str | None:
        record = logging.LogRecord("waitress", level, "", 0, "full: %s", ("x",), None)
        return record.getMessage() if throttle.filter(record) else None

    assert [let_through() for _ in range(3)] == ["full: x", None, None]
    assert let_through(logging.ERROR) == "full: x"
    now[0] = 60
    assert let_through() == "full: x (and 2 times since it was last said)"


def test_who_has_connected_to_a_socket_before_its_server_came_is_answered():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"answered"]

    with socket.create_server(("127.0.0.1", 0)) as opened:
        waiting = http.client.HTTPConnection(*opened.getsockname(), timeout=SECONDS)
        waiting.request("GET", "/")
        server = RoomyServer(app, MOST, sockets=[opened], threads=1)
        running = threading.Thread(target=server.run, daemon=True)
        running.start()
        assert waiting.getresponse().read() == b"answered"
        assert server.port == opened.getsockname()[1]
        server.close()
        running.join(SECONDS)
