"""Serves the app on this machine: pages on one port, the function's entry on a loopback port.

The emulator posts the function's events to the second port, which hands them to the very
`dispatch` that Zappa calls on AWS.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

import waitress
from waitress.server import create_server

from webapp import create_app, logs
from webapp.bootstrap import create_default_shop
from webapp.cloud.clients import Clients
from webapp.cloud.emulator_texts import EmulatorTexts
from webapp.cloud.live_relay import LiveRelay
from webapp.consumers import registry
from webapp.routes import developer
from webapp.services.sweep import sweep
from webapp.settings import Settings
from webapp.tls_front import TlsFront, server_context

_PAGE_THREADS = 400
"""Each open event stream holds one; 300 screens must work."""
_EVENT_THREADS = 16
_CONNECTIONS = 2000
_MOST_HEADER_BYTES = 32 * 1024
_MOST_BODY_BYTES = 128 * 1024
"""A logo is the largest thing that anybody sends; each route then takes as little as it needs."""
_QUIET_SECONDS = 60

log = logging.getLogger("webapp.local")


def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--events-port", type=int, required=True)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--plain-port", type=int, default=0, help="behind TLS")
    arguments = parser.parse_args()
    logs.configure()

    settings = Settings.from_environment()
    app = create_app(settings)
    developer.register(app, EmulatorTexts(os.environ["AWS_ENDPOINT_URL"]))
    create_default_shop(app.extensions["services"], settings)
    relay = None
    if settings.live_relay:
        relay = LiveRelay(
            Clients(settings.region),
            os.environ["AWS_ENDPOINT_URL"],
            on_connected=lambda: _sweep(app),
        )
        app.extensions["live_relay"] = relay
        relay.start()
    else:
        threading.Thread(target=_sweep, args=(app,), daemon=True).start()

    host, port, served = arguments.host, arguments.port, app
    if arguments.tls:
        front = TlsFront(host, port, server_context(*arguments.tls), arguments.plain_port)
        host, port, served = "127.0.0.1", arguments.plain_port, front.wsgi(app)
        front.start()
    pages = create_server(
        served,
        host=host,
        port=port,
        threads=_PAGE_THREADS,
        connection_limit=_CONNECTIONS,
        asyncore_use_poll=True,
        ident="",
        # What is larger is turned away before it is kept anywhere; who sends slowly holds a
        # connection for a while, never a thread.
        max_request_header_size=_MOST_HEADER_BYTES,
        max_request_body_size=_MOST_BODY_BYTES,
        channel_timeout=_QUIET_SECONDS,
        # Or a page that has hung up is noticed at its stream's next heartbeat only.
        channel_request_lookahead=1,
        cleanup_interval=_QUIET_SECONDS // 4,
    )
    events = create_server(
        function_entry(app), host="127.0.0.1", port=arguments.events_port, threads=_EVENT_THREADS,
        max_request_body_size=8 * 1024 * 1024,
    )

    def stop(*_) -> None:
        # Ends the streams first, so that waiting for busy threads does not take a heartbeat.
        threading.Thread(target=_stop, args=(relay, pages, events), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=events.run, daemon=True).start()
    pages.run()


def _sweep(app) -> None:
    """Restarts at once what died with the emulator, not only when the next minute is over."""
    with app.app_context():
        try:
            sweep(app.extensions["services"], settle=timedelta())
        except Exception:
            log.exception("the first sweep failed; the next one comes within a minute")


def _stop(relay: LiveRelay | None, *servers: waitress.server.BaseWSGIServer) -> None:
    if relay:
        relay.stop()
    for server in servers:
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=2)
    os._exit(0)


def function_entry(app) -> Callable[[dict, Callable], Iterable[bytes]]:
    """A WSGI app that runs the function with the JSON event it is sent and answers as it does.

    Any status but 200 makes the sender deliver again.
    """

    def entry(environ: dict, start_response: Callable) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        try:
            event = json.loads(environ["wsgi.input"].read(length))
            with app.app_context(), logs.bound(request_id=logs.new_request_id()):
                answer = registry.run(app.extensions["services"], event)
        except Exception:
            # The consumer's own line says why.
            log.error("the function failed; its event is delivered again")
            start_response("500 Failed", [("Content-Type", "application/json")])
            return [b'{"errorMessage": "see the log"}']
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    return entry


if __name__ == "__main__":
    sys.exit(main())
