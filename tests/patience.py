"""Waiting for what a running bar does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_PATIENCE_SECONDS = 30

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found]) -> Found:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found
