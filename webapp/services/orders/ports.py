"""The ports of orders and of their executions."""

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
    """One claim: what it changes, and the limits that it must not exceed.

    session_id: the browser that makes the claim. calendar_day: the shop's day, for which
    most_of_day holds. day_began_at: when that day began.
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
    """Where an order stands in a list by time, so that a page can begin after it."""

    created_at: datetime
    order_id: str


@dataclass(frozen=True)
class OrderQuery:
    """Which orders to read.

    states: any of these; empty for all. since, until: the order began at or after `since` and
    before `until`. customer_id: only this customer's. most: the length of a page. after: begins the
    page after this order.
    """

    states: frozenset[OrderState] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    customer_id: str | None = None
    most: int = 50
    after: OrderCursor | None = None

    def asks_for(self, order: Order) -> bool:
        """Returns whether the order has the right customer and state; does not check its time."""
        is_theirs = self.customer_id is None or order.customer_id == self.customer_id
        return is_theirs and (not self.states or order.state in self.states)


class Orders(Protocol):
    def get(self, shop_id: str, order_id: str) -> Order | None: ...
    def open_orders(self, shop_id: str) -> list[Order]:
        """Returns the orders on the shop's board."""

    # Remove after 1.1: open_orders returns the same once no collected order is on the list.
    def listed_orders(self, shop_id: str) -> list[Order]:
        """Returns the orders on the shop's board, and collected ones that are still listed."""

    # Remove after 1.1: no collected order is on the list any more.
    def unlist(self, order: Order) -> None:
        """Takes a collected order off the list. Raises Stale."""

    def claim_walk_up(self, order: Order, calendar_day: str) -> None:
        """Creates an order without a scan. Raises AlreadyThere when this order exists."""

    def claim(self, claim: Claim) -> None:
        """Takes a token and creates the order in one transaction.

        Raises AlreadyThere when this order exists, HasOpenOrder, OrdersOfDayUsedUp, CodeUsedUp or
        Busy.
        """

    def save(self, before: Order, after: Order) -> Order:
        """Writes a move if the order is still the same as `before`. Raises Stale when it is not.

        An order that ends gives up its place. An order that is taken back from its end gets its
        place again, even in a full shop, and counts among its customer's orders under way.
        """

    def next_attempt(self, order: Order) -> Order:
        """Counts one more execution for this order. Raises Stale."""

    def open_orders_of(self, shop_id: str, customer_id: str) -> list[Order]:
        """Returns the customer's orders under way."""

    def recent_orders_of(self, shop_id: str, customer_id: str, most: int) -> list[Order]:
        """Returns the customer's orders, newest first, as long as the shop keeps whose they are."""

    def by_time(self, shop_id: str, asked: OrderQuery) -> tuple[list[Order], OrderCursor | None]:
        """Returns a page of a shop's orders, newest first, and the cursor of the next page.

        The newest writes may be missing, because an index is read.
        """

    def oldest(
        self, shop_id: str, since: datetime | None, until: datetime, most: int
    ) -> list[Order]:
        """Returns the first orders that began at or after `since` and before `until`, oldest first.

        most: how many orders.
        """

    def forget(self, shop_id: str, order_id: str) -> None:
        """Takes the customer, the barista and the name out of an order; its state stays."""

    def task_token(self, order: Order) -> str | None:
        """Returns the task token of the order's execution. It is secret, so an Order has none."""


class Executions(Protocol):
    def start(self, order: Order, seconds_left: int) -> None:
        """Starts the order's execution, unless one with its name exists already."""

    def is_running(self, order: Order) -> bool: ...
    def resume(self, task_token: str) -> None:
        """Lets the execution go on. A task token that is already closed is no error."""

    def close(self, task_token: str, cause: str) -> None:
        """Ends the execution, because its order has ended another way."""
