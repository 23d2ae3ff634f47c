"""The parts of an extension and what it may use; docs/extensions.md shows how to write one.

Of the product, an extension imports only this package and the domain. It gets its own table,
requests over HTTPS, a clock and a few facts about the bar, but no use case of the core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from domain.detail_types import DetailType
from webapp.extension_kit.table import OwnTable

if TYPE_CHECKING:
    from domain.events import Event
    from domain.shops import Shop
    from webapp.extension_kit.print_queue import Printout, PrintQueue


class DeliveryFailed(Exception):
    """A request to the outside failed; EventBridge delivers the event again."""


class HttpOut(Protocol):
    """Sends requests to the outside, only over HTTPS and only to public addresses."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Sends a POST request; returns when the answer is 2xx.

        Raises DeliveryFailed, also when the answer is a redirect.
        """


class BarToKnow(Protocol):
    """What an extension may ask the bar. It can read only."""

    def shop(self, shop_id: str) -> Shop:
        """Returns the shop with its settings. Raises NotFound."""

    def name_on(self, shop_id: str, order_id: str) -> str:
        """Returns who an order is for; empty when nobody gave a name or the name was erased."""


@dataclass(frozen=True)
class Kit:
    """All that an extension may use.

    settings: its own settings; EXTENSION_NAME_URL of the environment is here under "URL".
    own_table: None when the extension asked for none. own_printer: None when it draws nothing.
    """

    settings: Mapping[str, str]
    own_table: OwnTable | None
    http: HttpOut
    now: Callable[[], datetime]
    public_url: str
    bar: BarToKnow
    own_printer: PrintQueue | None

    @property
    def table(self) -> OwnTable:
        """Returns the extension's own table. Raises TypeError when it asked for none."""
        if self.own_table is None:
            raise TypeError("this extension has no table: has_table=True asks for one")
        return self.own_table

    @property
    def printer(self) -> PrintQueue:
        """Returns the extension's print queue. Raises TypeError when it draws nothing."""
        if self.own_printer is None:
            raise TypeError("this extension prints nothing: draw= says how")
        return self.own_printer


@dataclass(frozen=True)
class Arrival:
    """An event as it came over the bus.

    id: the same for every delivery of this event, and different for every other event. The
    envelope's own `id` differs when an event was announced twice.
    """

    event: Event
    envelope: Mapping
    id: str


@dataclass(frozen=True)
class Extension:
    """An extension: the events that it gets, and the functions that the core calls.

    about: one sentence about it. detail_types: the events for which `run` is called.
    run: may be called several times for an event, and for events in any order. When it raises,
    EventBridge delivers the event again; in the end the event goes to the dead letters.
    has_table: asks for a table. needs: the settings without which it cannot work.
    draw: makes the PDF of one of its printouts, which a device then fetches; needs a table.
    """

    about: str
    detail_types: frozenset[DetailType]
    run: Callable[[Kit, Arrival], None]
    has_table: bool = False
    needs: tuple[str, ...] = ()
    draw: Callable[[Kit, Printout], bytes] | None = None

    def __post_init__(self) -> None:
        if self.draw and not self.has_table:
            raise TypeError("what an extension has printed waits in its table: has_table=True")
