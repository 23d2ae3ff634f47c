"""Carries out a request with an Idempotency-Key once, however often it is sent.

This follows draft-ietf-httpapi-idempotency-key-header: the same key with the same request gets the
same answer again. The same key with another request is refused, and so is a request whose first
sending is still under way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from domain.errors import Refusal
from webapp.services.api.bundle import ApiServices
from webapp.services.api.ports import StoredAnswer

KEEP = timedelta(days=1)
LONGEST_CALL = timedelta(minutes=1)
"""A call that is unfinished after this time has failed; the same request is carried out anew."""
KEY_LENGTH = 64


class KeyReused(Refusal):
    """The key was used for another request."""

    def __init__(self) -> None:
        super().__init__("This key was already used for another request.")


class StillUnderWay(Refusal):
    """The first request with this key has not been answered yet."""

    def __init__(self) -> None:
        super().__init__("The first request with this key is still under way.")


def carry_out_once(
    services: ApiServices, owner: str, key: str, request: bytes, call: Callable[[], StoredAnswer]
) -> tuple[StoredAnswer, bool]:
    """Returns the call's answer, and whether it is the stored answer of an earlier sending.

    owner: whose key it is, because two devices may use the same key. request: what was asked, to
    compare. A call that raises leaves no answer, so that the request can be sent again.
    Raises KeyReused or StillUnderWay.
    """
    now = services.now()
    name = hashlib.sha256(f"{owner}|{key}".encode()).hexdigest()
    digest = hashlib.sha256(request).hexdigest()
    if not services.idempotent_calls.begin(name, digest, now, now + LONGEST_CALL, now + KEEP):
        begun = services.idempotent_calls.get(name)
        if begun is None or begun.digest != digest:
            raise KeyReused
        if begun.answer is None:
            raise StillUnderWay
        return begun.answer, True
    try:
        answer = call()
    except BaseException:
        services.idempotent_calls.forget(name)
        raise
    services.idempotent_calls.finish(name, answer)
    return answer, False
