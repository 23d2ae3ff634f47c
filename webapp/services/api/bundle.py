"""What the JSON API needs beside the use cases that it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from webapp.services.api.ports import IdempotentCalls


@dataclass(frozen=True, kw_only=True)
class ApiServices:
    """The answers given before, and the clock."""

    idempotent_calls: IdempotentCalls
    now: Callable[[], datetime]
