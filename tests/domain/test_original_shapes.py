"""What consumers written for the original Serverlesspresso read is in our events as they expect.

Names and shapes are those of its published producers, patterns and extensions.
"""

import json
from pathlib import Path

import pytest

from domain.detail_types import BUS_NAME, SOURCE, DetailType

SAMPLES = Path(__file__).parents[1] / "sample_events"

_ORDER = {"orderId": str, "userId": str, "eventId": str, "Message": str}
_ENDED = _ORDER | {"ORDERSTATE": str}
_DRINK = {"userId": str, "drink": str, "modifiers": list, "icon": str}

ORIGINAL = {
    DetailType.MAKE_ORDER: _ORDER | {"baristaUserId": str},
    DetailType.ORDER_CANCELLED: _ENDED,
    DetailType.ORDER_COMPLETED: _ENDED,
    DetailType.MANAGER_WAITING_COMPLETION: _ORDER
    | {"orderNumber": str, "state": str, "drinkOrder": _DRINK, "TS": int},
    DetailType.ORDER_TIME_OUT: _ORDER | {"cause": str},
    DetailType.SHOP_NOT_READY: {"userId": str, "eventId": str, "Message": str},
    DetailType.PROCESSOR_WAITING_COMPLETION: _ORDER | {"orderNumber": str},
    DetailType.WORKFLOW_STARTED: _ORDER,
    DetailType.NEW_ORDER: _ORDER,
    DetailType.ORDER_FINISHED: _ORDER,
}
"""The fields of each of its events, but for what no event of ours may tell: `TaskToken` (who has it
moves the order), `bucket` (it holds the QR code's secret) and `NewImage` (a whole row)."""

PUBLISHED = {
    "WaitTimes": {
        DetailType.MANAGER_WAITING_COMPLETION: [
            "detail.orderId",
            "detail.drinkOrder.drink",
            "time",
        ],
        DetailType.ORDER_FINISHED: ["detail.orderId", "detail.eventId", "time"],
    },
    "metrics": {
        DetailType.NEW_ORDER: ["detail.eventId"],
        DetailType.MANAGER_WAITING_COMPLETION: [
            "detail.eventId",
            "detail.drinkOrder.drink",
            "detail.drinkOrder.modifiers",
        ],
        DetailType.ORDER_TIME_OUT: ["detail.eventId", "detail.cause"],
    },
    "order journey": {
        name: ["detail.orderId", "detail.userId", "detail.Message", "time"] for name in ORIGINAL
    },
    "barista's display": {
        DetailType.MANAGER_WAITING_COMPLETION: [
            "detail.orderId",
            "detail.orderNumber",
            "detail.drinkOrder.icon",
            "detail.TS",
        ],
        DetailType.MAKE_ORDER: ["detail.orderId", "detail.baristaUserId"],
        DetailType.ORDER_COMPLETED: ["detail.orderId", "detail.ORDERSTATE"],
    },
}
"""What its published consumers take out of an envelope."""


def _envelope(name: DetailType) -> dict:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def test_bus_and_source_are_those_that_its_rules_name():
    assert (BUS_NAME, SOURCE) == ("Serverlesspresso", "awsserverlessda.serverlesspresso")


@pytest.mark.parametrize("name", ORIGINAL, ids=str)
def test_every_field_of_its_event_is_in_ours_and_of_its_kind(name):
    _keeps_shape(_envelope(name)["detail"], ORIGINAL[name])


def _keeps_shape(found: dict, shape: dict) -> None:
    for field, kind in shape.items():
        if isinstance(kind, dict):
            _keeps_shape(found[field], kind)
        else:
            assert type(found[field]) is kind, field


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param(name, path, id=f"{consumer} {name} {path}")
        for consumer, reads in PUBLISHED.items()
        for name, paths in reads.items()
        for path in paths
    ],
)
def test_its_published_consumers_find_what_they_read(name, path):
    value = _envelope(name)
    for step in path.split("."):
        value = value[step]
    assert value not in ("", None)
