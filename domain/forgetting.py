"""Removes the persons from an order's events when nobody may be named in them any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.events import MakeOrder, parse_event
from domain.orders import FORGOTTEN, WALK_UP
from domain.recordings import without_persons


def nameless(detail_type: str, detail: Mapping) -> dict:
    """Returns a stored event's detail without its persons. What happened and when stays as it was.

    A second call changes nothing. Raises UnreadableEvent.
    """
    event = without_persons(parse_event(detail_type, detail), _stand_in)
    if isinstance(event, MakeOrder):
        event = replace(event, barista_name="")
    return event.to_detail()


def _stand_in(kind: str, name: str) -> str:
    # An order's id names no person. An empty barista must stay empty, because it means a release.
    if kind == "order" or name in ("", WALK_UP):
        return name
    return FORGOTTEN
