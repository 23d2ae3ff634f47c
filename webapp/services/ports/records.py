"""What is kept of the past: journeys, marks for the figures, answers given."""

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


@dataclass(frozen=True)
class StoredAnswer:
    """An answer that can be given again."""

    status: int
    body: str


@dataclass(frozen=True)
class BegunCall:
    """A call with an Idempotency-Key: what was asked, and the answer once there is one."""

    digest: str
    answer: StoredAnswer | None


class Answers(Protocol):
    def begin(
        self, name: str, digest: str, now: datetime, dies_at: datetime, ends_at: datetime
    ) -> bool:
        """False when the name is taken; an unfinished call of the same digest may die first."""

    def get(self, name: str) -> BegunCall | None: ...
    def finish(self, name: str, answer: StoredAnswer) -> None: ...
    def forget(self, name: str) -> None: ...
