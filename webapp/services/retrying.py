"""Repeats a use case's write when somebody else writes to the same item at that moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from domain.errors import Busy
from webapp.services.refused import Stale

_ATTEMPTS = 5
Result = TypeVar("Result")


def until_written(read_and_write: Callable[[], Result]) -> Result:
    """Calls `read_and_write` until it does not raise Stale, and returns its result.

    read_and_write: reads the item anew each time, decides and writes. Raises Busy when the fifth
    call is stale too.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return read_and_write()
        except Stale:
            # The other writer is done within a few milliseconds; the first retry is immediate.
            time.sleep(0.01 * attempt)
    raise Busy
