"""Orders, and the executions that follow them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from domain.admission import TokenBucket
from domain.orders import Order, OrderState

if TYPE_CHECKING:
    from domain.admission import TokenBucket


@dataclass(frozen=True)
class Claim:
    """All that one claim changes and must not exceed.

    session_id: the browser that begins it. calendar_day: the shop's day, for most_of_day;
    day_began_at: its beginning.
    keep_days: for how many days the customer finds the order again.
    """

    order: Order
    bucket: TokenBucket
    session_id: str
    calendar_day: str
    most_open: int
    most_of_day: int
    day_began_at: datetime
    keep_days: int = 1


@dataclass(frozen=True)
class OrderCursor:
    """An order's place in a list by time."""

    created_at: datetime
    order_id: str


@dataclass(frozen=True)
class OrderQuery:
    """Which orders: in any of `states` (empty: all), begun from `since` on and before `until`."""

    states: frozenset[OrderState] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    customer_id: str | None = None
    most: int = 50
    after: OrderCursor | None = None

    def asks_for(self, order: Order) -> bool:
        """Whether an order begun in that time is one of those."""
        is_theirs = self.customer_id is None or order.customer_id == self.customer_id
        return is_theirs and (not self.states or order.state in self.states)


class Orders(Protocol):
    def get(self, shop_id: str, order_id: str) -> Order | None: ...
    def open_orders(self, shop_id: str) -> list[Order]:
        """The orders on the shop's board."""

    # Remove after 1.1: the board says the same once no collected order is left on the list.
    def listed_orders(self, shop_id: str) -> list[Order]:
        """The orders on the shop's board, and collected ones that are still on its list."""

    # Remove after 1.1: no collected order is on the list any more.
    def unlist(self, order: Order) -> None:
        """Takes a collected order off the list. Raises Stale."""

    def claim_walk_up(self, order: Order, calendar_day: str) -> None:
        """Creates an order that no code was scanned for. Raises AlreadyThere for this very one."""

    def claim(self, claim: Claim) -> None:
        """Takes a token and creates the order, or nothing of it.

        Raises AlreadyThere for this very order, HasOpenOrder, OrdersOfDayUsedUp, CodeUsedUp or
        Busy.
        """

    def save(self, before: Order, after: Order) -> Order:
        """Writes a move if the order is still as `before`; an end frees its place.

        An order taken back from its end has its place again, even in a full shop, and its customer
        has it under way. Raises Stale.
        """

    def next_attempt(self, order: Order) -> Order:
        """Counts one more execution for this order. Raises Stale."""

    def open_orders_of(self, shop_id: str, customer_id: str) -> list[Order]:
        """The customer's orders under way."""

    def recent_orders_of(self, shop_id: str, customer_id: str, most: int) -> list[Order]:
        """The customer's orders, newest first, for as long as the shop keeps whose they are."""

    def by_time(self, shop_id: str, asked: OrderQuery) -> tuple[list[Order], OrderCursor | None]:
        """A page of a shop's orders, newest first, and the place after which the next begins.

        A moment behind the writes.
        """

    def oldest(
        self, shop_id: str, since: datetime | None, until: datetime, most: int
    ) -> list[Order]:
        """The first orders that began from `since` on and before `until`, oldest first."""

    def forget(self, shop_id: str, order_id: str) -> None:
        """Takes out of an order whose it was, who made it and for whom; its state stays."""

    def task_token(self, order: Order) -> str | None:
        """What lets the order's execution go on; no other read gives it away."""


class Executions(Protocol):
    def start(self, order: Order, seconds_left: int) -> None:
        """Starts the order's execution; one of that name is as good as started."""

    def is_running(self, order: Order) -> bool: ...
    def resume(self, task_token: str) -> None:
        """Lets the execution go on; a token already closed is no error."""

    def close(self, task_token: str, cause: str) -> None:
        """Tells the execution that its order has ended another way."""
