"""What follows from a write: the workflow, the bus, the screens, and extensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from domain.events import Event
    from domain.orders import Order
    from domain.recordings import RecordedEvent
    from webapp.extension_kit import Arrival, Extension, Kit


class Executions(Protocol):
    def start(self, order: Order, seconds_left: int) -> None:
        """Starts the order's execution; one of that name is as good as started."""

    def is_running(self, order: Order) -> bool: ...
    def resume(self, task_token: str) -> None:
        """Lets the execution go on; a token already closed is no error."""

    def close(self, task_token: str, cause: str) -> None:
        """Tells the execution that its order has ended another way."""


class Bus(Protocol):
    def put(self, events: list[Event]) -> None: ...
    def put_recorded(self, events: list[RecordedEvent]) -> None: ...
    def check(self) -> None: ...


class DeadLetters(Protocol):
    def keep(self, payload: Mapping, why: str) -> None:
        """Keeps what the function was called with and cannot read, until an update redrives it."""


class LiveTopics(Protocol):
    def publish(self, topic: str, html: str) -> None: ...


class Extensions(Protocol):
    """What this deployment has beside the core, by name; see extending.Installed."""

    def __contains__(self, name: object) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def run(self, name: str, arrival: Arrival) -> None: ...
    def ready(self, name: str) -> tuple[Extension, Kit]: ...
