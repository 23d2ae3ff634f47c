"""https for the local server: takes off the encryption and hands the bytes to waitress.

waitress knows no TLS. asyncio's own does the work here, so that a slow or broken handshake holds no
thread and an open event stream costs a few kilobytes. Who asks is told by the connection itself: the
two halves run in one process and share which port belongs to whom.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

_HANDSHAKE_SECONDS = 10
_MOST_AT_ONCE = 64 * 1024
_NOBODY = "0.0.0.0"

log = logging.getLogger(__name__)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Raises OSError, of which ssl.SSLError is one, when they cannot be used together."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


class TlsFront:
    """Listens with TLS and forwards each connection to a plain server on this machine."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, plain_port: int):
        self._address = (host, port)
        self._context = context
        self._plain_port = plain_port
        self._clients: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Listens from now on, in a thread of its own. Raises OSError when it cannot."""
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        listening = asyncio.start_server(
            self._forward, *self._address, ssl=self._context, limit=_MOST_AT_ONCE,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS,
        )
        server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.port = server.sockets[0].getsockname()[1]
        # Handshakes that fail are the client's affair.
        self._loop.set_exception_handler(lambda _loop, context: log.debug(context["message"]))

    def wsgi(self, app: Callable) -> Callable:
        """The app as seen through this front: who asks, and that it was over https."""

        def through_front(environ: dict, start_response: Callable) -> Iterable[bytes]:
            # Whoever has hung up meanwhile is nobody we know, and not this machine, which may do
            # more than others.
            client = self._clients.get(environ.get("REMOTE_PORT", ""), _NOBODY)
            environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = client
            environ["wsgi.url_scheme"] = "https"
            return app(environ, start_response)

        return through_front

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own_port = ""
        try:
            inner_reader, inner_writer = await asyncio.open_connection(
                "127.0.0.1", self._plain_port, limit=_MOST_AT_ONCE
            )
        except OSError:
            writer.close()
            return
        try:
            own_port = str(inner_writer.get_extra_info("sockname")[1])
            self._clients[own_port] = writer.get_extra_info("peername")[0]
            ways = (_copy(reader, inner_writer), _copy(inner_reader, writer))
            tasks = [asyncio.ensure_future(way) for way in ways]
            # Whichever side ends, ends both: so a page that was closed frees its stream.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        finally:
            self._clients.pop(own_port, None)
            for end in (inner_writer, writer):
                with contextlib.suppress(OSError):
                    end.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(_MOST_AT_ONCE):
            writer.write(data)
            await writer.drain()
