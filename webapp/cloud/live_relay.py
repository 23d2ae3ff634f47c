"""Relays IoT topics to event streams of this process, so that phones need only the web port.

One MQTT subscription feeds all streams. When it breaks, the streams end. The browsers then connect
and read again, so they miss nothing that was published in between.
"""

from __future__ import annotations

import logging
import queue
import secrets
import select
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

from webapp.cloud.clients import Clients
from webapp.cloud.live_topics import ROOT

log = logging.getLogger(__name__)

_MOST_WAITING = 100
_KEEPALIVE_SECONDS = 30
_SECONDS_BETWEEN_TRIES = 1


@dataclass(frozen=True)
class Message:
    """A fragment and its name; `is_last` ends the stream."""

    name: str = ""
    html: str = ""
    is_last: bool = False


class Subscription:
    """One page's messages from the relay."""

    def __init__(self, relay: LiveRelay, topics: list[str]):
        self._relay = relay
        self.topics = topics
        self._messages: queue.Queue[Message] = queue.Queue(_MOST_WAITING)

    def get(self, timeout_seconds: float) -> Message | None:
        """Returns the next message; None when none came in time."""
        try:
            return self._messages.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def put(self, message: Message) -> None:
        """Adds a message. If the page reads too slowly, ends its stream; the page reads again."""
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            with self._messages.mutex:
                self._messages.queue.clear()
            self._messages.put_nowait(Message(is_last=True))

    def end(self) -> None:
        """Ends the stream after the messages that wait in it."""
        self.put(Message(is_last=True))

    def close(self) -> None:
        """Removes this subscription from the relay."""
        self._relay.remove(self)


def _in_thread(name: str, run: Callable[[], None]) -> None:
    threading.Thread(target=run, name=name, daemon=True).start()


class LiveRelay:
    """The process's one MQTT client.

    headers: the headers by which the emulator lets this process in.
    """

    def __init__(
        self,
        clients: Clients,
        gateway_url: str,
        on_connected: Callable[[], None] = lambda: None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ):
        self._clients = clients
        self._headers = headers
        self._on_connected = on_connected
        gateway = urlsplit(gateway_url)
        if gateway.hostname is None or gateway.port is None:
            raise ValueError(f"{gateway_url} names no host or no port")
        self._host, self._port = gateway.hostname, gateway.port
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self._lock = threading.Lock()
        self._client: mqtt.Client | None = None
        self._stopped = threading.Event()

    def start(self, in_thread: Callable[[str, Callable], None] = _in_thread) -> None:
        """Connects, and connects again whenever the connection is lost.

        in_thread: runs the connection's loop under a name; the loop ends only with `stop`.
        """
        endpoint = self._clients.iot.describe_endpoint(endpointType="iot:Data-ATS")
        host = endpoint["endpointAddress"]
        if ":" not in host:
            host = f"{host}:{self._port}"
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=f"relay-{secrets.token_hex(8)}",
            transport="websockets",
        )
        # The emulator routes by host name. Some resolvers do not know that name, so the connection
        # goes to the gateway and the header names the host.
        client.ws_set_options(path="/mqtt", headers={"Host": host, **self._headers})
        client.on_connect = self._connected
        client.on_disconnect = lambda *_: self._end_all()
        client.on_message = self._on_message
        client.connect_async(self._host, self._port, keepalive=_KEEPALIVE_SECONDS)
        self._client = client
        in_thread("the live topics' relay", partial(self._follow, client))

    def stop(self) -> None:
        """Ends all streams and disconnects."""
        self._stopped.set()
        self._end_all()
        if self._client:
            self._client.disconnect()

    def check(self) -> None:
        """Raises ConnectionError while there is no connection."""
        if self._client is None or not self._client.is_connected():
            raise ConnectionError("not connected to IoT Core")

    def subscribe(self, topics: list[str]) -> Subscription:
        """Returns a subscription to the messages published directly below these topics."""
        subscription = Subscription(self, topics)
        if self._stopped.is_set() or self._client is None or not self._client.is_connected():
            subscription.put(Message(is_last=True))
            return subscription
        with self._lock:
            for topic in topics:
                self._subscriptions[topic].add(subscription)
        return subscription

    def remove(self, subscription: Subscription) -> None:
        """Forgets a stream that has ended."""
        with self._lock:
            for topic in subscription.topics:
                self._subscriptions[topic].discard(subscription)
                if not self._subscriptions[topic]:
                    del self._subscriptions[topic]

    def _follow(self, client: mqtt.Client) -> None:
        is_told = False
        while not self._stopped.is_set():
            try:
                client.reconnect()
                is_told = False
                while self._take_turn(client):
                    pass
            except OSError as error:
                if not is_told:
                    log.warning("the live topics cannot be reached, trying on: %s", error)
                is_told = True
            self._stopped.wait(_SECONDS_BETWEEN_TRIES)

    @staticmethod
    def _take_turn(client: mqtt.Client) -> bool:
        """Handles the next messages or waits a second; returns False once the connection is lost.

        paho's own loop uses select(), which takes no descriptor above 1,023. If the relay
        reconnected while the bar has a thousand phones, it would never receive anything again.
        """
        connection = client.socket()
        if connection is None:
            return False
        poller = select.poll()
        poller.register(connection, select.POLLIN | (select.POLLOUT if client.want_write() else 0))
        for _, flags in poller.poll(1000):
            if flags & ~select.POLLOUT and client.loop_read():
                return False
            if flags & select.POLLOUT and client.loop_write():
                return False
        return not client.loop_misc()

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(f"{ROOT}/#", qos=0)
        threading.Thread(target=self._on_connected, daemon=True).start()

    def _on_message(
        self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage
    ) -> None:
        topic, _, name = message.topic.rpartition("/")
        with self._lock:
            listeners = list(self._subscriptions.get(topic, ()))
        for subscription in listeners:
            subscription.put(Message(name, message.payload.decode()))

    def _end_all(self) -> None:
        with self._lock:
            everyone = [one for group in self._subscriptions.values() for one in group]
        for subscription in everyone:
            subscription.put(Message(is_last=True))
