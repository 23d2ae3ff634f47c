"""Webhook out: sends every event to an address of your own, signed.

The headers and the signature follow Standard Webhooks (standardwebhooks.com), so that its libraries
can verify them. `webhook-id` is the same for every delivery of an event. `webhook-timestamp` is in
seconds. `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. A
redirect, an error, or no answer within seconds is a failure; then EventBridge delivers the event
again.

EXTENSION_WEBHOOK_URL: the address; EXTENSION_WEBHOOK_URL_HALL_2 is for the shop hall-2 alone.
EXTENSION_WEBHOOK_SECRET: the key, which is `whsec_` and the base64 of at least 24 random bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import timedelta

from domain.detail_types import DetailType
from webapp.extension_kit import Arrival, DeliveryFailed, Extension, Kit

_LEAST_KEY_BYTES = 24
_REMEMBERED = timedelta(days=2)
"""How long a sent event is remembered: longer than EventBridge delivers an event again."""


def send(kit: Kit, arrival: Arrival) -> None:
    """Sends the event's envelope, unless it has been sent already. Raises DeliveryFailed."""
    url = url_for(kit, arrival.event.shop_id)
    if not url or kit.table.get(arrival.event.shop_id, arrival.id) is not None:
        return
    body = json.dumps(arrival.envelope, separators=(",", ":")).encode()
    moment = int(kit.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "coffee-bar-webhook/1",
        "webhook-id": arrival.id,
        "webhook-timestamp": str(moment),
        "webhook-signature": signature(kit.settings["SECRET"], arrival.id, moment, body),
    }
    kit.http.post(url, body, headers)
    kit.table.put(arrival.event.shop_id, arrival.id, {}, kit.now() + _REMEMBERED)


def url_for(kit: Kit, shop_id: str) -> str | None:
    """Returns the address for a shop's events: its own, or the deployment's; None for none."""
    own = "URL_" + shop_id.upper().replace("-", "_")
    return kit.settings.get(own) or kit.settings.get("URL")


def signature(secret: str, message_id: str, moment: int, body: bytes) -> str:
    """Returns the signature header. Raises DeliveryFailed when the secret is not valid."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < _LEAST_KEY_BYTES:
        raise DeliveryFailed("EXTENSION_WEBHOOK_SECRET is not whsec_ and 24 bytes in base64")
    signed = f"{message_id}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


EXTENSION = Extension(
    about="Sends every event to an address of your own, signed.",
    detail_types=frozenset(DetailType),
    run=send,
    has_table=True,
    needs=("SECRET",),
)
