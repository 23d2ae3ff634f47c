"""A request with an Idempotency-Key is carried out once, however often it is sent.

Follows draft-ietf-httpapi-idempotency-key-header: the same key with the same request gives the same
answer again, with another request it is refused, and one still under way is told to wait.
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
"""After this an unfinished call has died, and the same request is carried out anew."""
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
    """The call's answer, and whether it was given before. Raises KeyReused or StillUnderWay.

    owner: whose key it is; two devices may use the same one. A call that raises leaves no answer,
    so that it can be sent again.
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
