"""Live connections, used as pages use them and as no page would."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import paho.mqtt.client as mqtt
import requests

from scripts.verifying.browser import Browser
from scripts.verifying.verdicts import NotChecked, Wrong

CONNECTED, SUBSCRIBED, REFUSED = "connected", "subscribed", "refused"
_SECONDS = 10
_SIGNED = ("X-Amz-", "x-amz-")


def grant_of(browser: Browser, address: str) -> Mapping:
    """Returns the grant of a page's live address, with the page's origin.

    Raises NotChecked when the address is a stream of its own.
    """
    answer = browser.open(address, stream=True)
    try:
        if answer.status_code != 200:
            raise Wrong(f"the page's live address answers {answer.status_code}")
        if answer.headers["content-type"].startswith("text/event-stream"):
            raise NotChecked("the pages of this bar are relayed, so none is granted anything")
        page = urlsplit(browser.base_url)
        return answer.json() | {"origin": f"{page.scheme}://{page.netloc}"}
    except requests.exceptions.JSONDecodeError:
        raise Wrong("the page's live address answers no grant") from None
    finally:
        answer.close()


class Connection:
    """An MQTT connection over a WebSocket with a page's grant; `heard` receives each result."""

    def __init__(self, grant: Mapping, client_id: str = "", url: str = ""):
        address = urlsplit(url or grant["url"])
        self.heard: queue.Queue[str] = queue.Queue()
        self.topics: list[str] = []
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id or grant["client_id"],
            transport="websockets",
            reconnect_on_failure=False,
        )
        query = f"?{address.query}" if address.query else ""
        # Browsers send the page's origin, and a proxy in front of IoT Core may check it.
        headers = {"Host": address.netloc, "Origin": grant["origin"]}
        self._client.ws_set_options(f"{address.path}{query}", headers)
        is_secure = address.scheme == "wss"
        if is_secure:
            self._client.tls_set()
        self._client.on_connect = self._answered_connect
        self._client.on_subscribe = self._answered_subscribe
        self._client.on_message = self._received
        self._client.on_disconnect = lambda *_: self.heard.put(REFUSED)
        try:
            self._client.connect(address.hostname, address.port or (443 if is_secure else 80), 60)
        except (OSError, ValueError, mqtt.WebsocketConnectionError):
            # A handshake that is refused never reaches MQTT, so no callback reports it.
            self.heard.put(REFUSED)
            return
        self._client.loop_start()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def next(self) -> str:
        """Returns the next result, or "" when none comes in time."""
        try:
            return self.heard.get(timeout=_SECONDS)
        except queue.Empty:
            return ""

    def subscribe(self, *topic_filters: str) -> str:
        """Connects and subscribes; returns the last result."""
        if (answer := self.next()) != CONNECTED:
            return answer
        self._client.subscribe([(one, 0) for one in topic_filters])
        return self.next()

    def publish(self, topic: str) -> str:
        """Connects and publishes; returns "" when nothing is refused."""
        if (answer := self.next()) != CONNECTED:
            return answer
        self._client.publish(topic, "<p>scripts/verify</p>")
        return self.next()

    def _answered_connect(self, *arguments) -> None:
        self.heard.put(REFUSED if arguments[3].is_failure else CONNECTED)

    def _answered_subscribe(self, *arguments) -> None:
        is_refused = any(code.is_failure for code in arguments[3])
        self.heard.put(REFUSED if is_refused else SUBSCRIBED)

    def _received(self, *arguments) -> None:
        self.topics.append(arguments[2].topic)
        self.heard.put(arguments[2].topic)


class Stream:
    """A page's stream of events, for a bar that relays its live messages."""

    def __init__(self, browser: Browser, address: str):
        self.topics: list[str] = []
        self._answer = browser.open(address, stream=True)
        if self._answer.status_code != 200:
            raise Wrong(f"the page's live address answers {self._answer.status_code}")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for line in self._answer.iter_lines():
                if line.startswith(b"event: "):
                    self.topics.append(line.removeprefix(b"event: ").decode())
        except (requests.RequestException, AttributeError, ValueError):
            return  # The connection was closed.

    def close(self) -> None:
        self._answer.close()


def listen(browser: Browser, address: str) -> Connection | Stream:
    """Follows a page's live address as the page does. Raises Wrong when it is refused."""
    try:
        grant = grant_of(browser, address)
    except NotChecked:
        return Stream(browser, address)
    connection = Connection(grant)
    if (answer := connection.subscribe(*grant["topic_filters"])) != SUBSCRIBED:
        connection.close()
        raise Wrong(f"the page's own grant is {answer or 'not answered'}")
    return connection


def without_credentials(url: str) -> str:
    """Returns a granted address without its signature."""
    address = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(address.query) if name[:6] not in _SIGNED]
    return address._replace(query=urlencode(kept)).geturl()


def with_another_signature(url: str) -> str:
    """Returns a granted address with a wrong signature."""
    before, name, signature = url.partition("X-Amz-Signature=")
    turned = signature[:64][::-1] if signature[:64] != signature[:64][::-1] else "0" * 64
    return before + name + turned + signature[64:]


def pause(seconds: float) -> None:
    """Waits so that a check can see that something does not happen."""
    time.sleep(seconds)
