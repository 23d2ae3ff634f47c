"""The events on the bus: one class per detail-type, to and from an envelope's `detail`.

Field names and shapes follow the original (userId, orderId, eventId, drinkOrder, Message ...), so
that consumers written for the original can read our events. `eventId` is the original's word for
the shop's id. No event carries a task token, a QR code's secret or a phone number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

from domain.detail_types import DetailType
from domain.instants import from_ms, to_ms
from domain.menu import ChosenOption, DrinkOrder, menu_to_dict
from domain.orders import TRANSITIONS, Order, OrderState, announced_events
from domain.shops import Shop
from domain.texts import N_

EVENT_CLASSES: dict[DetailType, type[Event]] = {}
_ORDER_EVENT_CLASSES: dict[DetailType, type[OrderEvent]] = {}


@dataclass(frozen=True)
class Event:
    """What every event says.

    version: the version of the order, or of the settings, at that moment.
    """

    shop_id: str
    version: int

    detail_type: ClassVar[DetailType]
    message: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "detail_type" in cls.__dict__:
            EVENT_CLASSES[cls.detail_type] = cls

    def to_detail(self) -> dict:
        """Returns the envelope's `detail` as data that can be written as JSON."""
        return {"eventId": self.shop_id, "version": self.version, "Message": self.message}

    @classmethod
    def from_detail(cls, detail: Mapping) -> Event:
        """Returns the event from a `detail`.

        Ignores unknown keys. Raises KeyError for a missing one.
        """
        return cls(shop_id=detail["eventId"], version=int(detail.get("version", 0)))


@dataclass(frozen=True)
class OrderEvent(Event):
    """An event about one order.

    at: when its step happened, as the order's item says. began_at: when the order was claimed.
    An event that was recorded elsewhere may have neither. The event of a release has no `at`,
    because a release leaves no time in the item.
    """

    order_id: str
    customer_id: str
    order_number: int | None = None
    drink_order: DrinkOrder | None = None
    at: datetime | None = None
    began_at: datetime | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "detail_type" in cls.__dict__:
            _ORDER_EVENT_CLASSES[cls.detail_type] = cls

    def to_detail(self) -> dict:
        detail = super().to_detail() | {"orderId": self.order_id, "userId": self.customer_id}
        if self.order_number is not None:
            detail["orderNumber"] = str(self.order_number)
        if self.drink_order is not None:
            detail["drinkOrder"] = _drink_to_detail(self.drink_order, self.customer_id)
        if self.at is not None:
            detail["TS"] = to_ms(self.at)
        if self.began_at is not None:
            detail["startedTS"] = to_ms(self.began_at)
        return detail

    @classmethod
    def from_detail(cls, detail: Mapping) -> OrderEvent:
        return cls(**cls._fields_from(detail))

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        number = detail.get("orderNumber")
        drink = detail.get("drinkOrder")
        return {
            "shop_id": detail["eventId"],
            "version": int(detail.get("version", 0)),
            "order_id": detail["orderId"],
            "customer_id": detail.get("userId", ""),
            "order_number": int(number) if number not in (None, "") else None,
            "drink_order": _drink_from_detail(drink) if drink else None,
            "at": _moment(detail.get("TS")),
            "began_at": _moment(detail.get("startedTS")),
        }

    @classmethod
    def of(cls, order: Order) -> OrderEvent:
        """Returns the event about this order as it is now."""
        return cls(**cls._fields_of(order))

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        return {
            "shop_id": order.shop_id,
            "version": order.version,
            "order_id": order.id,
            "customer_id": order.customer_id,
            "order_number": order.number,
            "drink_order": order.drink_order,
            "at": order.moved_at,
            "began_at": order.created_at,
        }


@dataclass(frozen=True)
class NewOrder(OrderEvent):
    """An order begins.

    `is_walk_up` is True when a barista took it at the counter without a scan.
    """

    is_walk_up: bool = False

    detail_type = DetailType.NEW_ORDER
    message = N_("A valid QR code was scanned; the workflow is about to ask the shop for a place.")
    walk_up_message: ClassVar[str] = N_(
        "A barista took an order at the counter; the workflow is about to ask the shop for a place."
    )

    def to_detail(self) -> dict:
        detail = super().to_detail()
        if self.is_walk_up:
            detail |= {"walkUp": True, "Message": self.walk_up_message}
        return detail

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {"is_walk_up": bool(detail.get("walkUp", False))}

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        return super()._fields_of(order) | {"is_walk_up": order.is_walk_up}


@dataclass(frozen=True)
class WorkflowStarted(OrderEvent):
    detail_type = DetailType.WORKFLOW_STARTED
    message = N_("The shop is open and has a free place; the customer may now choose a drink.")


@dataclass(frozen=True)
class ShopNotready(OrderEvent):
    reason: str = ""

    detail_type = DetailType.SHOP_NOT_READY
    message = "The shop is closed or full; the order was not taken and the scan was given back."

    def to_detail(self) -> dict:
        return super().to_detail() | {"reason": self.reason}

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {"reason": detail.get("reason", "")}

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        return super()._fields_of(order) | {"reason": order.reason or ""}


@dataclass(frozen=True)
class WaitingProduction(OrderEvent):
    """An order was placed.

    told: the wait that the customer was told, from and to in minutes.
    """

    told: tuple[int, int] | None = None

    detail_type = DetailType.WAITING_PRODUCTION
    message = N_("The customer chose a drink and the order has its number.")

    def to_detail(self) -> dict:
        estimate = {} if self.told is None else {"estimateMinutes": list(self.told)}
        return super().to_detail() | estimate

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        told = detail.get("estimateMinutes")
        return super()._fields_from(detail) | {"told": tuple(told) if told else None}

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        return super()._fields_of(order) | {"told": order.told}


@dataclass(frozen=True)
class ProcessorWaitingCompletion(OrderEvent):
    detail_type = DetailType.PROCESSOR_WAITING_COMPLETION
    message = N_("The workflow resumed and now waits for a barista to make the drink.")


@dataclass(frozen=True)
class _WithOrderState(OrderEvent):
    """An event that repeats the order's state, as the original's events do."""

    state: str = ""
    state_key: ClassVar[str] = "ORDERSTATE"

    def to_detail(self) -> dict:
        return super().to_detail() | {self.state_key: self.state}

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {"state": detail.get(cls.state_key, "")}

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        return super()._fields_of(order) | {"state": order.state.value}


@dataclass(frozen=True)
class ManagerWaitingCompletion(_WithOrderState):
    detail_type = DetailType.MANAGER_WAITING_COMPLETION
    message = N_("The order is stored and stands in the baristas' queue.")
    state_key = "state"


@dataclass(frozen=True)
class QueueEvent(OrderEvent):
    """An event about the line, with the order's position and the number of waiting orders.

    position: 1 is the next order; 0 is an order that is not in line, or no longer.
    waiting: how many orders stand in line.
    Both are counted when the event is announced, so a repeated delivery may carry newer numbers.
    Both are None when nobody counted.
    """

    position: int | None = None
    waiting: int | None = None

    def to_detail(self) -> dict:
        counted = {"position": self.position, "waiting": self.waiting}
        return super().to_detail() | {
            name: count for name, count in counted.items() if count is not None
        }

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {
            name: detail.get(name) for name in ("position", "waiting")
        }

    def in_queue(self, line: list[Order]) -> QueueEvent:
        """Returns the event with its position in this line, whose first order is the next one."""
        places = {order.id: place for place, order in enumerate(line, start=1)}
        return replace(self, position=places.get(self.order_id, 0), waiting=len(line))


@dataclass(frozen=True)
class QueueOrderStarted(QueueEvent):
    detail_type = DetailType.QUEUE_ORDER_STARTED
    message = N_("The order joined the queue.")


@dataclass(frozen=True)
class MakeOrder(OrderEvent):
    """A barista took the order. An empty barista_id means that the barista released it."""

    barista_id: str = ""
    barista_name: str = ""

    detail_type = DetailType.MAKE_ORDER
    message = "A barista took the order or put it back."

    def to_detail(self) -> dict:
        detail = super().to_detail() | {"baristaUserId": self.barista_id}
        return detail | ({"baristaName": self.barista_name} if self.barista_name else {})

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {
            "barista_id": detail.get("baristaUserId", ""),
            "barista_name": detail.get("baristaName", ""),
        }

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        fields = super()._fields_of(order)
        if not order.barista_id:
            fields["at"] = None
        return fields | {
            "barista_id": order.barista_id or "",
            "barista_name": order.barista_name or "",
        }


@dataclass(frozen=True)
class OrderCompleted(_WithOrderState):
    detail_type = DetailType.ORDER_COMPLETED
    message = N_("The barista completed the order; it is ready to collect.")


@dataclass(frozen=True)
class QueueOrderCompleted(QueueEvent):
    detail_type = DetailType.QUEUE_ORDER_COMPLETED
    message = N_("The order left the queue, made.")


@dataclass(frozen=True)
class OrderCancelled(_WithOrderState):
    reason: str = ""
    cancelled_by: str = ""

    detail_type = DetailType.ORDER_CANCELLED
    message = "The order was cancelled."

    def to_detail(self) -> dict:
        return super().to_detail() | {"reason": self.reason, "cancelledBy": self.cancelled_by}

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {
            "reason": detail.get("reason", ""),
            "cancelled_by": detail.get("cancelledBy", ""),
        }

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        return super()._fields_of(order) | {
            "reason": order.reason or "",
            "cancelled_by": order.cancelled_by or "",
        }


@dataclass(frozen=True)
class QueueOrderCancelled(QueueEvent):
    detail_type = DetailType.QUEUE_ORDER_CANCELLED
    message = N_("The order left the queue, cancelled.")


@dataclass(frozen=True)
class OrderTimeOut(OrderEvent):
    cause: str = ""

    detail_type = DetailType.ORDER_TIME_OUT
    message = "Nobody acted within the deadline; the order was closed and its place freed."

    def to_detail(self) -> dict:
        return super().to_detail() | {"cause": self.cause}

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {"cause": detail.get("cause", "")}

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        return super()._fields_of(order) | {"cause": order.reason or ""}


@dataclass(frozen=True)
class OrderFinished(OrderEvent):
    detail_type = DetailType.ORDER_FINISHED
    message = N_("The order's workflow has come to its end.")


@dataclass(frozen=True)
class OrderCollected(OrderEvent):
    detail_type = DetailType.ORDER_COLLECTED
    message = N_("The drink left the counter.")


@dataclass(frozen=True)
class OrderReopened(_WithOrderState):
    """A ready order is not ready any more: it is made again, or a barista took a wrong tap back."""

    reason: str = ""

    detail_type = DetailType.ORDER_REOPENED
    message = "A ready order was taken back: to be made again, or because of a wrong tap."

    def to_detail(self) -> dict:
        return super().to_detail() | {"reason": self.reason}

    @classmethod
    def _fields_from(cls, detail: Mapping) -> dict:
        return super()._fields_from(detail) | {"reason": detail.get("reason", "")}

    @classmethod
    def _fields_of(cls, order: Order) -> dict:
        is_remake = order.state is OrderState.SUBMITTED
        return super()._fields_of(order) | {
            "reason": "remake" if is_remake else "undo",
            "at": order.remade_at if is_remake else order.taken_back_at,
        }


@dataclass(frozen=True)
class AllEventsStored(OrderEvent):
    detail_type = DetailType.ALL_EVENTS_STORED
    message = N_("Every event of the order is stored in its journey.")


@dataclass(frozen=True)
class ConfigChanged(Event):
    """A shop's settings changed. The event carries what the screens show."""

    is_open: bool = True
    capacity: int = 0
    menu: dict = field(default_factory=dict)

    detail_type = DetailType.CONFIG_CHANGED
    message = "The shop's settings changed."

    def to_detail(self) -> dict:
        return super().to_detail() | {
            "storeOpen": self.is_open,
            "maxOrdersInQueue": self.capacity,
            "menu": self.menu,
        }

    @classmethod
    def from_detail(cls, detail: Mapping) -> ConfigChanged:
        return cls(
            shop_id=detail["eventId"],
            version=int(detail.get("version", 0)),
            is_open=detail.get("storeOpen", True),
            capacity=detail.get("maxOrdersInQueue", 0),
            menu=detail.get("menu", {}),
        )

    @classmethod
    def of(cls, shop: Shop) -> ConfigChanged:
        """Returns the event about this shop's settings as they are now."""
        return cls(
            shop_id=shop.id,
            version=shop.version,
            is_open=shop.is_open,
            capacity=shop.capacity,
            menu=menu_to_dict(shop.menu),
        )


def events_for_change(before: Order | None, after: Order) -> list[OrderEvent]:
    """Returns the events that a change of an order announces, in order."""
    return [_ORDER_EVENT_CLASSES[name].of(after) for name in announced_events(before, after)]


class UnreadableEvent(ValueError):
    """An event that is not one of ours, or lacks what its detail-type needs. Its text says why."""


def parse_event(detail_type: str, detail: Mapping) -> Event:
    """Returns the event of a detail-type and a detail from any writer. Raises UnreadableEvent."""
    try:
        return EVENT_CLASSES[DetailType(detail_type)].from_detail(detail)
    except (AttributeError, ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise UnreadableEvent(f"{detail_type}: {error!r}") from None


def parse_order_event(detail_type: str, detail: Mapping) -> OrderEvent:
    """Returns the event about an order, as `parse_event` does.

    Raises UnreadableEvent for an event that is not about an order, too.
    """
    event = parse_event(detail_type, detail)
    if not isinstance(event, OrderEvent):
        raise UnreadableEvent(f"{detail_type} is not about an order")
    return event


def event_of(envelope: Mapping) -> Event:
    """Returns the event of an EventBridge envelope. Raises UnreadableEvent."""
    return parse_event(envelope.get("detail-type", ""), envelope.get("detail", {}))


def journey_key(event: OrderEvent) -> str:
    """Returns an event's sort key in its journey: by version, then in the order of announcement."""
    place = _JOURNEY_ORDER.index(event.detail_type)
    return f"{event.version:06d}#{place:02d}#{event.detail_type}"


_ENDINGS = (DetailType.ORDER_FINISHED, DetailType.ALL_EVENTS_STORED)
_ANNOUNCED = [name for row in TRANSITIONS for name in row.events if name not in _ENDINGS]
_JOURNEY_ORDER = [*dict.fromkeys([DetailType.NEW_ORDER, *_ANNOUNCED]), *_ENDINGS]


_AFTER_THE_END = {DetailType.ORDER_COLLECTED, DetailType.ALL_EVENTS_STORED}


def journey_is_complete(keys: Iterable[str]) -> bool:
    """Returns True when the journey has every event of every step up to the order's end.

    Each step announces one of the known sets of events. A missing or half-stored step makes the
    journey incomplete, in whatever order the events arrived. An order that is made again has
    another end to come. The event that its drink was collected comes after the end.
    """
    steps: dict[int, set[DetailType]] = {}
    for key in keys:
        version, _, name = key.split("#", 2)
        steps.setdefault(int(version), set()).add(DetailType(name))
    ends = [version for version, names in steps.items() if DetailType.ORDER_FINISHED in names]
    if not ends:
        return False
    known = [{DetailType.NEW_ORDER}, *(set(row.events) for row in TRANSITIONS)]
    if any(steps[version] - _AFTER_THE_END for version in steps if version > max(ends)):
        return False
    return all(steps.get(version) in known for version in range(1, max(ends) + 1))


def _moment(value: Any) -> datetime | None:
    # In events recorded elsewhere, TS may be a text, seconds with a fraction, or no time at all.
    try:
        return from_ms(int(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _drink_to_detail(drink: DrinkOrder, customer_id: str) -> dict:
    return {
        "userId": customer_id,
        "drink": drink.name,
        "modifiers": [option.name for option in drink.options],
        "icon": drink.icon,
        "drinkId": drink.drink,
        "groups": [option.group for option in drink.options],
        "differences": list(drink.differences),
        "defaults": [option.is_default for option in drink.options],
    }


def _drink_from_detail(data: Mapping) -> DrinkOrder:
    modifiers = list(data.get("modifiers", ()))
    groups = list(data.get("groups", [""] * len(modifiers)))
    differences = set(data.get("differences", ()))
    defaults = data.get("defaults", [name not in differences for name in modifiers])
    return DrinkOrder(
        drink=data.get("drinkId", data.get("drink", "")),
        name=data.get("drink", ""),
        icon=data.get("icon", ""),
        options=tuple(
            ChosenOption(group, name, is_default)
            for group, name, is_default in zip(groups, modifiers, defaults)
        ),
    )
