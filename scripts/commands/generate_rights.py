"""scripts/generate_rights: what each role may do on AWS, as tables of docs/security.md."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping

from scripts.environment import ROOT
from webapp.stack import build_template_body
from webapp.storage.tables import OrderModel, base_name

PAGE = ROOT / "docs" / "security.md"
BEGIN = "<!-- scripts/generate_rights writes what follows -->"
END = "<!-- scripts/generate_rights wrote this -->"
ROLES = {
    "FunctionRole": "The function: pages, consumers and jobs",
    "WorkflowRole": "The executions of the workflow",
    "LiveRole": "A page's connection to IoT Core; each grant narrows it to the page's own topics",
}
_ORDERS_TABLE = base_name(OrderModel).title() + "Table"
_TOKEN = "task_token"
_RETURN_ITEMS = {"GetItem", "PutItem", "UpdateItem", "DeleteItem"}
"""Reads of one item, and writes that can return the item."""


def main() -> None:
    argparse.ArgumentParser(prog="scripts/generate_rights", description=__doc__).parse_args()
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(before + section() + after)
    print(f"wrote {PAGE.relative_to(ROOT)}")


def section() -> str:
    """Returns the marked part of the page."""
    resources = json.loads(build_template_body(300, 900))["Resources"]
    lines = [BEGIN]
    for role, title in ROLES.items():
        lines += ["", f"**{title}** (`{role}`)", ""]
        lines += ["| job | may | on | task tokens |", "|---|---|---|---|"]
        lines += [_row(one, resources) for one in _statements(resources, role)]
    return "\n".join([*lines, "", END])


def _statements(resources: Mapping, role: str) -> Iterator[Mapping]:
    for resource in resources.values():
        properties = resource.get("Properties", {})
        is_policy = resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        if is_policy and {"Ref": role} in properties["Roles"]:
            yield from properties["PolicyDocument"]["Statement"]


def _row(statement: Mapping, resources: Mapping) -> str:
    where = statement["Resource"]
    names = [_name_of(one, resources) for one in (where if isinstance(where, list) else [where])]
    service = statement["Action"][0].partition(":")[0]
    actions = ", ".join(action.partition(":")[2] for action in statement["Action"])
    never = "" if statement["Effect"] == "Allow" else "never "
    on = ", ".join(f"`{name}`" for name in names)
    if "Condition" in statement:
        on += ", named attributes only"
    tokens = _tokens(statement, resources)
    return f"| {statement['Sid']} | {never}`{service}`: {actions} | {on} | {tokens} |"


def _name_of(where: object, resources: Mapping) -> str:
    """Returns the subject of a statement: a table, an index, another resource, or a pattern."""
    text = json.dumps(where)
    attribute = re.search(r'"Fn::GetAtt": \["(\w+)", "(\w+)"\]', text)
    if attribute:
        name = _own_name(attribute[1], resources)
        index = re.search(r'"/index/([\w-]+)"', text)
        ending = index[1] if index else "stream" if attribute[2] == "StreamArn" else ""
        ending = "an execution" if ":execution" in text else ending
        return f"{name}: {ending}" if ending else name
    reference = re.search(r'"Ref": "(\w+)"', text)
    if reference:
        return reference[1]
    if isinstance(where, dict):
        return where["Fn::Sub"].replace("${AWS::Partition}", "aws").rpartition("AccountId}:")[2]
    return str(where)


def _own_name(title: str, resources: Mapping) -> str:
    properties = resources[title]["Properties"]
    return properties.get("TableName", title).removeprefix("serverlesspresso-")


def _tokens(statement: Mapping, resources: Mapping) -> str:
    """Says whose task tokens a statement can reveal."""
    where = json.dumps(statement["Resource"])
    actions = {action.partition(":")[2] for action in statement["Action"]}
    if f'"{_ORDERS_TABLE}"' not in where:
        return "–"
    if "GetRecords" in actions:
        return "every order's, for a day"
    index = re.search(r'"/index/([\w-]+)"', where)
    if index:
        return "every order's" if _holds_token(index[1], resources) else "none"
    if "Condition" in statement:
        named = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]
        return "every order's" if _TOKEN in named else "none"
    if actions <= _RETURN_ITEMS:
        return "the one order's"
    return "every order's"


def _holds_token(index: str, resources: Mapping) -> bool:
    properties = resources[_ORDERS_TABLE]["Properties"]
    every = [*properties["LocalSecondaryIndexes"], *properties["GlobalSecondaryIndexes"]]
    [projection] = [one["Projection"] for one in every if one["IndexName"] == index]
    return projection["ProjectionType"] == "ALL" or _TOKEN in projection.get("NonKeyAttributes", ())


if __name__ == "__main__":
    main()
