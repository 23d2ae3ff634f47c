"""The bundle of the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from webapp.services.limits.ports import Limits


@dataclass(frozen=True, kw_only=True)
class LimitServices:
    """The counters, and the clock."""

    limits: Limits
    now: Callable[[], datetime]
