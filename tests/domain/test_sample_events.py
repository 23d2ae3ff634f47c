"""One committed envelope per detail-type, and the contract it has to keep."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from domain.detail_types import SOURCE, DetailType
from domain.events import (
    EVENT_CLASSES,
    AllEventsStored,
    ConfigChanged,
    events_for_change,
    parse_event,
)
from domain.orders import (
    TRANSITIONS,
    WALK_UP,
    Action,
    RefusalReason,
    Role,
    admit,
    refuse,
    remake,
    take_back,
)
from tests.builders import NOW, a_drink_order, a_shop, an_order

SAMPLES = Path(__file__).parent.parent / "sample_events"
SCHEMAS = SAMPLES / "schema"


def _sample(name: DetailType) -> dict:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def _validator(name: DetailType) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


every_detail_type = pytest.mark.parametrize("name", DetailType, ids=str)


@every_detail_type
def test_the_detail_type_has_a_sample_and_a_schema(name):
    assert (SAMPLES / f"{name}.json").is_file()
    assert (SCHEMAS / f"{name}.json").is_file()


@pytest.mark.parametrize("folder", [SAMPLES, SCHEMAS], ids=["samples", "schemas"])
def test_there_is_no_file_for_a_detail_type_that_is_gone(folder):
    assert {file.stem for file in folder.glob("*.json")} == {name.value for name in DetailType}


@every_detail_type
def test_the_sample_is_the_typed_event_and_gives_back_the_same_detail(name):
    sample = _sample(name)
    event = parse_event(sample["detail-type"], sample["detail"])
    assert type(event) is EVENT_CLASSES[name]
    assert sample["source"] == SOURCE
    assert event.to_detail() == sample["detail"]


@every_detail_type
def test_the_sample_keeps_its_schema(name):
    _validator(name).validate(_sample(name))


@every_detail_type
def test_the_schema_is_one_and_is_strict_at_every_level(name):
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    to_visit, objects = [schema], 0
    while to_visit:
        part = to_visit.pop()
        if part.get("type") == "object":
            objects += 1
            assert part["additionalProperties"] is False
            to_visit += part["properties"].values()
        to_visit += [part["items"]] if "items" in part else []
    assert objects >= 2


@every_detail_type
def test_the_schema_refuses_a_field_more_and_a_field_less(name):
    validator, sample = _validator(name), _sample(name)
    with_token = json.loads(json.dumps(sample))
    with_token["detail"]["TaskToken"] = "secret"
    assert not validator.is_valid(with_token)
    for missing in validator.schema["properties"]["detail"]["required"]:
        detail = {key: value for key, value in sample["detail"].items() if key != missing}
        assert not validator.is_valid(sample | {"detail": detail}), missing


def _events_of_a_walk_up():
    """It has its number and its drink from the beginning."""
    order = an_order(customer_id=WALK_UP, number=7, drink_order=a_drink_order())
    yield from events_for_change(None, order)
    for end in (admit(order, 300, NOW), refuse(order, RefusalReason.FULL, NOW)):
        yield from events_for_change(order, end)


def _events_of_every_move():
    """The events of each move, by each who may make it."""
    yield events_for_change(None, an_order())[0]
    yield from _events_of_a_walk_up()
    for row in TRANSITIONS:
        before = an_order(row.source)
        reason = {
            Action.REFUSE: "closed",
            Action.TIME_OUT: "Customer timedout" if before.number is None else "Barista timedout",
        }.get(row.action)
        for role in row.roles:
            cancelled_by = Role(role) if row.action is Action.CANCEL else None
            after = replace(
                before,
                state=row.target,
                version=before.version + 1,
                reason=reason,
                cancelled_by=cancelled_by,
            )
            if row.action in (Action.REMAKE, Action.TAKE_BACK):
                move = remake if row.action is Action.REMAKE else take_back
                after = move(before, before.collected_at or before.ended_at)
            if row.action is Action.SUBMIT:
                after = replace(an_order(row.target), version=after.version)
            yield from events_for_change(before, after)
    order = an_order()
    yield AllEventsStored(order.shop_id, 6, order.id, order.customer_id)
    yield ConfigChanged.of(a_shop())


def test_whatever_move_announces_an_event_it_keeps_its_schema():
    seen = set()
    for event in _events_of_every_move():
        seen.add(event.detail_type)
        sample = _sample(event.detail_type) | {"detail": event.to_detail()}
        _validator(event.detail_type).validate(json.loads(json.dumps(sample)))
    assert seen == set(DetailType)
