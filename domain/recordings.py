"""Reads recorded days: removes persons from envelopes, and fits events to a rehearsal shop.

A recording is a list of EventBridge envelopes in the order of their times. Recordings of the
original Serverlesspresso can be played too. This module knows where its names differ from ours
(features of the original: `OrderManager.Order<eventId>-COMPLETED`,
`OrderProcessor.ShopUnavailable`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.detail_types import DetailType
from domain.events import Event, OrderEvent, UnreadableEvent, parse_event
from domain.reading import read_moment

AnyEvent = TypeVar("AnyEvent", bound=Event)
StandIn = Callable[[str, str], str]
"""Returns the name that replaces a name of this kind (a value of PERSONAL)."""

_ENDED = re.compile(r"OrderManager\.Order.*-(COMPLETED|CANCELLED)")
_ENDINGS = {"COMPLETED": DetailType.ORDER_COMPLETED, "CANCELLED": DetailType.ORDER_CANCELLED}
_OTHER_NAMES = {
    "OrderProcessor.ShopUnavailable": DetailType.SHOP_NOT_READY,
    "OrderManager_MakeOrder": DetailType.MAKE_ORDER,
}
PERSONAL = {
    "order_id": "order",
    "customer_id": "customer",
    "barista_id": "barista",
    "barista_name": "barista",
}
"""The fields of events that name somebody, and the kind of name that replaces each."""

_NEVER_PLAYED = {DetailType.CONFIG_CHANGED}
"""Changed settings are not played, because they belong to the shop that they were made for."""


class Unplayable(Exception):
    """An envelope that is not one of ours, or lacks what its kind needs. Its text says which."""


@dataclass(frozen=True)
class RecordedEvent:
    """An event and the moment at which it happened."""

    event: Event
    at: datetime


@dataclass
class Anonymous:
    """Replaces the names of persons and orders by names without meaning, the same one each time.

    Each recording has an Anonymous of its own, so that nobody can compare two recordings.
    """

    secret: str
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, kind: str, name: str) -> str:
        """Returns the name that replaces this one. An empty name stays empty."""
        if not name:
            return ""
        if kind == "order":
            return hashlib.sha256(f"{self.secret}|{name}".encode()).hexdigest()[:32]
        known = len([one for one in self._names if one[0] == kind])
        return self._names.setdefault((kind, name), f"{kind}-{known + 1}")


def without_persons(event: AnyEvent, anonymous: StandIn) -> AnyEvent:
    """Returns the event without anybody's id. A field that the event lacks is not added."""
    if not isinstance(event, OrderEvent):
        return event
    found = {name: kind for name, kind in PERSONAL.items() if hasattr(event, name)}
    stand_ins: dict[str, Any] = {
        name: anonymous(kind, getattr(event, name)) for name, kind in found.items()
    }
    return replace(event, **stand_ins)


def read_envelope(envelope: object) -> RecordedEvent:
    """Returns the event of a recorded envelope from any source, without fields that we do not know.

    Raises Unplayable.
    """
    if not isinstance(envelope, Mapping):
        raise Unplayable("not an envelope")
    name, detail = str(envelope.get("detail-type", "")), envelope.get("detail")
    if not isinstance(detail, Mapping):
        raise Unplayable(f"{name or 'an envelope'} without a detail")
    try:
        event = parse_event(_our_name(name), detail)
    except UnreadableEvent:
        raise Unplayable(_reason(name)) from None
    if event.detail_type in _NEVER_PLAYED:
        raise Unplayable(f"{name} belongs to another shop's settings")
    try:
        return RecordedEvent(event, read_moment(str(envelope.get("time", ""))))
    except ValueError:
        raise Unplayable(f"{name} without a time, or without a time zone") from None


def for_rehearsal(event: Event, shop_id: str, play: str, later: timedelta) -> Event:
    """Returns the event as one of the rehearsal shop's.

    play: names this performance. Its orders get new ids, so that the same recording can be played
        many times.
    later: how long after the recording the event is played.
    """
    if not isinstance(event, OrderEvent):
        return replace(event, shop_id=shop_id)
    order_id = hashlib.sha256(f"{play}|{event.order_id}".encode()).hexdigest()[:32]
    return replace(
        event,
        shop_id=shop_id,
        order_id=order_id,
        at=event.at and event.at + later,
        began_at=event.began_at and event.began_at + later,
    )


def in_order(events: Iterable[RecordedEvent]) -> list[RecordedEvent]:
    """Returns the events by time. Events of the same moment keep their recorded order."""
    return sorted(events, key=lambda recorded: recorded.at)


def _our_name(name: str) -> str:
    if match := _ENDED.fullmatch(name):
        return _ENDINGS[match[1]]
    return _OTHER_NAMES.get(name, name)


def _reason(name: str) -> str:
    known = _our_name(name) in set(DetailType)
    return f"{name} lacks a field it needs" if known else f"{name or 'no name'} is not known here"
