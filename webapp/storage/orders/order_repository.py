"""Orders in DynamoDB. Each change is one conditional or transactional write."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from domain.errors import Busy, CodeUsedUp, HasOpenOrder, OrdersOfDayUsedUp
from domain.orders import (
    FORGOTTEN,
    HOLDS_CAPACITY,
    ON_THE_BOARD,
    OPEN_FOR_CUSTOMER,
    WALK_UP,
    Order,
    given_back,
)
from webapp.services.orders.ports import Claim, OrderCursor, OrderQuery, Orders
from webapp.services.refused import AlreadyThere, Stale
from webapp.storage.keys import BEGIN_OF_TIME, END_OF_TIME, query_span, within_time
from webapp.storage.orders.order_items import (
    attributes_of,
    changes,
    order_from_model,
    readable_orders,
)
from webapp.storage.tables import (
    READ_ATTRIBUTES,
    CustomerModel,
    IntakeModel,
    OrderModel,
    QrCodeModel,
)
from webapp.storage.transaction import CONFLICT, check_refused, transact

_CLAIM_TRIES = 4
_KEEP_CUSTOMERS = timedelta(days=2)
_MOST_RECENT = 100

_NOBODY = (FORGOTTEN, WALK_UP)
_MOST_AT_ONCE = 100
"""The most items that DynamoDB reads in one call."""


class OrderRepository(Orders):
    """Fulfils the port `Orders`, which describes each method."""

    def get(self, shop_id: str, order_id: str) -> Order | None:
        # The task token is never read here, because a page cannot reveal what it does not hold.
        try:
            model = OrderModel.get(
                shop_id, order_id, consistent_read=True, attributes_to_get=READ_ATTRIBUTES
            )
        except DoesNotExist:
            return None
        return order_from_model(model)

    def task_token(self, order: Order) -> str | None:
        try:
            return OrderModel.get(
                order.shop_id, order.id, consistent_read=True, attributes_to_get=["task_token"]
            ).task_token
        except DoesNotExist:
            return None

    def listed_orders(self, shop_id: str) -> list[Order]:
        found = OrderModel.open_orders.query(shop_id, consistent_read=True)
        return list(readable_orders(found))

    def open_orders(self, shop_id: str) -> list[Order]:
        return [order for order in self.listed_orders(shop_id) if order.state in ON_THE_BOARD]

    def unlist(self, order: Order) -> None:
        self._update(
            OrderModel(order.shop_id, order.id),
            [OrderModel.open_since.remove()],
            OrderModel.version == order.version,
        )

    def by_time(self, shop_id: str, asked: OrderQuery) -> tuple[list[Order], OrderCursor | None]:
        found: list[Order] = []
        if asked.most < 1:
            return found, None
        after = asked.after and {
            "shop_id": {"S": shop_id},
            "order_id": {"S": asked.after.order_id},
            "created_at": {"S": OrderModel.created_at.serialize(asked.after.created_at)},
        }
        # One order more than asked for tells whether there is a next page.
        batch = min(asked.most + 1, _MOST_AT_ONCE)
        keys = _begun_between(
            shop_id, asked.since, asked.until, after=after, newest_first=True, page_size=batch
        )
        for order in _read_each(keys, batch):
            if not asked.asks_for(order):
                continue
            if len(found) == asked.most:
                return found, OrderCursor(found[-1].created_at, found[-1].id)
            found.append(order)
        return found, None

    def open_orders_of(self, shop_id: str, customer_id: str) -> list[Order]:
        return self._under_way(_customer(shop_id, customer_id))

    def _under_way(self, customer: CustomerModel) -> list[Order]:
        """Returns the orders that the customer's item names and whose own state is under way."""
        entries = {*(customer.under_way or ()), *(customer.open_orders or ())}
        ids = {entry.partition("#")[0] for entry in entries}
        orders = (self.get(customer.shop_id, order_id) for order_id in sorted(ids))
        return [order for order in orders if order and order.state in OPEN_FOR_CUSTOMER]

    def recent_orders_of(self, shop_id: str, customer_id: str, most: int) -> list[Order]:
        entries = sorted(_customer(shop_id, customer_id).recent_orders or (), reverse=True)
        newest = entries[: max(most, 0)]
        found = (self.get(shop_id, entry.partition("#")[2]) for entry in newest)
        return [order for order in found if order and order.customer_id == customer_id]

    def claim(self, claim: Claim) -> None:
        for _ in range(_CLAIM_TRIES):
            customer = _customer(claim.order.shop_id, claim.order.customer_id)
            if self._claim_as(claim, customer):
                return
        raise Busy

    def _claim_as(self, claim: Claim, customer: CustomerModel) -> bool:
        """Writes the claim. Returns False when the customer's item changed after it was read."""
        order, bucket = claim.order, claim.bucket
        same_day = customer.calendar_day == claim.calendar_day
        of_day = max(int(customer.orders_of_day or 0), 0) if same_day else 0
        if of_day >= claim.most_of_day:
            # An order's own state says whether a drink came of it, so an end need not write here.
            had = of_day - given_back(self._of_day(claim, customer))
            if had >= claim.most_of_day:
                raise OrdersOfDayUsedUp(claim.most_of_day)
        under_way = self._under_way(customer)
        if any(one.id == order.id for one in under_way):
            raise AlreadyThere
        if len(under_way) >= claim.most_open:
            raise HasOpenOrder(under_way[0].id)
        item = OrderModel(order.shop_id, order.id, **attributes_of(order))
        code = QrCodeModel(bucket.shop_id, bucket.window)
        keep = timedelta(days=claim.keep_days)

        def build(transaction: TransactWrite) -> None:
            transaction.save(item, condition=OrderModel.order_id.does_not_exist())
            transaction.update(
                CustomerModel(order.shop_id, order.customer_id),
                actions=[
                    CustomerModel.under_way.set({order.id, *(one.id for one in under_way)}),
                    CustomerModel.open_orders.remove(),
                    CustomerModel.calendar_day.set(claim.calendar_day),
                    CustomerModel.orders_of_day.set(of_day + 1),
                    CustomerModel.recent_orders.set(_with_recent(customer, order, keep)),
                    CustomerModel.sessions.add({claim.session_id}),
                    CustomerModel.expires_at.set(order.created_at + keep + _KEEP_CUSTOMERS),
                ],
                # An order that comes back from its end writes to this item too.
                condition=_as_read(CustomerModel.under_way, customer.under_way)
                & _as_read(CustomerModel.open_orders, customer.open_orders)
                & _as_read(CustomerModel.calendar_day, customer.calendar_day)
                & _as_read(CustomerModel.orders_of_day, customer.orders_of_day)
                & _as_read(CustomerModel.recent_orders, customer.recent_orders),
            )
            transaction.update(
                code,
                actions=[QrCodeModel.taken.add(1)],
                condition=QrCodeModel.taken < bucket.scans,
            )

        refused = transact(build)
        if refused is None:
            return True
        order_refused, customer_refused, _ = refused
        if order_refused:
            raise AlreadyThere
        if customer_refused:
            return False
        raise CodeUsedUp(bucket.scans, bucket.closes_at)

    def _of_day(self, claim: Claim, customer: CustomerModel) -> Iterator[Order]:
        begin = OrderModel.created_at.serialize(claim.day_began_at)
        entries = sorted(entry for entry in customer.recent_orders or () if entry >= begin)
        keys = ((customer.shop_id, entry.partition("#")[2]) for entry in entries)
        return _read_each(keys, _MOST_AT_ONCE)

    def claim_walk_up(self, order: Order, calendar_day: str) -> None:
        item = OrderModel(order.shop_id, order.id, **attributes_of(order))
        # A refused order gives its scan and its customer's count back to these rows. A walk-up has
        # neither, so these rows have no limit.
        customer, scans = CustomerModel(order.shop_id, WALK_UP), QrCodeModel(order.shop_id, 0)
        keep_until = order.created_at + _KEEP_CUSTOMERS

        def build(transaction: TransactWrite) -> None:
            transaction.save(item, condition=OrderModel.order_id.does_not_exist())
            transaction.update(
                customer,
                actions=[
                    CustomerModel.orders_of_day.add(1),
                    CustomerModel.calendar_day.set(calendar_day),
                    CustomerModel.expires_at.set(keep_until),
                ],
            )
            transaction.update(
                scans, actions=[QrCodeModel.taken.add(1), QrCodeModel.expires_at.set(keep_until)]
            )

        if transact(build) is not None:
            raise AlreadyThere

    def save(self, before: Order, after: Order) -> Order:
        held, holds = before.state in HOLDS_CAPACITY, after.state in HOLDS_CAPACITY
        actions = changes(before, after)
        condition = (OrderModel.version == before.version) & (
            OrderModel.state == before.state.value
        )
        model = OrderModel(before.shop_id, before.id)
        if held == holds:
            self._update(model, actions, condition)
            return after
        if held:
            # A consumer of the stream tells the execution of the end. The stream gives it the item
            # as it was before, with the task token.
            actions.append(OrderModel.task_token.remove())
        holders = IntakeModel.open_orders

        def build(transaction: TransactWrite) -> None:
            transaction.update(model, actions=actions, condition=condition)
            # A customer whose drink is made again keeps the place, even in a full shop.
            change = holders.add({before.id}) if holds else holders.delete({before.id})
            transaction.update(IntakeModel(before.shop_id), actions=[change])
            if holds and before.customer_id not in _NOBODY:
                # The entry has a new name, so that a claim that has just read of the order's end is
                # refused.
                entry = f"{before.id}#{after.attempt}"
                transaction.update(
                    CustomerModel(before.shop_id, before.customer_id),
                    actions=[CustomerModel.under_way.add({entry})],
                )

        if transact(build) is not None:
            raise Stale
        return after

    def next_attempt(self, order: Order) -> Order:
        actions: list[Action] = [OrderModel.attempt.set(order.attempt + 1)]
        self._update(
            OrderModel(order.shop_id, order.id), actions, OrderModel.attempt == order.attempt
        )
        if (now := self.get(order.shop_id, order.id)) is None:
            raise Stale
        return now

    def oldest(
        self, shop_id: str, since: datetime | None, until: datetime, most: int
    ) -> list[Order]:
        return list(_read_each(_begun_between(shop_id, since, until, most=most), _MOST_AT_ONCE))

    def forget(self, shop_id: str, order_id: str) -> None:
        persons = (OrderModel.barista_id, OrderModel.barista_name, OrderModel.for_name)
        writes: list[tuple[list[Action], Condition]] = [
            # A walk-up holds no customer's id. Its customer_id stays, because walk-ups are counted.
            ([OrderModel.customer_id.set(FORGOTTEN)], ~OrderModel.customer_id.is_in(*_NOBODY)),
            (
                [person.remove() for person in persons],
                reduce(or_, (person.exists() for person in persons)),
            ),
        ]
        for actions, condition in writes:
            try:
                OrderModel(shop_id, order_id).update(
                    actions, condition=OrderModel.order_id.exists() & condition
                )
            except UpdateError as error:
                check_refused(error)

    def _update(self, model: OrderModel, actions: list[Action], condition: Condition) -> None:
        # When the answer to a write is lost, its retry is refused although the write was made. The
        # write_id tells whether it was this one.
        write_id = secrets.token_hex(8)
        try:
            model.update([*actions, OrderModel.write_id.set(write_id)], condition=condition)
        except UpdateError as error:
            if error.cause_response_code == CONFLICT:
                # A transaction holds the order at this moment. The caller reads again and sees its
                # result.
                raise Stale from None
            check_refused(error)
            try:
                stored = OrderModel.get(model.shop_id, model.order_id, consistent_read=True)
            except DoesNotExist:
                raise Stale from None
            if stored.write_id != write_id:
                raise Stale from None


def _begun_between(
    shop_id: str, since: datetime | None, until: datetime | None, **asked: Any
) -> Iterator[tuple[str, str]]:
    """Returns the keys of the orders that began from `since` on and before `until`."""
    # A span includes both ends, to the millisecond, but `until` itself must stay outside.
    last = within_time(until) - timedelta(milliseconds=1) if until else END_OF_TIME
    found = query_span(
        OrderModel.by_begin, shop_id, OrderModel.created_at, since or BEGIN_OF_TIME, last, **asked
    )
    return ((key.shop_id, key.order_id) for key in found)


def _read_each(keys: Iterable[tuple[str, str]], at_once: int) -> Iterator[Order]:
    """Yields the orders of these shops and ids in the same order, `at_once` in each call."""
    left = iter(keys)
    while batch := list(islice(left, at_once)):
        found = {
            model.order_id: model
            for model in OrderModel.batch_get(batch, attributes_to_get=READ_ATTRIBUTES)
        }
        yield from readable_orders(found[name] for _, name in batch if name in found)


def _customer(shop_id: str, customer_id: str) -> CustomerModel:
    try:
        return CustomerModel.get(shop_id, customer_id, consistent_read=True)
    except DoesNotExist:
        return CustomerModel(shop_id, customer_id)


def _with_recent(customer: CustomerModel, order: Order, keep: timedelta) -> set[str]:
    """Returns the customer's recent orders with one more, and without those that are too old."""
    begin = OrderModel.created_at.serialize(order.created_at - keep - _KEEP_CUSTOMERS)
    entries = {entry for entry in customer.recent_orders or () if entry > begin}
    entries.add(f"{OrderModel.created_at.serialize(order.created_at)}#{order.id}")
    return set(sorted(entries)[-_MOST_RECENT:])


def _as_read(attribute: Attribute, value: object) -> Condition:
    return attribute.does_not_exist() if value is None else attribute == value
