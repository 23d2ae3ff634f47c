"""waitress, changed so that silent connections cannot shut out other clients.

waitress accepts no more connections once it holds its limit. So a client that opens that many and
sends nothing would shut out everybody else. This server always accepts the newest connection and
closes the oldest that has no request under way: first connections that never sent a whole request,
of the address with the most of them, then idle ones. It never closes a connection whose request is
being answered, such as an open event stream. It never refuses an address, because all people at a
venue may share one. When more requests wait than the threads can take, the newest goes first, so
that a client that sends thousands at once delays only itself.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import logger as waitress_log

from webapp.own_names import ARRIVED_AT

MOST_CONNECTIONS = 2000
_MOST_STRANGERS, _MOST_STRANGERS_OF_ADDRESS = 512, 256
_WHOLE_REQUEST_SECONDS = 60
"""From a request's first byte to its last; a logo over a slow line needs this long."""
_SECONDS_TO_ASK = 2
"""A new connection has this much time to send its request before it may be closed."""
_MOST_ACCEPTED_AT_ONCE = 100
_MOST_REQUESTS_AHEAD = 4
"""The number of requests that a client may send before the first is answered. No browser sends
more, and unread answers would pile up."""
_MANY_WAITING = 32
_STREAMS = "/live"
"""The end of the addresses of event streams."""
_SECONDS_BETWEEN_LINES = 60


One = TypeVar("One", bound=Hashable)


class Waiting(Generic[One]):
    """Connections that have sent no whole request, oldest first.

    There is a limit for all of them and one for each address.
    """

    def __init__(self, most: int, most_of_address: int) -> None:
        self._most, self.most_of_address = most, most_of_address
        self._address_of: dict[One, str] = {}
        self._of_address: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, one: One, address: str) -> One | None:
        """Adds one; returns the one that must be closed for it, if any."""
        with self._lock:
            self._address_of[one] = address
            self._of_address[address] += 1
            if self._of_address[address] > self.most_of_address:
                return self._take(self._oldest_of(address))
            if len(self._address_of) > self._most:
                return self._take(self._oldest())
        return None

    def remove(self, one: One) -> None:
        """Removes one that has sent a request or is closed; does nothing if it is not waiting."""
        with self._lock:
            self._remove(one)

    def oldest(self) -> One | None:
        """Returns the oldest one of the address that has the most; None when nothing waits."""
        with self._lock:
            return self._oldest() if self._address_of else None

    def pop(self) -> One | None:
        """Removes and returns the one that `oldest` would return."""
        with self._lock:
            return self._take(self._oldest()) if self._address_of else None

    def _oldest(self) -> One:
        return self._oldest_of(self._of_address.most_common(1)[0][0])

    def _oldest_of(self, address: str) -> One:
        return next(one for one, of in self._address_of.items() if of == address)

    def _take(self, one: One) -> One:
        self._remove(one)
        return one

    def _remove(self, one: One) -> None:
        address = self._address_of.pop(one, None)
        if address is not None:
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]


class _Task(WSGITask):
    def get_environment(self) -> dict:
        environ = super().get_environment()
        environ[ARRIVED_AT] = self.channel.arrived_at
        # HTTP gives a host in the request's first line precedence over the Host header.
        if self.request.proxy_netloc:
            environ["HTTP_HOST"] = self.request.proxy_netloc
        return environ


class _Channel(HTTPChannel):
    task_class = _Task
    arrived_at = ""
    has_asked = False
    begun_at: float | None = None
    """When the first byte of an unfinished request came."""

    def readable(self) -> bool:
        # The loop still looks at a channel that was closed in this turn, but its descriptor may
        # belong to another connection by now.
        return self._fileno is not None and super().readable()

    def writable(self) -> bool:
        return self._fileno is not None and super().writable()

    def received(self, data: bytes) -> bool:
        if self.begun_at is None:
            self.begun_at = time.monotonic()
        taken = super().received(data)
        if self.request is None:
            self.begun_at = None
            if len(self.requests) > _MOST_REQUESTS_AHEAD:
                self.handle_close()
            # Only the loop's own thread sets this, and only that thread closes connections. So no
            # request is lost in between.
            self.has_asked = True
            self.server.strangers.remove(self)
        return taken

    def del_channel(self, map: dict | None = None) -> None:
        self.server.strangers.remove(self)
        super().del_channel(map)


class _NewestFirst(ThreadedTaskDispatcher):
    """Puts the newest request first once many wait, so that it need not wait for all of them."""

    def add_task(self, task: _Channel) -> None:
        with self.lock:
            if len(self.queue) < _MANY_WAITING:
                self.queue.append(task)
            else:
                self.queue.appendleft(task)
            self.queue_cv.notify()


class _Server(TcpWSGIServer):
    channel_class = _Channel

    def __init__(
        self,
        *arguments: Any,
        most_connections: int,
        strangers: Waiting[_Channel],
        stream_dispatcher: ThreadedTaskDispatcher,
        **named: Any,
    ) -> None:
        self.most_connections = most_connections
        self._stream_dispatcher = stream_dispatcher
        self.strangers = strangers
        self._closing: list[_Channel] = []
        # Less than the limit of waiting connections, so that each is read before it could be
        # closed.
        self._most_accepted_at_once = min(_MOST_ACCEPTED_AT_ONCE, strangers.most_of_address // 2)
        super().__init__(*arguments, **named)

    def readable(self) -> bool:
        # Connections are closed only between two turns of the loop. Within a turn, data of a closed
        # connection would reach a new one that got its descriptor.
        while self._is_full() and self._close_one():
            pass
        while self._closing:
            self._closing.pop().handle_close()
        return super().readable()

    def add_task(self, task: _Channel) -> None:
        is_stream = task.requests[0].path.endswith(_STREAMS)
        (self._stream_dispatcher if is_stream else self.task_dispatcher).add_task(task)

    def _is_full(self) -> bool:
        # The map also holds the listening sockets, which are no connections.
        return len(self._map) - len(self._closing) > self.most_connections

    def _close_soon(self, channel: _Channel) -> None:
        channel.will_close = True
        self._closing.append(channel)

    def handle_accept(self) -> None:
        # It accepts many at a time, because each turn of the loop looks at all connections.
        for _ in range(self._most_accepted_at_once):
            try:
                accepted = self.accept()
            except OSError as error:
                # The process may be out of descriptors. Closing a connection frees one for the next
                # turn.
                self.logger.warning("a connection could not be accepted: %s", error.strerror)
                self._close_one()
                return
            if accepted is None:
                return
            connection, address = accepted
            try:
                self.set_socket_options(connection)
                self.take_in(connection, address, connection.getsockname()[0])
            except OSError:
                connection.close()  # The client has hung up already.

    def take_in(self, connection: socket.socket, address: tuple, arrived_at: str) -> None:
        """Adds a connection, for which another may be closed. Runs in the loop's own thread."""
        channel = self.channel_class(self, connection, address, self.adj, map=self._map)
        channel.arrived_at = arrived_at
        if oldest := self.strangers.add(channel, address[0]):
            self._close_soon(oldest)
        if len(self._map) >= self.adj.connection_limit:
            # An adopted connection cannot wait outside the process, unlike one that is accepted
            # here.
            self._close_soon(channel)

    def _close_one(self) -> bool:
        """Closes the connection that is needed least.

        Returns False when every open connection is in use or new.
        """
        oldest = self.strangers.oldest()
        if oldest is None or oldest.creation_time > time.time() - _SECONDS_TO_ASK:
            idle = [
                one
                for one in self.active_channels.values()
                if one.has_asked and not one.requests and not one.will_close
            ]
            if not idle:
                return False
            of_address = Counter(one.addr[0] for one in idle)
            oldest = min(idle, key=lambda one: (-of_address[one.addr[0]], one.last_activity))
        self.strangers.remove(oldest)
        self._close_soon(oldest)
        return True

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        silent_since = now - self.adj.channel_timeout
        begun_before = time.monotonic() - _WHOLE_REQUEST_SECONDS
        for channel in self.active_channels.values():
            is_slow = channel.begun_at is not None and channel.begun_at < begun_before
            # This also applies while a request is being answered, because nobody reads the answer.
            is_unread = channel.total_outbufs_len and channel.last_activity < silent_since
            # waitress closes a connection only when it can write to it, which may never happen
            # here.
            if is_slow or is_unread or channel.will_close:
                self._close_soon(channel)


class RoomyServer:
    """Serves a WSGI app on all addresses of a host, on given sockets, or only through `adopt`."""

    def __init__(
        self,
        app: Callable,
        most_connections: int = MOST_CONNECTIONS,
        listens: bool = True,
        stream_threads: int = 1,
        **options: Any,
    ) -> None:
        """Raises OSError when it cannot listen.

        stream_threads: the threads for event streams, one each, so that pages keep their threads.
        options: those of waitress.
        """
        self._adjustments = Adjustments(
            asyncore_use_poll=True,
            # The limit is reached only while that many requests are being answered. Further clients
            # then wait until one is done.
            connection_limit=most_connections + _MOST_ACCEPTED_AT_ONCE,
            ident="",
            **options,
        )
        _throttle(waitress_log)
        self._map: dict = {}
        self._dispatcher = _NewestFirst()
        self._dispatcher.set_thread_count(self._adjustments.threads)
        self._stream_dispatcher = ThreadedTaskDispatcher()
        self._stream_dispatcher.set_thread_count(stream_threads)
        strangers = Waiting[_Channel](
            min(_MOST_STRANGERS, most_connections // 2),
            min(_MOST_STRANGERS_OF_ADDRESS, most_connections // 4),
        )
        adjustments = self._adjustments
        if adjustments.sockets:
            where = [
                ((one.family, one.type, one.proto, one.getsockname()), one)
                for one in adjustments.sockets
            ]
        else:
            where = [(one, None) for one in adjustments.listen]
        self._servers = [
            _Server(
                app,
                self._map,
                listens,
                open_socket,
                self._dispatcher,
                adjustments,
                address,
                bind_socket=listens and open_socket is None,
                most_connections=most_connections,
                strangers=strangers,
                stream_dispatcher=self._stream_dispatcher,
            )
            for address, open_socket in (where if listens else where[:1])
        ]

    @property
    def port(self) -> int:
        """The port on which the server listens."""
        return int(self._servers[0].effective_port)

    def run(self) -> None:
        """Serves; returns only when something has gone wrong."""
        self._servers[0].asyncore.loop(
            timeout=self._adjustments.asyncore_loop_timeout, map=self._map, use_poll=True
        )

    def adopt(self, connection: socket.socket, address: tuple, arrived_at: str) -> None:
        """Serves a connection that other code has accepted; may be called from any thread."""
        server = self._servers[0]
        server.trigger.pull_trigger(lambda: server.take_in(connection, address, arrived_at))

    def shutdown(self) -> None:
        """Waits at most two seconds for the requests under way."""
        for dispatcher in (self._stream_dispatcher, self._dispatcher):
            dispatcher.shutdown(cancel_pending=True, timeout=2)

    def close(self) -> None:
        """Closes everything at once; for tests."""
        self.shutdown()
        self._servers[0].trigger.pull_trigger(
            lambda: self._servers[0].asyncore.close_all(self._map)
        )


class Throttle(logging.Filter):
    """Lets a line through once a minute, with the number of times that it was held back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._last: dict[str, float] = {}
        self._left_out: Counter[str] = Counter()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.WARNING:
            return True
        line, now = str(record.msg), self._clock()
        with self._lock:
            if now - self._last.get(line, -_SECONDS_BETWEEN_LINES) < _SECONDS_BETWEEN_LINES:
                self._left_out[line] += 1
                return False
            self._last[line] = now
            if more := self._left_out.pop(line, 0):
                record.msg = f"{line} (and {more} times since it was last said)"
        return True


def _throttle(log: logging.Logger) -> None:
    if not any(isinstance(one, Throttle) for one in log.filters):
        log.addFilter(Throttle())
