"""The ports of what follows from a write: the bus, live topics, extensions and dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from domain.events import Event
    from domain.recordings import RecordedEvent
    from webapp.extension_kit import Arrival, Extension, Kit


class Bus(Protocol):
    def put(self, events: list[Event]) -> None: ...
    def put_recorded(self, events: list[RecordedEvent]) -> None: ...
    def check(self) -> None: ...


class DeadLetters(Protocol):
    def keep(self, payload: Mapping, why: str) -> None:
        """Keeps a payload that the function was called with and cannot read.

        The team delivers it again after an update (scripts/dead-letters). why: the reason, for the
        team.
        """


class LiveTopics(Protocol):
    def publish(self, topic: str, html: str) -> None: ...


class Extensions(Protocol):
    """This deployment's extensions by name; implemented by extending.Installed."""

    def __contains__(self, name: object) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def run(self, name: str, arrival: Arrival) -> None: ...
    def ready(self, name: str) -> tuple[Extension, Kit]: ...
