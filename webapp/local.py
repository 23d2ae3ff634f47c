"""Serves the app on this machine: pages on one port, the function's entry on a loopback port.

The launcher opens the pages' port and also holds it. So a browser that connects while this process
restarts waits and is not refused.

The emulator posts the function's events to the second port, which runs them as Zappa does on AWS.
"""

from __future__ import annotations

import argparse
import hmac
import itertools
import json
import logging
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from flask import Flask

from webapp import create_app, logs
from webapp.bootstrap import create_default_shop
from webapp.cloud import clients
from webapp.cloud.clients import Clients
from webapp.cloud.emulator_bar import EmulatorBar
from webapp.cloud.emulator_texts import EmulatorTexts
from webapp.cloud.live_relay import LiveRelay
from webapp.consumers import registry
from webapp.own_names import Here, is_loopback_name, name_in
from webapp.roomy_server import MOST_CONNECTIONS, RoomyServer
from webapp.routes import developer, health
from webapp.services.orders.sweep import sweep
from webapp.settings import Settings
from webapp.tls_front import TlsFront, server_context
from webapp.watched import Watched

_SECRET_HEADER = "X-Bar-Secret"
"""The header by which the emulator lets this process in. scripts/machine.py has the same name for
the launcher's processes."""
_STREAM_THREADS = 400
"""Each open event stream holds one thread, and 300 screens must work."""
_PAGE_THREADS = 48
"""More threads would only slow down each page."""
_EVENT_THREADS = 16
_MOST_HEADER_BYTES = 32 * 1024
_MOST_BODY_BYTES = 128 * 1024
"""A logo is the largest body of all. Each route then sets its own smaller limit."""
_MOST_EVENT_BYTES = 8 * 1024 * 1024
_QUIET_SECONDS = 60
_DESCRIPTORS_KEPT = 256
"""Kept free for everything that is no browser's connection: files, the emulator, the events."""
_DESCRIPTORS_OF_TLS = 3
_MOST_SECONDS_WITHOUT_SWEEP = 180
_SECONDS_BETWEEN_LOOKS = 5
_LOOKS_AT_A_CALL = 18
"""Three times as long as the function may take."""

log = logging.getLogger("webapp.local")


def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events-port", type=int, required=True)
    parser.add_argument(
        "--sockets",
        type=int,
        nargs="+",
        required=True,
        help="descriptors of those that listen for the pages; the launcher holds them, too",
    )
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--behind-proxy", default="", metavar="ADDRESS")
    arguments = parser.parse_args()
    logs.configure()

    settings = Settings.from_environment()
    app = create_app(settings)
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    at_the_door = {_SECRET_HEADER: os.environ["BAR_SECRET"]}
    clients.add_headers(at_the_door)
    developer.register(app, EmulatorTexts(endpoint, at_the_door), os.environ["DEVELOPER_KEY"])
    create_default_shop(app.extensions["services"], settings)
    watched = Watched()
    relay = None
    if settings.live_relay:
        relay = LiveRelay(
            Clients(settings.region), endpoint, lambda: _sweep(app), headers=at_the_door
        )
        app.extensions["live_relay"] = relay
        relay.start(watched.start)
    else:
        threading.Thread(target=_sweep, args=(app,), daemon=True).start()

    # In this case links and QR codes lead to this machine only, so every customer sits at it.
    is_local = is_loopback_name(urlsplit(settings.public_url).hostname or "")
    served = Here(app, is_local, is_behind_proxy=bool(arguments.behind_proxy))
    listeners = [socket.socket(fileno=one) for one in arguments.sockets]
    most = _most_connections(_DESCRIPTORS_OF_TLS if arguments.tls else 1)
    pages = RoomyServer(
        served,
        most_connections=most,
        **({"listens": False} if arguments.tls else {"sockets": listeners}),
        threads=_PAGE_THREADS,
        stream_threads=_STREAM_THREADS,
        url_scheme="https" if arguments.tls else "http",
        # A larger request is refused before it is stored anywhere. A slow sender holds a connection
        # for a while but never a thread.
        max_request_header_size=_MOST_HEADER_BYTES,
        max_request_body_size=_MOST_BODY_BYTES,
        channel_timeout=_QUIET_SECONDS,
        # Without this, waitress would notice only at the stream's next heartbeat that a page has
        # hung up.
        channel_request_lookahead=1,
        cleanup_interval=_QUIET_SECONDS // 4,
        **_believing(arguments.behind_proxy),
    )
    entry = FunctionEntry(app, os.environ["EVENTS_SECRET"])
    events = RoomyServer(
        entry,
        host="127.0.0.1",
        port=arguments.events_port,
        threads=_EVENT_THREADS,
        max_request_body_size=_MOST_EVENT_BYTES,
        channel_timeout=_QUIET_SECONDS,
    )
    _watch_health(app, relay, entry, EmulatorBar(endpoint, at_the_door), arguments.events_port)

    def stop(*_: object) -> None:
        # The streams end first. Otherwise stopping would wait a heartbeat for their threads.
        watched.stop()
        threading.Thread(target=_stop, args=(relay, pages, events), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if arguments.tls:
        context = server_context(*arguments.tls)
        front = TlsFront(listeners, context, pages)
        watched.start("the TLS front", front.run)
    watched.start("the events' server", events.run)
    watched.start("the watch over the function's calls", entry.watch)
    watched.carry("the pages' server", pages.run)


def _sweep(app: Flask) -> None:
    """Repairs at once what was lost with the emulator, without waiting for the next minute."""
    with app.app_context():
        try:
            sweep(app.extensions["services"], settle=timedelta())
        except Exception:
            log.exception("the first sweep failed; the next one comes within a minute")


def _stop(relay: LiveRelay | None, *servers: RoomyServer) -> None:
    if relay:
        relay.stop()
    for server in servers:
        server.shutdown()
    os._exit(0)


def _most_connections(descriptors_of_each: int) -> int:
    """Returns how many connections the pages' server may hold without using up the descriptors."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    room = (limit - _DESCRIPTORS_KEPT) // descriptors_of_each
    return max(_DESCRIPTORS_KEPT // descriptors_of_each, min(MOST_CONNECTIONS, room))


def _believing(proxy: str) -> dict:
    """Returns waitress' options: only this proxy is believed when it says who sends a request."""
    if not proxy:
        # The headers stay, because they show that a proxy passed the request on and that the client
        # is not on this machine.
        return {"clear_untrusted_proxy_headers": False}
    return {
        "trusted_proxy": proxy,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        "clear_untrusted_proxy_headers": True,
    }


class FunctionEntry:
    """A WSGI app that runs the function with the JSON event that it gets, and returns its answer.

    It answers only below a path that the emulator and this process alone know. Any status but 200
    makes the sender deliver again.
    """

    def __init__(self, app: Flask, secret: str) -> None:
        self._app = app
        self._path = f"/{secret}".encode()
        self.swept_at = time.monotonic()
        """When the clock's jobs were last run, or when this entry was made."""
        self._numbers = itertools.count()
        self._under_way: set[int] = set()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        is_known = hmac.compare_digest(environ["PATH_INFO"].encode("latin-1"), self._path)
        host = environ.get("HTTP_HOST", "")
        if not is_known or "HTTP_ORIGIN" in environ or not is_loopback_name(name_in(host)):
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        if environ["REQUEST_METHOD"] == "GET":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        app, number = self._app, next(self._numbers)
        self._under_way.add(number)
        try:
            event = json.loads(environ["wsgi.input"].read(length))
            with app.app_context(), logs.bound(request_id=logs.new_request_id()):
                answer = registry.run(app.extensions["services"], event)
        except Exception:
            # The consumer has already logged the reason.
            log.error("the function failed; its event is delivered again")
            start_response("500 Failed", [("Content-Type", "application/json")])
            return [b'{"errorMessage": "see the log"}']
        finally:
            self._under_way.discard(number)
        if isinstance(event, dict) and event.get("consumer") == registry.EVERY_MINUTE:
            self.swept_at = time.monotonic()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    def watch(self, wait: Callable[[float], object] = time.sleep) -> NoReturn:
        """Raises TimeoutError when a call hangs.

        Lambda ends a call that has used up its time. Here only the whole process can end, and it
        must do so before hanging calls have taken all threads.
        """
        seen: dict[int, int] = {}
        while True:
            wait(_SECONDS_BETWEEN_LOOKS)
            # It counts looks instead of seconds, because no call can end while the process is
            # stopped.
            seen = {call: seen.get(call, 0) + 1 for call in self._under_way.copy()}
            if max(seen.values(), default=0) > _LOOKS_AT_A_CALL:
                raise TimeoutError("a call of the function does not end")


def _watch_health(
    app: Flask,
    relay: LiveRelay | None,
    entry: FunctionEntry,
    emulator: EmulatorBar,
    events_port: int,
) -> None:
    def ask_events() -> None:
        url = f"http://127.0.0.1:{events_port}/{os.environ['EVENTS_SECRET']}"
        with urlopen(Request(url), timeout=2) as answer:
            answer.read()

    def ask_sweep() -> None:
        if time.monotonic() - entry.swept_at > _MOST_SECONDS_WITHOUT_SWEEP:
            raise TimeoutError("the clock's jobs have not been called")

    parts = {"orders' events": ask_events, "sweep": ask_sweep, "emulator": emulator.check}
    health.register(app, parts | ({"live topics": relay.check} if relay else {}))


if __name__ == "__main__":
    main()
