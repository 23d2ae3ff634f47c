"""Keeps calls that the function cannot read as dead letters, in the form that Lambda writes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from webapp.cloud.clients import Clients
from webapp.services.events.ports import DeadLetters

UNREADABLE = "Unreadable"
"""The condition by which scripts/dead-letters tells these calls from the calls that failed each
time they were tried."""
_MOST_BYTES = 250_000
"""SQS takes 256 KiB. A larger call is kept without its content."""


class SqsDeadLetters(DeadLetters):
    """The deployment's queue of dead letters."""

    def __init__(self, clients: Clients, prefix: str):
        self._clients = clients
        self._name = prefix + "dead-letters"

    def keep(self, payload: Mapping, why: str) -> None:
        queue = self._clients.sqs.get_queue_url(QueueName=self._name)["QueueUrl"]
        body = _body(payload, why)
        if len(body.encode()) > _MOST_BYTES:
            body = _body({}, f"{why} (too large to be kept)")
        self._clients.sqs.send_message(QueueUrl=queue, MessageBody=body)


def _body(payload: Mapping, why: str) -> str:
    return json.dumps(
        {
            "version": "1.0",
            "requestContext": {"condition": UNREADABLE, "approximateInvokeCount": 1},
            "requestPayload": payload,
            "responsePayload": {"errorMessage": why},
        }
    )
