"""From one template to the next in steps that DynamoDB takes.

DynamoDB makes or drops one global index of a table per update, and never changes a local one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping

from scripts.machine import StackError

_INDEXES = "GlobalSecondaryIndexes"
_OF_OLD_CODE = "OfOldCode"


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


def beside_old_code(deployed: str, wanted: str) -> str:
    """The wanted template with the global indexes that the code still running may read.

    Those that are to go, and the rights to them, stay until `wanted` itself is put in place.
    """
    step, resources = json.loads(wanted), json.loads(deployed)["Resources"]
    before, after = _tables_of(deployed), _tables_of(wanted)
    kept_resources = []
    for key in before.keys() & after.keys():
        old, new = (tables[key]["Properties"].get(_INDEXES, []) for tables in (before, after))
        kept = [index for index in old if index["IndexName"] not in {i["IndexName"] for i in new}]
        if kept:
            properties = step["Resources"][key]["Properties"]
            _set_indexes(properties, [*new, *kept], before[key]["Properties"])
            kept_resources += [_resource(key, index["IndexName"]) for index in kept]
    for key, policy in _policies_of(resources).items():
        if key in step["Resources"]:
            _add_statements(
                step["Resources"][key],
                [one for one in _statements(policy) if one["Resource"] in kept_resources],
            )
    return json.dumps(step, separators=(",", ":")) if kept_resources else wanted


def _resource(table: str, index: str) -> dict:
    return {"Fn::Join": ["", [{"Fn::GetAtt": [table, "Arn"]}, f"/index/{index}"]]}


def _policies_of(resources: Mapping) -> dict[str, dict]:
    return {key: one for key, one in resources.items() if one["Type"] == "AWS::IAM::Policy"}


def _statements(policy: Mapping) -> list[dict]:
    return policy["Properties"]["PolicyDocument"]["Statement"]


def _add_statements(policy: dict, statements: list[dict]) -> None:
    """Under names of their own: no two statements of a policy may have the same."""
    _statements(policy).extend(
        one | {"Sid": one["Sid"].removesuffix(_OF_OLD_CODE) + _OF_OLD_CODE} for one in statements
    )


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
        index["KeySchema"] for index in (*indexes, *properties.get("LocalSecondaryIndexes", []))
    ]
    used = {part["AttributeName"] for schema in schemas for part in schema}
    known = {
        one["AttributeName"]: one
        for one in (*before["AttributeDefinitions"], *properties["AttributeDefinitions"])
    }
    properties["AttributeDefinitions"] = [known[name] for name in sorted(used)]
