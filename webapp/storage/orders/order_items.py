"""An order as an item, and back: as the table, its index or its stream has it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

from pynamodb.expressions.update import Action

from domain.menu import ChosenOption, DrinkOrder
from domain.orders import ON_THE_BOARD, Order, OrderState, Role
from webapp.storage.tables import OrderModel

log = logging.getLogger(__name__)

_MUTABLE = (
    "state",
    "version",
    "order_number",
    "drink_order",
    "told",
    "submitted_at",
    "making_at",
    "ended_at",
    "collected_at",
    "barista_id",
    "barista_name",
    "cancelled_by",
    "reason",
    "open_since",
    "attempt",
    "remade_at",
    "taken_back_at",
    "language",
)
"""Attributes that a use case may change; the rest belongs to the claim and the workflow."""


_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What reading an item raises that is of another shape; a failed call raises something else."""
_MOST_UNREADABLE = 1000


def order_from_model(model: OrderModel) -> Order:
    """The domain's order from an item, whole or as the open-orders index projects it."""
    return Order(
        shop_id=model.shop_id,
        id=model.order_id,
        customer_id=model.customer_id,
        window=int(model.window_index),
        created_at=model.created_at,
        state=OrderState(model.state),
        version=int(model.version),
        attempt=int(model.attempt or 1),
        number=int(model.order_number) if model.order_number is not None else None,
        drink_order=_drink_from_json(model.drink_order),
        told=tuple(model.told) if model.told else None,
        admitted_at=model.admitted_at,
        submitted_at=model.submitted_at,
        queued_at=model.queued_at,
        making_at=model.making_at,
        ended_at=model.ended_at,
        collected_at=model.collected_at,
        choose_seconds=_int(model.choose_seconds),
        make_seconds=_int(model.make_seconds),
        barista_id=model.barista_id,
        barista_name=model.barista_name,
        cancelled_by=Role(model.cancelled_by) if model.cancelled_by else None,
        reason=model.reason,
        task_token=model.task_token,
        remade_at=model.remade_at,
        taken_back_at=model.taken_back_at,
        for_name=model.for_name,
        language=model.language or (model.drink_order or {}).get("language"),
    )


def order_from_stream_image(image: Mapping) -> Order:
    """The order from a stream record's image (DynamoDB's own JSON)."""
    model = OrderModel()
    model.deserialize({name: dict(value) for name, value in image.items()})
    return order_from_model(model)


def readable_orders(models: Iterable[OrderModel]) -> Iterator[Order]:
    """The orders of a query. One that this version cannot read must not hide all others."""
    found, unread = iter(models), 0
    while True:
        try:
            yield order_from_model(next(found))
            unread = 0
        except StopIteration:
            return
        except _UNREADABLE as error:
            unread += 1
            if unread > _MOST_UNREADABLE:
                raise
            log.warning("left out an order that cannot be read: %s", type(error).__name__)


def attributes_of(order: Order) -> dict:
    """What a claim or a use case writes of an order; the rest of the item is the workflow's."""
    return {
        "customer_id": order.customer_id,
        "window_index": order.window,
        "created_at": order.created_at,
        "open_since": order.created_at if order.state in ON_THE_BOARD else None,
        "state": order.state.value,
        "version": order.version,
        "attempt": order.attempt,
        "order_number": order.number,
        "drink_order": _drink_to_json(order.drink_order, order.language),
        "told": order.told and list(order.told),
        "submitted_at": order.submitted_at,
        "making_at": order.making_at,
        "ended_at": order.ended_at,
        "collected_at": order.collected_at,
        "barista_id": order.barista_id,
        "barista_name": order.barista_name,
        "cancelled_by": order.cancelled_by.value if order.cancelled_by else None,
        "reason": order.reason,
        "remade_at": order.remade_at,
        "taken_back_at": order.taken_back_at,
        "for_name": order.for_name,
        "language": order.language,
    }


def changes(before: Order, after: Order) -> list[Action]:
    """The update that makes one order the other."""
    old, new = attributes_of(before), attributes_of(after)
    actions = []
    # An order that comes back may have left the list since it was read: that is no change of it.
    again = {"open_since"} if after.attempt != before.attempt else set()
    for name in _MUTABLE:
        if old[name] != new[name] or name in again:
            attribute = getattr(OrderModel, name)
            actions.append(attribute.remove() if new[name] is None else attribute.set(new[name]))
    return actions


def _drink_to_json(drink: DrinkOrder | None, language: str | None) -> dict | None:
    if drink is None:
        return None
    data = {
        "drink": drink.drink,
        "name": drink.name,
        "icon": drink.icon,
        "options": [[o.group, o.name, o.is_default] for o in drink.options],
    }
    # Once more, because the index of open orders holds the drink but not the language, and a local
    # index of a table that exists cannot be changed.
    return data | {"language": language} if language else data


def _drink_from_json(data: dict | None) -> DrinkOrder | None:
    if data is None:
        return None
    options = tuple(ChosenOption(*option) for option in data["options"])
    return DrinkOrder(data["drink"], data["name"], data["icon"], options)


def _int(value) -> int | None:
    return None if value is None else int(value)
