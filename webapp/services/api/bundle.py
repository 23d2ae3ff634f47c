"""The bundle of the JSON API itself, beside those of the use cases that it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from webapp.services.api.ports import IdempotentCalls


@dataclass(frozen=True, kw_only=True)
class ApiServices:
    """The stored answers, and the clock."""

    idempotent_calls: IdempotentCalls
    now: Callable[[], datetime]
