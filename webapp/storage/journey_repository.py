"""The events of each order, in the order in which they were announced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pynamodb.exceptions import PutError, UpdateError

from domain.detail_types import DetailType
from webapp.services.ports import StoredEvent
from webapp.storage.tables import JourneyModel


class JourneyRepository:
    """See services.ports.Journeys."""

    def store(self, order_id: str, key: str, detail_type: str, at: str, detail: dict) -> None:
        event = JourneyModel(
            order_id, key, detail_type=detail_type, happened_at=at, detail=detail
        )
        try:
            event.save(condition=JourneyModel.event_key.does_not_exist())
        except PutError as error:
            # The key names the event: delivered twice, it is already there.
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise

    def stored(self, order_id: str) -> list[tuple[str, str]]:
        found = JourneyModel.query(
            order_id, consistent_read=True, attributes_to_get=["event_key", "detail_type"]
        )
        return [(model.event_key, model.detail_type) for model in found]

    def events(self, order_id: str) -> list[StoredEvent]:
        found = JourneyModel.query(order_id, consistent_read=True)
        return [event_from_model(model) for model in found]

    def all_events(self) -> Iterator[StoredEvent]:
        for model in JourneyModel.scan():
            yield event_from_model(model)

    def forget(self, order_id: str) -> None:
        from domain.forgetting import nameless

        for event in JourneyModel.query(order_id, consistent_read=True):
            detail = nameless(event.detail_type, event.detail)
            if detail != event.detail:
                _replace_detail(event, detail)


def _replace_detail(event: JourneyModel, detail: dict) -> None:
    try:
        JourneyModel(event.order_id, event.event_key).update(
            actions=[JourneyModel.detail.set(detail)],
            condition=JourneyModel.event_key.exists(),
        )
    except UpdateError as error:
        # Deleted meanwhile: then nobody is named there either.
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def event_from_model(model: JourneyModel) -> StoredEvent:
    """A stored event; its own time if it tells one, else the envelope's."""
    from domain.events import parse_event

    name = DetailType(model.detail_type)
    at = getattr(parse_event(name, model.detail), "at", None)
    return StoredEvent(name, at or datetime.fromisoformat(model.happened_at), model.detail)
