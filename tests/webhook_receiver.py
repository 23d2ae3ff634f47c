"""A machine that receives webhooks as docs/extensions.md says; it knows nothing of the product."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.extensions import listing


@dataclass(frozen=True)
class Delivery:
    """A request that came, whether its signature was good, and what it was answered."""

    id: str
    is_genuine: bool
    envelope: dict
    status: int

    @property
    def order_id(self) -> str:
        return self.envelope["detail"].get("orderId", "")


@dataclass
class Receiver:
    """Keeps what comes. `failures`: how often it answers 500 before it takes a delivery."""

    secret: str = field(default_factory=lambda: _new_secret())
    deliveries: list[Delivery] = field(default_factory=list)
    failures: int = 0

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver._receive(self.headers, body))
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/bar"

    def about(self, order_id: str) -> list[Delivery]:
        return [one for one in self.deliveries if one.order_id == order_id]

    def _receive(self, headers, body: bytes) -> int:
        id = headers["webhook-id"]
        tries = sum(one.id == id for one in self.deliveries)
        status = 500 if tries < self.failures else 200
        is_genuine = _verify(self.secret, headers, body)
        self.deliveries.append(Delivery(id, is_genuine, json.loads(body), status))
        return status


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _verify(secret: str, headers, body: bytes) -> bool:
    """As the guide's listing does it."""
    names: dict = {}
    exec(compile(listing("def verify("), "verify", "exec"), names)
    return names["verify"](secret, headers, body)
