"""From one template to the next in steps that DynamoDB takes.

DynamoDB makes or drops one global index of a table per update, and never changes a local one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping

from scripts.machine import StackError

_INDEXES = "GlobalSecondaryIndexes"


def steps_to(deployed: str, wanted: str) -> list[str]:
    """The templates to go through, the wanted one last; raises StackError for what cannot be done.

    A changed index is dropped and made again: for that time its queries fail, so change an index
    by adding one under a new name.
    """
    before, after = _tables_of(deployed), _tables_of(wanted)
    changes = {
        key: _changes(key, before[key]["Properties"], after[key]["Properties"])
        for key in before.keys() & after.keys()
    }
    rounds = max(map(len, changes.values()), default=0)
    if rounds <= 1:
        return [wanted]
    steps = []
    for last in range(1, rounds):
        step = json.loads(wanted)
        for key, indexes in changes.items():
            if len(indexes) > last:
                properties = step["Resources"][key]["Properties"]
                _set_indexes(properties, indexes[last - 1], before[key]["Properties"])
        steps.append(json.dumps(step, separators=(",", ":")))
    return [*steps, wanted]


def _tables_of(template: str) -> dict[str, dict]:
    """The template's tables by their logical ids."""
    resources = json.loads(template)["Resources"]
    return {
        key: one for key, one in sorted(resources.items()) if one["Type"] == "AWS::DynamoDB::Table"
    }


def _changes(key: str, before: Mapping, after: Mapping) -> list[list[dict]]:
    """A table's global indexes after each update it needs."""
    if before.get("LocalSecondaryIndexes", []) != after.get("LocalSecondaryIndexes", []):
        raise StackError(
            f"{key}: a local index cannot be changed on a table that exists."
            " Add a global index, or move the data to a new table."
        )
    return list(_one_by_one(before.get(_INDEXES, []), after.get(_INDEXES, [])))


def _one_by_one(before: list[dict], after: list[dict]) -> Iterator[list[dict]]:
    """New ones come first, so that no query is without an index for longer than it must be."""
    now = copy.deepcopy(before)
    wanted = {index["IndexName"]: index for index in after}
    for name in sorted(wanted.keys() - {index["IndexName"] for index in before}):
        now = [*now, wanted[name]]
        yield now
    for index in before:
        if index not in after:
            now = [one for one in now if one != index]
            yield now
            if index["IndexName"] in wanted:
                now = [*now, wanted[index["IndexName"]]]
                yield now


def _set_indexes(properties: dict, indexes: list[dict], before: Mapping) -> None:
    """A table must define exactly the attributes that its keys use."""
    properties.pop(_INDEXES, None)
    if indexes:
        properties[_INDEXES] = indexes
    schemas = [properties["KeySchema"]] + [
        index["KeySchema"]
        for index in (*indexes, *properties.get("LocalSecondaryIndexes", []))
    ]
    used = {part["AttributeName"] for schema in schemas for part in schema}
    known = {
        one["AttributeName"]: one
        for one in (*before["AttributeDefinitions"], *properties["AttributeDefinitions"])
    }
    properties["AttributeDefinitions"] = [known[name] for name in sorted(used)]
