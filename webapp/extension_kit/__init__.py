"""What an extension is made of and what it may use; docs/extensions.md shows how to write one.

An extension imports this, the domain and the standard library, nothing else of the product: it gets
its own table, a way out over HTTPS, a clock and a few things to know, and no use case of the core.
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
    """What was asked for outside was not done; EventBridge delivers the event again."""


class HttpOut(Protocol):
    """Requests to the outside, over HTTPS and to public addresses only."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns when the other side answered 2xx. Raises DeliveryFailed, also for a redirect."""


class BarToKnow(Protocol):
    """What an extension may ask the bar; none of it changes anything."""

    def shop(self, shop_id: str) -> Shop:
        """The shop's settings. Raises NotFound."""

    def name_on(self, shop_id: str, order_id: str) -> str:
        """Who an order is for; empty when nobody said so, or when it has been forgotten."""


@dataclass(frozen=True)
class Kit:
    """All that an extension may use.

    settings: its own of the environment, EXTENSION_NAME_URL under "URL"; own_table: None when it
    asked for none; own_printer: None when it draws nothing.
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
        """Its own table. Raises TypeError for an extension that asked for none."""
        if self.own_table is None:
            raise TypeError("this extension has no table: has_table=True asks for one")
        return self.own_table

    @property
    def printer(self) -> PrintQueue:
        """Where its printouts wait. Raises TypeError for an extension that draws nothing."""
        if self.own_printer is None:
            raise TypeError("this extension prints nothing: draw= says how")
        return self.own_printer


@dataclass(frozen=True)
class Arrival:
    """An event as it came over the bus.

    id: the same for every delivery of this event, and only for this event; the envelope's own `id`
    differs when an event was announced twice.
    """

    event: Event
    envelope: Mapping
    id: str


@dataclass(frozen=True)
class Extension:
    """A pattern and a handler.

    run: may be called several times for an event, and for events in any order; what it raises
    makes EventBridge deliver again, and in the end brings the event to the dead letters.
    needs: the settings without which it cannot work.
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
