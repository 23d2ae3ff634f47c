"""Maps an order to its item, and back from an item of the table, its index or its stream."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pynamodb.expressions.update import Action

from domain.menu import drink_order_from_dict, drink_order_to_dict
from domain.orders import ON_THE_BOARD, Order, OrderState, Role
from webapp.storage.field_mapping import AS_LIST, Codec, FieldMapping, model_of_image, one_of
from webapp.storage.tables import OrderModel

log = logging.getLogger(__name__)

_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What reading an item of another shape raises. A failed call raises something else."""
_MOST_UNREADABLE = 1000


_ROW = FieldMapping(
    Order,
    OrderModel,
    columns={"id": "order_id", "window": "window_index", "number": "order_number"},
    codecs={
        "state": one_of(OrderState),
        "drink_order": Codec(drink_order_to_dict, drink_order_from_dict),
        "told": AS_LIST,
        "cancelled_by": one_of(Role),
    },
)
_NOT_OURS = ("admitted_at", "queued_at", "choose_seconds", "make_seconds", "task_token")
"""The fields that only the workflow writes."""
_OF_THE_CLAIM = frozenset({"customer_id", "window_index", "created_at", "for_name"})
"""The columns that the claim writes and no use case changes."""


def order_from_model(model: OrderModel) -> Order:
    """Returns the order from an item, whole or as the open-orders index projects it."""
    order = _ROW.read(model)
    if order.language is None and model.drink_order:
        return replace(order, language=model.drink_order.get("language"))
    return order


def order_from_stream_image(image: Mapping) -> Order:
    """Returns the order from a stream record's image (DynamoDB's own JSON)."""
    return order_from_model(model_of_image(OrderModel, image))


def readable_orders(models: Iterable[OrderModel]) -> Iterator[Order]:
    """Yields the orders of a query.

    An order that this version cannot read must not hide all others.
    """
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
    """Returns what a claim or a use case writes of an order.

    The workflow writes the rest of the item.
    """
    written = _ROW.write(order, without=("shop_id", "id", *_NOT_OURS))
    written["open_since"] = order.created_at if order.state in ON_THE_BOARD else None
    if order.drink_order and order.language:
        # The drink repeats the language, because the index of open orders holds the drink but not
        # the language, and a local index of an existing table cannot be changed.
        written["drink_order"] |= {"language": order.language}
    return written


def changes(before: Order, after: Order) -> list[Action]:
    """Returns the actions that turn the stored order `before` into `after`."""
    old, new = attributes_of(before), attributes_of(after)
    actions = []
    # An order that comes back may have left the list since it was read, which does not change its
    # version. So open_since is always written again.
    again = {"open_since"} if after.attempt != before.attempt else set()
    for name in new:
        if name not in _OF_THE_CLAIM and (old[name] != new[name] or name in again):
            attribute = getattr(OrderModel, name)
            actions.append(attribute.remove() if new[name] is None else attribute.set(new[name]))
    return actions
