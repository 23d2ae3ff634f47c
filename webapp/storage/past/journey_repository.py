"""The events of each order, in the order in which they were announced.

The events of one step have most values in common, so together they are one item of about one write
unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pynamodb.exceptions import PutError, UpdateError

from domain.detail_types import DetailType
from webapp.services.past.ports import Journeys, StoredEvent
from webapp.storage.tables import JourneyModel
from webapp.storage.transaction import check_refused


class JourneyRepository(Journeys):
    """Fulfils the port `Journeys`, which describes each method."""

    def store_step(self, order_id: str, at: str, details: Mapping[str, Mapping]) -> None:
        # An event's key begins with the version of its step.
        version = min(details).split("#")[0]
        self._store(JourneyModel(order_id, version, happened_at=at, step=_packed(details)))

    def store(self, order_id: str, key: str, at: str, detail: dict) -> None:
        self._store(
            JourneyModel(order_id, key, happened_at=at, detail_type=_name(key), detail=detail)
        )

    def _store(self, item: JourneyModel) -> None:
        try:
            item.save(condition=JourneyModel.event_key.does_not_exist())
        except PutError as error:
            # The key names the event, so an event that is delivered twice is already there.
            check_refused(error)

    def stored(self, order_id: str) -> list[tuple[str, str]]:
        found = {key for item in _items(order_id) for key in _keys(item)}
        return [(key, _name(key)) for key in sorted(found)]

    def events(self, order_id: str) -> list[StoredEvent]:
        return _events(_items(order_id))

    def all_events(self) -> Iterator[StoredEvent]:
        for item in JourneyModel.scan():
            yield from _events([item])

    def forget(self, order_id: str) -> None:
        from domain.forgetting import nameless

        for item in _items(order_id):
            details = _details(item)
            without = {key: nameless(_name(key), detail) for key, detail in details.items()}
            if without != details:
                _replace(item, without)


def _items(order_id: str) -> Iterable[JourneyModel]:
    return JourneyModel.query(order_id, consistent_read=True)


def _name(key: str) -> str:
    return key.split("#", 2)[2]


def _packed(details: Mapping[str, Mapping]) -> dict:
    """Returns the values that all details have in common once, and each detail's own values."""
    first, *others = details.values()
    common = {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }
    # The message is the same for all events of a detail-type, so it is not stored.
    shared = {*common, "Message"}
    return {
        "common": {name: value for name, value in common.items() if name != "Message"},
        "events": [
            [key, {name: value for name, value in detail.items() if name not in shared}]
            for key, detail in details.items()
        ],
    }


def _keys(item: JourneyModel) -> list[str]:
    return [item.event_key] if item.step is None else [key for key, _ in item.step["events"]]


def _details(item: JourneyModel) -> dict[str, dict]:
    """Returns the details of an item's events by their keys."""
    if item.step is None:
        return {item.event_key: item.detail}
    from domain.events import parse_event

    return {
        key: parse_event(_name(key), item.step["common"] | own).to_detail()
        for key, own in item.step["events"]
    }


def _events(items: Iterable[JourneyModel]) -> list[StoredEvent]:
    """Returns each event once.

    An event of ours may also have come over the bus, in a recording.
    """
    found = {
        key: _event(_name(key), item.happened_at, detail)
        for item in items
        for key, detail in _details(item).items()
    }
    return [found[key] for key in sorted(found)]


def _event(name: str, happened_at: str, detail: dict) -> StoredEvent:
    """Returns a stored event with its own time, or else with the time of its announcement."""
    from domain.events import parse_event

    at = getattr(parse_event(name, detail), "at", None)
    return StoredEvent(DetailType(name), at or datetime.fromisoformat(happened_at), detail)


def _replace(item: JourneyModel, details: Mapping[str, Mapping]) -> None:
    if item.step is None:
        action = JourneyModel.detail.set(details[item.event_key])
    else:
        action = JourneyModel.step.set(_packed(details))
    try:
        JourneyModel(item.order_id, item.event_key).update(
            actions=[action], condition=JourneyModel.event_key.exists()
        )
    except UpdateError as error:
        # The item was deleted meanwhile, so it names nobody.
        check_refused(error)
