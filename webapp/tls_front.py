"""https for the local server: decrypts the bytes and hands them to waitress.

waitress has no TLS, so asyncio does it. There a slow or broken handshake holds no thread, and an
open event stream costs a few kilobytes. Each connection reaches waitress through a pair of sockets
inside this process. So there is no second port that others could connect to, and waitress knows the
client's address.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Iterable
from pathlib import Path

from webapp.roomy_server import RoomyServer, Waiting

_HANDSHAKE_SECONDS = 10
_GOODBYE_SECONDS = 10
_UNREAD_SECONDS = 60
"""A connection whose client reads nothing for this long is closed."""
_MOST_AT_ONCE = 64 * 1024
_MOST_HANDSHAKES, _MOST_HANDSHAKES_OF_ADDRESS = 400, 200
_SECONDS_AFTER_FAILURE = 0.05

log = logging.getLogger(__name__)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Returns the TLS context of these files.

    Raises OSError, of which ssl.SSLError is one, when they cannot be used together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


class TlsFront:
    """Listens with TLS and forwards each connection to a server of this process."""

    def __init__(
        self, listeners: Iterable[socket.socket], context: ssl.SSLContext, server: RoomyServer
    ):
        """listeners: open listening sockets."""
        self._context = context
        self._server = server
        self._loop = asyncio.new_event_loop()
        # A failed handshake is the client's problem, so it is logged for debugging only.
        self._loop.set_exception_handler(lambda _loop, context: log.debug(context["message"]))
        self._handshakes = Waiting[socket.socket](_MOST_HANDSHAKES, _MOST_HANDSHAKES_OF_ADDRESS)
        self._tasks: set[asyncio.Task] = set()
        self._listeners = list(listeners)
        for listener in self._listeners:
            listener.setblocking(False)
        self.port = self._listeners[0].getsockname()[1]

    def run(self) -> None:
        """Forwards; returns only when something has gone wrong."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._accept_all())

    def start(self) -> None:
        """Starts `run` in a thread of its own, which is not watched."""
        threading.Thread(target=self.run, daemon=True).start()

    async def _accept_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for listener in self._listeners:
                group.create_task(self._accept(listener))

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, peer = await self._loop.sock_accept(listener)
            except OSError as error:
                # The process may be out of descriptors, so a connection that is still in its
                # handshake is closed.
                log.debug("a connection could not be accepted: %s", error)
                _cut(self._handshakes.pop())
                await asyncio.sleep(_SECONDS_AFTER_FAILURE)
                continue
            _cut(self._handshakes.add(client, peer[0]))
            task = self._loop.create_task(self._serve(client, peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: socket.socket, peer: tuple) -> None:
        reader = asyncio.StreamReader(limit=_MOST_AT_ONCE)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            arrived_at = client.getsockname()[0]
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: protocol,
                client,
                ssl=self._context,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
        except OSError:
            client.close()
            return
        finally:
            self._handshakes.remove(client)
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            ours, theirs = socket.socketpair()
        except OSError:
            transport.abort()
            return
        inner_reader, inner_writer = await asyncio.open_connection(sock=ours, limit=_MOST_AT_ONCE)
        self._server.adopt(theirs, peer, arrived_at)
        try:
            ways = (_copy(reader, inner_writer), _copy(inner_reader, writer))
            tasks = [asyncio.ensure_future(way) for way in ways]
            # When one side ends, both end, so that a page that was closed frees its stream.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        finally:
            for end in (inner_writer, writer):
                with contextlib.suppress(OSError):
                    end.close()


def _cut(client: socket.socket | None) -> None:
    if client is not None:
        # asyncio owns the socket, and closes it when it sees the end.
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(_MOST_AT_ONCE):
            writer.write(data)
            async with asyncio.timeout(_UNREAD_SECONDS):
                await writer.drain()
