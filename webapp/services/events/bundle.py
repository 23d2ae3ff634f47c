"""What the consumers of events may touch beside the use cases that they call."""

from __future__ import annotations

from dataclasses import dataclass, field

from webapp.services.events.ports import Bus, DeadLetters, Extensions, LiveTopics


@dataclass(frozen=True, kw_only=True)
class EventServices:
    """The bus, the screens, what cannot be read, and this deployment's extensions by name."""

    bus: Bus
    live: LiveTopics
    dead_letters: DeadLetters
    extensions: Extensions = field(default_factory=dict, compare=False)
