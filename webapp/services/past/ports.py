"""What is kept of the past: journeys, marks for figures, and what a shop holds of a customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from domain.detail_types import DetailType

if TYPE_CHECKING:
    from domain.events import OrderEvent
    from domain.metrics import OrderRecord
    from domain.orders import Order


@dataclass(frozen=True)
class CustomerTrace:
    """What a shop holds about a customer: their orders by time and the browsers that made them."""

    shop_id: str
    customer_id: str
    entries: frozenset[str]
    sessions: frozenset[str]

    @property
    def order_ids(self) -> list[str]:
        return [entry.partition("#")[2] for entry in sorted(self.entries)]


class Customers(Protocol):
    def trace(self, shop_id: str, customer_id: str) -> CustomerTrace | None: ...
    def forget(self, trace: CustomerTrace) -> None:
        """Lets the orders and browsers of a trace go; the day's count stays. Raises Stale."""


@dataclass(frozen=True)
class StoredEvent:
    """An event as its journey keeps it; `at` is when it happened."""

    detail_type: DetailType
    at: datetime
    detail: Mapping


class Journeys(Protocol):
    """The events of each order by their keys (domain.events.journey_key)."""

    def store_step(self, order_id: str, at: str, details: Mapping[str, Mapping]) -> None:
        """Stores the events of one step, unless that was done before."""

    def store(self, order_id: str, key: str, at: str, detail: dict) -> None:
        """Stores one event, unless that was done before."""

    def stored(self, order_id: str) -> list[tuple[str, str]]:
        """Keys and detail-types of all that is stored."""

    def events(self, order_id: str) -> list[StoredEvent]: ...
    def all_events(self) -> Iterable[StoredEvent]:
        """Every event of every order: for the team's scripts, never for a page."""

    def forget(self, order_id: str) -> None:
        """Takes everybody out of the stored events."""


class Metrics(Protocol):
    def mark(self, event: OrderEvent, at: datetime, mark: str) -> None:
        """Leaves a mark at the event's order; the same mark again changes nothing."""

    def unmark(self, event: OrderEvent, at: datetime, marks: set[str]) -> None:
        """Takes marks away that the order's journey does not know."""

    def marks(
        self, shop_id: str, since: datetime, until: datetime, is_consistent: bool = False
    ) -> dict[str, set[str]]:
        """The marks of our own orders that began in this span, by order id.

        is_consistent: all that were written before; otherwise the last ones may be missing.
        """

    def recorded_marks(self, shop_id: str, since: datetime, until: datetime) -> dict[str, set[str]]:
        """The marks of orders recorded elsewhere that may have begun in this span."""

    def packed_hours(
        self, shop_id: str, since: datetime, until: datetime
    ) -> dict[datetime, list[OrderRecord]]:
        """What the marks of whole hours say, of those that are packed, by the hour's begin."""

    def begin_packing(self, shop_id: str, hour: datetime) -> str:
        """Says that an hour is being packed; what is returned proves it to finish_packing."""

    def finish_packing(
        self, shop_id: str, hour: datetime, proof: str, records: Sequence[OrderRecord]
    ) -> None:
        """Keeps an hour's records, unless it was unpacked since begin_packing."""

    def unpack(self, shop_id: str, at: datetime) -> None:
        """Forgets what is packed of this moment's hour, for a mark there has changed."""

    def latest_marks(self, shop_id: str, since: datetime, most: int) -> dict[str, set[str]]:
        """The marks of the newest orders that began after `since`."""

    def forget(self, order: Order) -> None:
        """Takes the barista's name out of an order's marks; all figures but theirs stay."""

    def count_refusal(self, shop_id: str, day: str, cause: str) -> None: ...
    def refusals(self, shop_id: str, first_day: str, last_day: str) -> dict[str, int]: ...
