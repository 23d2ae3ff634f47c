"""Splits a change of templates into steps that DynamoDB accepts.

In one update, DynamoDB creates or deletes only one global index of a table. It never changes a
local index.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping

from scripts.machine import StackError

_INDEXES = "GlobalSecondaryIndexes"
_OF_OLD_CODE = "OfOldCode"


def steps_to(deployed: str, wanted: str) -> list[str]:
    """Returns the templates to go through, ending with the wanted one.

    A changed index is deleted and created again, and its queries fail in between; so change an
    index by adding one under a new name. Raises StackError for a change that is impossible.
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
    """Returns the wanted template plus the global indexes that the code still running may read.

    Obsolete indexes, and the rights to them, stay until `wanted` itself is deployed.
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
    """Adds the statements under new names, because names in a policy must be unique."""
    _statements(policy).extend(
        one | {"Sid": one["Sid"].removesuffix(_OF_OLD_CODE) + _OF_OLD_CODE} for one in statements
    )


def _tables_of(template: str) -> dict[str, dict]:
    """Returns the template's tables by their logical ids."""
    resources = json.loads(template)["Resources"]
    return {
        key: one for key, one in sorted(resources.items()) if one["Type"] == "AWS::DynamoDB::Table"
    }


def _changes(key: str, before: Mapping, after: Mapping) -> list[list[dict]]:
    """Returns a table's global indexes after each of the updates that it needs."""
    if before.get("LocalSecondaryIndexes", []) != after.get("LocalSecondaryIndexes", []):
        raise StackError(
            f"{key}: a local index cannot be changed on a table that exists."
            " Add a global index, or move the data to a new table."
        )
    return list(_one_by_one(before.get(_INDEXES, []), after.get(_INDEXES, [])))


def _one_by_one(before: list[dict], after: list[dict]) -> Iterator[list[dict]]:
    """Creates new indexes first, so that queries lack an index for as short as possible."""
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
    """Sets the indexes, and defines exactly the attributes that the keys use, as
    DynamoDB demands.
    """
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
