"""Watches the whole test run: no secret may turn up where it has no business.

Everything that leaves the product is read while the tests run: bodies and headers of all answers,
all that is published or announced, all logs. The secrets themselves are learnt on the way, such as
a session's from the cookie that sets it. When the run is over, none may have been seen anywhere but
where its job is; tests/conftest.py fails the run otherwise.
"""

from __future__ import annotations

import gzip
import logging
import os
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import paho.mqtt.client as mqtt
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from flask.sessions import TaggedJSONSerializer
from itsdangerous import BadSignature, URLSafeTimedSerializer
from playwright.sync_api import Error as PlaywrightError

from scripts.machine import SECRET_HEADER
from tests.fragment_rules import broken_rules
from webapp.cloud.emulator_texts import EmulatorTexts
from webapp.logs import LogFormatter

# No secret of ours is shorter, and none holds another character.
_WORD = re.compile(rb"\+?[A-Za-z0-9_-]{8,}")
_SHORTEST = 8
# As accounts ask for; what a test types to be refused is none.
_GOOD_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w-]{12,}")
_SIX_DIGITS = re.compile(rb"(?<![\w.:-])\d{6}(?![\w.-])")


@dataclass(frozen=True)
class Place:
    """Where something was seen: `kind` is body, header, log, topic or event."""

    kind: str
    name: str


@dataclass(frozen=True)
class Secret:
    """Something that only some places may show."""

    what: str
    may_be_in: Callable[[Place], bool]


def nowhere(_: Place) -> bool:
    return False


def _body_of(*endings: str) -> Callable[[Place], bool]:
    pattern = re.compile("|".join(endings))
    return lambda place: place.kind == "body" and bool(pattern.fullmatch(place.name))


TASK_TOKEN = Secret("a task token", nowhere)
SESSION_SECRET = Secret("a session's secret", nowhere)
SCAN_CODE = Secret("a QR code's proof", _body_of(r"GET .*/(display(/code)?|api/qr-code)"))
LIVE_GRANT = Secret(
    "a live grant's signature", _body_of("GET .*/live", r"GET .*/orders/[0-9a-f]{32}")
)
LINK_SECRET = Secret("a sign-in link's secret", _body_of(r"POST .*/admin/(links|shop/new)"))
# Whoever typed a number sees it again beside what is wrong with it; developers see the texts.
PHONE_NUMBER = Secret("a phone number", _body_of("POST .*/phone", "GET /developer/texts/.*"))
# An admin reads out the first one; nobody's own is ever shown.
PASSWORD = Secret("a password", _body_of("POST .*/admin/people(/[^/]+/password)?"))
ONE_TIME_CODE = Secret("a one-time code", _body_of("GET /developer/texts/.*"))


@dataclass
class Canaries:
    """What was seen, where first and in which test; and what must not be."""

    seen: dict[bytes, dict[Place, str]] = field(default_factory=lambda: defaultdict(dict))
    secrets: dict[str, Secret] = field(default_factory=dict)
    broken_fragments: dict[str, str] = field(default_factory=dict)
    pardoned: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def guard(self, secret: Secret, *texts: str) -> None:
        """From now on, and looking back, these texts are such secrets."""
        self.secrets |= dict.fromkeys((text for text in texts if text), secret)

    def guard_text(self, number: str, text: str) -> None:
        """From now on, what a text message holds and where it went are such secrets."""
        self.guard(PHONE_NUMBER, number.lstrip("+"))
        self.guard(ONE_TIME_CODE, *re.findall(r"\b\d{6}\b", text))

    def guard_form(self, form: object) -> None:
        """From now on, the passwords of a form that is sent are such secrets."""
        for name, value in form.items() if isinstance(form, Mapping) else ():
            for text in value if isinstance(value, list) else [value]:
                if "password" in name and _GOOD_PASSWORD.fullmatch(str(text)):
                    self.guard(PASSWORD, str(text))

    def saw(self, kind: str, name: str, content: bytes | str) -> None:
        """Takes in what was seen at a place."""
        content = content.encode("utf-8", "replace") if isinstance(content, str) else content
        words = set(_WORD.findall(content))
        if kind in ("log", "topic", "event"):
            words |= set(_SIX_DIGITS.findall(content))
        place, test = Place(kind, name), os.environ.get("PYTEST_CURRENT_TEST", "")
        with self.lock:
            for word in words:
                self.seen[word].setdefault(place, test)

    def saw_fragment(self, topic: str, html: str) -> None:
        """Takes in what was published, and whether it is inert."""
        self.saw("topic", topic, html)
        if html not in self.pardoned and (broken := broken_rules(html)):
            self.broken_fragments[topic] = f"{broken[0]} ({os.environ.get('PYTEST_CURRENT_TEST')})"

    def saw_answer(
        self, method: str, url: str, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        """Takes in an answer over HTTP, and learns the secrets it hands out."""
        path = unquote(urlsplit(url).path)
        name = f"{method} {path}"
        for link in re.findall(r"/sign-in/([\w-]{20,})", path):
            # What opened something was one; people try out other words there, too.
            if any(header.lower() == "location" for header, _ in headers):
                self.guard(LINK_SECRET, link)
            name = name.replace(link, "…")
        is_packed = False
        for header, value in headers:
            if header.lower() == "set-cookie":
                self._learn_from_cookie(value)
            else:
                self.saw("header", f"{header} of {name}", value)
            is_packed |= (header.lower(), value) == ("content-encoding", "gzip")
        if is_packed and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        for proof in re.findall(rb"/scan/[0-9a-f]+-[0-9a-f]+-([\w-]{16,})", body):
            self.guard(SCAN_CODE, proof.decode())
        for signature in re.findall(rb"X-Amz-Signature=([0-9a-f]{64})", body):
            self.guard(LIVE_GRANT, signature.decode())
        if name.endswith("/admin/links"):
            self.guard(LINK_SECRET, *re.findall(r"/sign-in/([\w-]{20,})", body.decode()))
        self.saw("body", name, body)

    def _learn_from_cookie(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        if name.removeprefix("__Host-") == "staff":
            self.guard(SESSION_SECRET, value)
        elif name.removeprefix("__Host-") == "session":
            content = _unsigned(value)
            self.guard(SESSION_SECRET, *_long_texts(content))

    def leaks(self) -> list[str]:
        """One line for each secret at a place where it has no business, or fragment that acts."""
        everything = b"\n".join([b"", *self.seen, b""])
        return [
            f"in a fragment pushed to {topic}: {broken}"
            for topic, broken in self.broken_fragments.items()
        ] + [
            f"{secret.what} in {place.kind} {place.name} ({test})"
            for text, secret in self.secrets.items()
            for word in _words_with(_longest_word(text), everything)
            for place, test in self.seen[word].items()
            if not secret.may_be_in(place)
        ]


def _longest_word(text: str) -> bytes:
    return max(_WORD.findall(text.encode()) or [text.encode()], key=len)


def _words_with(part: bytes, everything: bytes) -> set[bytes]:
    """The words that hold a text, among all that were seen, a line each."""
    if len(part) < _SHORTEST:
        # Six digits are part of many a number; a code stands alone.
        return {part} if b"\n%s\n" % part in everything else set()
    found, start = set(), everything.find(part)
    while start >= 0:
        end = everything.index(b"\n", start)
        found.add(everything[everything.rindex(b"\n", 0, start) + 1 : end])
        start = everything.find(part, end)
    return found


def _unsigned(cookie: str) -> Mapping:
    """What a signed cookie holds; whoever has it can read that, with or without the key."""
    serializer = URLSafeTimedSerializer("", serializer=TaggedJSONSerializer())
    try:
        return serializer.loads_unsafe(cookie)[1] or {}
    except (BadSignature, ValueError):
        return {}


def _long_texts(content: object) -> list[str]:
    """The texts of a session that are secrets; its form token is shown in every form."""
    if isinstance(content, Mapping):
        parts = [value for name, value in content.items() if name != "csrf_token"]
    elif isinstance(content, (list, tuple)):
        parts = list(content)
    else:
        return [content] if isinstance(content, str) and len(content) >= 24 else []
    return [text for part in parts for text in _long_texts(part)]


CANARIES = Canaries()


class LogCanary(logging.Handler):
    """Reads what this process logs, as the product would write it."""

    def __init__(self, canaries: Canaries) -> None:
        super().__init__()
        self._canaries = canaries
        self.setFormatter(LogFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        # What moto says about itself is no log of ours.
        if record.name.startswith(("webapp", "py.warnings", "flask")):
            self._canaries.saw("log", record.name, self.format(record))


def watch_clients(canaries: Canaries, monkeypatch) -> None:
    """Reads what each test client of this process is answered."""
    from flask.testing import FlaskClient

    ask = FlaskClient.open

    def open_and_tell(client, *arguments, **options):
        canaries.guard_form(options.get("data"))
        answer = ask(client, *arguments, **options)
        for one in (*answer.history, answer):
            # A stream says what the topics say, and some never end.
            body = b"" if one.mimetype == "text/event-stream" else one.get_data()
            canaries.saw_answer(one.request.method, one.request.url, list(one.headers), body)
        return answer

    monkeypatch.setattr(FlaskClient, "open", open_and_tell)


def watch_stacks(canaries: Canaries, monkeypatch) -> None:
    """Listens to all topics of every running bar, and reads its tables and logs before it stops."""
    from scripts.local.stack import LocalStack

    start, stop, ends = LocalStack.start, LocalStack.stop, {}

    def start_and_listen(stack) -> None:
        start(stack)
        ends[id(stack)] = _listen(canaries, stack)

    def read_and_stop(stack) -> None:
        if end := ends.pop(id(stack), None):
            _read_tables(canaries, stack)
            end()
        stop(stack)
        for log in stack.data.glob("*.log"):
            for line in log.open("rb"):
                canaries.saw("log", log.name, line)

    monkeypatch.setattr(LocalStack, "start", start_and_listen)
    monkeypatch.setattr(LocalStack, "stop", read_and_stop)


def _listen(canaries: Canaries, stack) -> Callable[[], object]:
    endpoint = _client(stack, "iot").describe_endpoint(endpointType="iot:Data-ATS")
    emulator = urlsplit(stack.endpoint_url)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport="websockets")
    # The emulator routes by host name.
    client.ws_set_options("/mqtt", {"Host": endpoint["endpointAddress"], **_secret(stack)})
    client.on_connect = lambda client, *_: client.subscribe("#", qos=0)
    client.on_message = lambda _client, _data, message: canaries.saw_fragment(
        message.topic, message.payload.decode("utf-8", "replace")
    )
    client.reconnect_delay_set(1, 2)
    client.connect_async(emulator.hostname, emulator.port)
    client.loop_start()
    return lambda: (client.disconnect(), client.loop_stop())


def _secret(stack) -> dict[str, str]:
    """What the emulator lets the bar's own parts in by."""
    return {SECRET_HEADER: stack.environment["BAR_SECRET"]}


def _read_tables(canaries: Canaries, stack) -> None:
    """Takes in the events that were stored, and learns the task tokens."""
    tables = _client(stack, "dynamodb")
    try:
        for item in _items(tables, "serverlesspresso-journeys"):
            told = item.get("step") or item["detail"]
            canaries.saw("event", item["event_key"]["S"], told["S"])
        for item in _items(tables, "serverlesspresso-orders"):
            canaries.guard(TASK_TOKEN, item.get("task_token", {}).get("S", ""))
        for one in EmulatorTexts(stack.endpoint_url, _secret(stack)).newest():
            canaries.guard_text(one.number, one.text)
    except (BotoCoreError, OSError):
        # A test has killed the emulator.
        return


def _items(tables, name: str) -> Iterable[dict]:
    for page in tables.get_paginator("scan").paginate(TableName=name):
        yield from page["Items"]


def _client(stack, service: str):
    keys = stack.environment
    session = boto3.session.Session(
        keys["AWS_ACCESS_KEY_ID"],
        keys["AWS_SECRET_ACCESS_KEY"],
        region_name=keys["AWS_DEFAULT_REGION"],
    )
    once = Config(retries={"total_max_attempts": 1}, proxies={})
    return session.client(service, endpoint_url=stack.endpoint_url, config=once)


def watch_context(canaries: Canaries, context) -> None:
    """Reads whatever a browser of Playwright is answered."""

    def tell(response) -> None:
        try:
            headers = [(part["name"], part["value"]) for part in response.headers_array()]
            kind = response.headers.get("content-type", "")
            is_page = kind.startswith(("text/html", "application/json", "text/plain"))
            body = response.body() if is_page and response.status not in (303, 302, 308) else b""
        except PlaywrightError:
            # The page has gone on or was closed meanwhile.
            return
        canaries.guard_form(parse_qs(response.request.post_data or ""))
        canaries.saw_answer(response.request.method, response.url, headers, body)

    context.on("response", tell)
