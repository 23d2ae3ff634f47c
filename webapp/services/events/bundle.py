"""The bundle of the consumers, beside those of the use cases that they call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.services.events.ports import Bus, DeadLetters, Extensions, LiveTopics

if TYPE_CHECKING:
    from webapp.extension_kit import Arrival, Extension, Kit


class NoExtensions(Extensions):
    """A deployment without extensions."""

    def __contains__(self, name: object) -> bool:
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def run(self, name: str, arrival: Arrival) -> None:
        raise KeyError(name)

    def ready(self, name: str) -> tuple[Extension, Kit]:
        raise KeyError(name)


@dataclass(frozen=True, kw_only=True)
class EventServices:
    """The bus, the live topics, the dead letters, and this deployment's extensions by name."""

    bus: Bus
    live: LiveTopics
    dead_letters: DeadLetters
    extensions: Extensions = field(default_factory=NoExtensions, compare=False)
