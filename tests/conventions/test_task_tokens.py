"""Task tokens answer for a barista or a customer: nothing that makes a page knows them."""

from __future__ import annotations

import json
from pathlib import Path

from webapp.stack import build_template_body

KNOW_TASK_TOKENS = {
    # It tells the workflow, from the stream or when that was lost.
    "webapp/consumers/announce.py",
    "webapp/services/orders/sweep.py",
    "webapp/cloud/executions.py",
    # They keep it with the order.
    "webapp/services/orders/ports.py",
    "webapp/storage/orders/order_items.py",
    "webapp/storage/orders/order_repository.py",
    "webapp/storage/tables.py",
}
_BULK = {"BatchGetItem", "ExportTableToPointInTime", "PartiQLSelect", "Query", "Scan"}


def test_only_what_tells_the_workflow_knows_task_tokens():
    files = [*Path("webapp").rglob("*.py"), *Path("templates").rglob("*.html")]
    assert {str(path) for path in files if "task_token" in path.read_text()} == KNOW_TASK_TOKENS


def test_no_right_reads_task_tokens_in_bulk():
    resources = json.loads(build_template_body(300, 900))["Resources"]
    found = 0
    for statement in resources["FunctionPolicy"]["Properties"]["PolicyDocument"]["Statement"]:
        about = json.dumps(statement["Resource"])
        if '"OrdersTable"' in about and "StreamArn" not in about and "/index/" not in about:
            found += 1
            actions = {action.partition(":")[2] for action in statement["Action"]}
            assert not actions & _BULK or _names_harmless_attributes(statement), statement["Sid"]
    assert found >= 2


def _names_harmless_attributes(statement: dict) -> bool:
    condition = statement.get("Condition", {})
    named = condition.get("ForAllValues:StringEquals", {}).get("dynamodb:Attributes", ())
    selected = condition.get("StringEqualsIfExists", {}).get("dynamodb:Select")
    return "task_token" not in named and bool(named) and selected == "SPECIFIC_ATTRIBUTES"


def test_the_index_for_bulk_reads_holds_no_task_token():
    resources = json.loads(build_template_body(300, 900))["Resources"]
    [index] = resources["OrdersTable"]["Properties"]["LocalSecondaryIndexes"]
    assert index["Projection"]["ProjectionType"] == "INCLUDE"
    assert "task_token" not in index["Projection"]["NonKeyAttributes"]
