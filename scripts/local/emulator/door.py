"""Lets only the bar talk to the emulator. Runs in .venv/ministack, around MiniStack's app.

MiniStack authenticates nobody at its own addresses (`/_ministack/…`), answers each preflight with
`*`, accepts the deployer's key without checking its signature, and lets anybody connect to IoT Core
without credentials. So any page that is opened on this machine, and any other program on it, could
read or empty the bar. Therefore
- a request needs the secret of this start, or a good signature of a key that the emulator knows;
- the emulator's own addresses and the bar's (`/_bar/…`) need the secret;
- the Host must be this machine's, so that no other name leads here; requests with another site's
  Origin are refused, and no preflight is answered;
- a WebSocket needs the secret or a signed address, as on AWS.

Only a few connections may be open before they have shown either, and the oldest is closed first, so
that a client with thousands of connections takes nothing away from the bar.
"""

from __future__ import annotations

import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import parse_qs, quote

from hypercorn.asyncio.tcp_server import TCPServer
from ministack.core import iam_evaluator, router, sigv4
from ministack.core.responses import get_account_id

from scripts.machine import SECRET_HEADER

_SECRET_HEADER = SECRET_HEADER.lower()
MOST_STRANGERS = 200
"""The most connections that have shown neither a secret nor a signature."""
MOST_BODY_BYTES = 64 * 1024 * 1024

_OWN_HOST = re.compile(r"(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9-]+\.)*localhost)(?::\d{1,5})?")
"""In every browser and resolver, names below localhost are this machine's (RFC 6761)."""
_GATEWAY_HOST = re.compile(r"[a-z0-9]+\.execute-api\.(?:[a-z0-9-]+\.)*localhost(?::\d{1,5})?")
"""The names at which API Gateway serves what was deployed to it."""
_REFUSAL = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>The"
    b" security token included in the request is invalid.</Message></Error></ErrorResponse>"
)
_FOR_THE_SECRET_ALONE = ("/_ministack", "/_localstack", "/_bar", "/_aws", "/health")

Scope = dict
App = Callable[[Scope, Callable, Callable], Awaitable[None]]


class Door:
    """An ASGI app that lets only the bar through to MiniStack's app.

    secret: the secret of this start.
    key and key_secret: the deployer's keys.
    page_origin: the origin of the bar's pages, the only pages that may connect to IoT Core.
    has_gateway: whether the bar is deployed behind the emulator's API Gateway, which is open to
        everybody as on AWS; a bar of scripts/serve never is.
    """

    def __init__(
        self,
        app: App,
        secret: str,
        key: str,
        key_secret: str,
        page_origin: str = "",
        has_gateway: bool = False,
        strangers: Strangers | None = None,
    ) -> None:
        if not secret:
            raise ValueError("The emulator needs BAR_SECRET: it answers to the bar alone.")
        self._app = app
        self._secret = secret.encode()
        self._deployer = (key, key_secret)
        self._page_origin = page_origin
        self._has_gateway = has_gateway
        self._strangers = strangers or Strangers()

    async def __call__(self, scope: Scope, receive: Callable, send: Callable) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = _joined(scope["headers"])
        let_in = self._handshake if scope["type"] == "websocket" else self._request
        receive = await let_in(scope, headers, receive)
        if receive is None:
            await _refuse(scope, send)
            return
        self._strangers.know(scope.get("client"))
        scope = scope | {
            "headers": [one for one in scope["headers"] if one[0] != _SECRET_HEADER.encode()]
        }
        await self._app(scope, receive, send)

    async def _request(self, scope: Scope, headers: dict, receive: Callable) -> Callable | None:
        """Returns the receiver for the request; None when the request is refused."""
        if self._is_of_gateway(headers.get("host", "")):
            return receive
        if "origin" in headers or scope["method"] == "OPTIONS" or not _is_own_host(headers):
            return None
        if self._has_secret(headers):
            return receive
        if scope["path"].startswith(_FOR_THE_SECRET_ALONE):
            return None
        query = _query(scope)
        key = router.extract_access_key_id(headers, query)
        if not key or not (key == self._deployer[0] or self._is_known(key, headers, query)):
            # The body is not read before this check, because a stranger could send one of any
            # length.
            return None
        body = await _read(receive)
        if body is None or not self._is_signed(scope, headers, query, key, body):
            return None
        return _again(body, receive)

    async def _handshake(self, scope: Scope, headers: dict, receive: Callable) -> Callable | None:
        if not _is_own_host(headers):
            return None
        if self._has_secret(headers):
            # No page can send the secret, so the Origin that the relay's library sends does not
            # matter.
            return receive
        # Some libraries, which are not pages, send the address that they connect to as the Origin.
        ours = ("", self._page_origin, f"http://127.0.0.1:{scope['server'][1]}")
        origin = headers.get("origin", "")
        if origin not in ours and not self._is_of_gateway(origin.removeprefix("http://")):
            return None
        checked = iam_evaluator.authenticate_handshake(scope, "iotdevicegateway")
        return receive if isinstance(checked, iam_evaluator.ResolvedCredential) else None

    def _is_of_gateway(self, host: str) -> bool:
        return self._has_gateway and _GATEWAY_HOST.fullmatch(host.lower()) is not None

    def _has_secret(self, headers: dict) -> bool:
        given = headers.get(_SECRET_HEADER, "").encode()
        return hmac.compare_digest(given, self._secret)

    @staticmethod
    def _is_known(key: str, headers: dict, query: dict) -> bool:
        token = headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token", [""])[0]
        account = iam_evaluator.find_iam_access_key_account(key) or get_account_id()
        found = iam_evaluator.resolve_credential(key, account, token)
        return isinstance(found, iam_evaluator.ResolvedCredential)

    def _is_signed(self, scope: Scope, headers: dict, query: dict, key: str, body: bytes) -> bool:
        path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
        if key == self._deployer[0]:
            signature = sigv4.parse_header_signature(headers)
            return not (
                isinstance(signature, tuple)
                or sigv4.request_time_failure(signature)
                or sigv4.header_signature_failure(
                    signature, self._deployer[1], scope["method"], path, query, headers, body
                )
            )
        iam_evaluator.pin_signed_request(scope["method"], path, query, scope["headers"])
        iam_evaluator.pin_signed_body(body)
        account = iam_evaluator.find_iam_access_key_account(key) or get_account_id()
        checked = iam_evaluator.authenticate(key, account)
        return isinstance(checked, iam_evaluator.ResolvedCredential)


class Strangers:
    """The connections that have shown nothing yet, oldest first."""

    def __init__(self, most: int = MOST_STRANGERS) -> None:
        self._most = most
        self._open: OrderedDict[tuple, Callable[[], None]] = OrderedDict()

    def add(self, peer: tuple, close: Callable[[], None]) -> None:
        """Adds a connection; the oldest is closed when there are too many."""
        self._open[peer[:2]] = close
        if len(self._open) > self._most:
            _, close_oldest = self._open.popitem(last=False)
            close_oldest()

    def know(self, peer: Iterable | None) -> None:
        """Removes a connection that has shown its secret or signature, or has gone."""
        self._open.pop(tuple(peer or ())[:2], None)

    def watch(self) -> None:
        """Counts each new connection of this process's server as a stranger at first."""
        run = TCPServer.run

        async def counted(server: TCPServer) -> None:
            peer = server.writer.get_extra_info("peername")
            if not peer:
                return
            self.add(peer, server.writer.transport.abort)
            try:
                await run(server)
            finally:
                self.know(peer)

        TCPServer.run = counted


def guarded(app: App) -> App:
    """Returns the app behind the door, set up from the environment, with limited connections."""
    strangers = Strangers()
    strangers.watch()
    return Door(
        app,
        secret=os.environ.get("BAR_SECRET", ""),
        key=os.environ["AWS_ACCESS_KEY_ID"],
        key_secret=os.environ["AWS_SECRET_ACCESS_KEY"],
        page_origin=os.environ.get("PAGE_ORIGIN", ""),
        has_gateway=os.environ.get("HAS_GATEWAY") == "1",
        strangers=strangers,
    )


def _joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), sigv4.decode_header_value(value)
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


def _query(scope: Scope) -> dict[str, list[str]]:
    return parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def _is_own_host(headers: dict[str, str]) -> bool:
    return _OWN_HOST.fullmatch(headers.get("host", "").lower()) is not None


async def _read(receive: Callable) -> bytes | None:
    """Returns the whole body; None when it is too long or its sender has gone."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BODY_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Callable) -> Callable:
    """Returns a receiver that repeats a body that was already read, and then continues."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> dict:
        return waiting.pop() if waiting else await receive()

    return receive_again


async def _refuse(scope: Scope, send: Callable) -> None:
    if scope["type"] == "websocket":
        # Closing before accepting makes the server answer with 403.
        await send({"type": "websocket.close", "code": 1008})
        return
    # AWS refuses unknown keys like this: clients read the name of the error, people the sentence.
    headers = [
        (b"content-length", b"%d" % len(_REFUSAL)),
        (b"content-type", b"text/xml"),
        (b"x-amzn-errortype", b"UnrecognizedClientException"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
