"""What cannot be read is set aside: with the dead letters, for a version that can read it.

Trying again would not help, and would hold up what comes behind it. scripts/dead-letters delivers
it again after an update; it then either goes on or stays where it is.
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
"""Only a call that was set aside says it: nothing from outside reaches the top level of a call."""


def is_redrive(called_with: Mapping) -> bool:
    """Whether this call was set aside before and is now delivered again."""
    return _REDRIVE in called_with


def set_aside(services: EventServices, called_with: Mapping, what: str, why: Exception) -> None:
    """Keeps what the function was called with, and says so in one counted line of the log."""
    services.dead_letters.keep({**called_with, _REDRIVE: True}, f"{what}: {why}")
    log.warning("%s, set aside: %s", what, why, extra=counted(Signal.UNKNOWN_EVENTS))
