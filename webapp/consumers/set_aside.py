"""Sets aside what this version cannot read: with the dead letters, for a later version.

Trying again would not help, and would hold up what comes behind. After an update
scripts/dead-letters delivers the call again, which then succeeds or stays with the dead letters.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.signals import Signal, counted

if TYPE_CHECKING:
    from webapp.services.events.bundle import EventServices

log = logging.getLogger(__name__)

_REDRIVE = "redrive"
"""Only a call that was set aside has this key, because nothing from outside can write at the top
level of a call."""


def is_redrive(called_with: Mapping) -> bool:
    """Returns whether this call was set aside before and is now delivered again."""
    return _REDRIVE in called_with


def set_aside(services: EventServices, called_with: Mapping, what: str, why: Exception) -> None:
    """Keeps the function's call with the dead letters, and logs it in one counted line."""
    services.dead_letters.keep({**called_with, _REDRIVE: True}, f"{what}: {why}")
    log.warning("%s, set aside: %s", what, why, extra=counted(Signal.UNKNOWN_EVENTS))
