"""The ports of the past: journeys, marks for figures, and what a shop holds about a customer."""

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
    """What a shop holds about a customer.

    entries: one for each of their orders, beginning with its time. sessions: the browsers that made
    the orders.
    """

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
        """Forgets the orders and browsers of a trace, but not the day's count. Raises Stale."""


@dataclass(frozen=True)
class StoredEvent:
    """An event as its journey keeps it. at: when it happened."""

    detail_type: DetailType
    at: datetime
    detail: Mapping


class Journeys(Protocol):
    """The events of each order, stored under their keys (domain.events.journey_key)."""

    def store_step(self, order_id: str, at: str, details: Mapping[str, Mapping]) -> None:
        """Stores the events of one step, unless they are stored already."""

    def store(self, order_id: str, key: str, at: str, detail: dict) -> None:
        """Stores one event, unless it is stored already."""

    def stored(self, order_id: str) -> list[tuple[str, str]]:
        """Returns the keys and detail-types of all stored events of an order."""

    def events(self, order_id: str) -> list[StoredEvent]: ...
    def all_events(self) -> Iterable[StoredEvent]:
        """Returns every event of every order, for the team's scripts. Too slow for a page."""

    def forget(self, order_id: str) -> None:
        """Takes everybody's name and id out of an order's stored events."""


class Metrics(Protocol):
    def mark(self, event: OrderEvent, at: datetime, mark: str) -> None:
        """Leaves a mark at the event's order. The same mark again changes nothing."""

    def unmark(self, event: OrderEvent, at: datetime, marks: set[str]) -> None:
        """Takes marks away from the event's order."""

    def marks(
        self, shop_id: str, since: datetime, until: datetime, is_consistent: bool = False
    ) -> dict[str, set[str]]:
        """Returns the marks of our own orders that began in this span, by order id.

        is_consistent: reads all marks written before; otherwise the newest ones may be missing.
        """

    def recorded_marks(self, shop_id: str, since: datetime, until: datetime) -> dict[str, set[str]]:
        """Returns the marks of orders recorded elsewhere that may have begun in this span."""

    def packed_hours(
        self, shop_id: str, since: datetime, until: datetime
    ) -> dict[datetime, list[OrderRecord]]:
        """Returns the order records of the packed hours in this span, by the hour's beginning."""

    def begin_packing(self, shop_id: str, hour: datetime) -> str:
        """Notes that an hour is being packed; returns the proof that finish_packing needs."""

    def finish_packing(
        self, shop_id: str, hour: datetime, proof: str, records: Sequence[OrderRecord]
    ) -> None:
        """Stores an hour's records, unless the hour was unpacked since begin_packing."""

    def unpack(self, shop_id: str, at: datetime) -> None:
        """Deletes the packed records of this moment's hour, because one of its marks changed."""

    def latest_marks(self, shop_id: str, since: datetime, most: int) -> dict[str, set[str]]:
        """Returns the marks of the newest orders that began after `since`, by order id."""

    def forget(self, order: Order) -> None:
        """Takes the barista's name out of an order's marks. Only the baristas' figures change."""

    def count_refusal(self, shop_id: str, day: str, cause: str) -> None: ...
    def refusals(self, shop_id: str, first_day: str, last_day: str) -> dict[str, int]: ...
