"""Our queries answer exactly what MiniStack's own do, and see no more rows than they need."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TABLES = {"S": "drinks", "N": "numbers", "B": "bytes"}
TEXTS = st.text(alphabet="ab#é\U0001f600", min_size=1, max_size=3)
NUMBERS = st.decimals(-1000, 1000, places=2).map(lambda n: format(n.normalize(), "f"))
BYTES = st.sampled_from(["AA==", "AQ==", "AQA=", "/w==", "//8="])
VALUES = {
    "S": TEXTS.map(lambda v: {"S": v}),
    "N": NUMBERS.map(lambda v: {"N": v}),
    "B": BYTES.map(lambda v: {"B": v}),
}
CONDITIONS = (
    "{p} = :p",
    "({p} = :p)",
    "{p} = :p AND {s} = :a",
    "({p} = :p AND {s} < :a)",
    "{p} = :p and {s} <= :a",
    "({s} > :a) AND ({p} = :p)",
    ":a <= {s} AND :p = {p}",
    "{p} = :p AND {s} BETWEEN :a AND :b",
    "(({p} = :p) AND {s} BETWEEN :a AND :b)",
    "{p} = :p AND begins_with({s}, :a)",
    "begins_with ( {s} , :a ) AND {p} = :p",
    "{s} = :a",
    "{p} = :p OR {s} = :a",
    "{p} = :p AND other = :a",
    "{p} = :p AND NOT {s} = :a",
)


def definition(sort_type: str) -> dict:
    def key(*names):
        kinds = ("HASH", "RANGE")
        return [{"AttributeName": n, "KeyType": k} for n, k in zip(names, kinds)]

    projection = {"ProjectionType": "ALL"}
    return {
        "TableName": TABLES[sort_type],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key("p", "s"),
        "AttributeDefinitions": [
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "s", "AttributeType": sort_type},
            {"AttributeName": "l", "AttributeType": "N"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        "LocalSecondaryIndexes": [
            {"IndexName": "by-l", "KeySchema": key("p", "l"), "Projection": projection}
        ],
        "GlobalSecondaryIndexes": [
            {"IndexName": "by-g", "KeySchema": key("g", "l"), "Projection": projection},
            {"IndexName": "of-g", "KeySchema": key("g"), "Projection": projection},
        ],
    }


@st.composite
def writes(draw, sort_type):
    item = {"p": {"S": draw(st.sampled_from("xy"))}, "s": draw(VALUES[sort_type])}
    if draw(st.integers(0, 4)) == 0:
        return "_delete_item", {"TableName": TABLES[sort_type], "Key": item}
    for name, values in (("l", VALUES["N"]), ("g", st.sampled_from([{"S": "m"}, {"S": "n"}]))):
        if draw(st.booleans()):
            item[name] = draw(values)
    item["text"] = {"S": draw(TEXTS) * draw(st.sampled_from([1, 1, 1, 60_000]))}
    return "_put_item", {"TableName": TABLES[sort_type], "Item": item}


@st.composite
def reads(draw, sort_type):
    request = {"TableName": TABLES[sort_type]}
    if draw(st.booleans()):
        request["Limit"] = draw(st.integers(0, 4))
    if draw(st.integers(0, 3)) == 0:
        return "_scan", request
    index = draw(st.sampled_from([None, "by-l", "by-g", "of-g"]))
    names = {None: ("p", "s"), "by-l": ("p", "l"), "by-g": ("g", "l"), "of-g": ("g", "l")}[index]
    kind = sort_type if index is None else "N"
    condition = draw(st.sampled_from(CONDITIONS))
    values = {":p": {"S": draw(st.sampled_from("xymn"))}, ":a": draw(VALUES[kind])}
    values[":b"] = draw(VALUES[draw(st.sampled_from([kind, kind, "S"]))])
    if draw(st.booleans()):
        request["ExpressionAttributeNames"] = {"#p": names[0], "#s": names[1]}
        names = ("#p", "#s")
    request["KeyConditionExpression"] = condition.format(p=names[0], s=names[1])
    request["ExpressionAttributeValues"] = {
        ref: value for ref, value in values.items() if ref in request["KeyConditionExpression"]
    }
    used = {
        n: v
        for n, v in request.get("ExpressionAttributeNames", {}).items()
        if n in request["KeyConditionExpression"]
    }
    request.pop("ExpressionAttributeNames", None)
    if used:
        request["ExpressionAttributeNames"] = used
    if index:
        request["IndexName"] = index
    if draw(st.booleans()):
        request["ScanIndexForward"] = draw(st.booleans())
    if draw(st.booleans()):
        request["FilterExpression"] = "attribute_exists(g)"
    return "_query", request


def ask(module, operation, request):
    status, _, body = getattr(module, operation)(json.loads(json.dumps(request)))
    return status, json.loads(body)


@pytest.fixture(scope="module")
def both(kept, untouched):
    for sort_type in TABLES:
        for module in (kept, untouched):
            assert ask(module, "_create_table", definition(sort_type))[0] == 200
    return kept, untouched


@pytest.mark.parametrize("sort_type", TABLES)
def test_queries_and_scans_answer_what_ministack_by_itself_would(both, sort_type):
    kept, untouched = both

    @settings(
        max_examples=35,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(
        st.lists(writes(sort_type), min_size=1, max_size=12),
        st.lists(reads(sort_type), min_size=1, max_size=8),
    )
    def compare(written, asked):
        for operation, request in written:
            assert ask(kept, operation, request) == ask(untouched, operation, request)
        for operation, request in asked:
            for _ in range(6):  # Page after page.
                answer = ask(kept, operation, request)
                assert answer == ask(untouched, operation, request), (operation, request)
                if "LastEvaluatedKey" not in answer[1]:
                    break
                request = request | {"ExclusiveStartKey": answer[1]["LastEvaluatedKey"]}

    compare()


@pytest.mark.parametrize(
    ("condition", "values", "limit", "seen"),
    [
        ("(#p = :p AND #s BETWEEN :a AND :b)", {":a": "010", ":b": "019"}, None, 10),
        ("#p = :p AND begins_with(#s, :a)", {":a": "05"}, None, 10),
        ("#p = :p AND #s > :a", {":a": "001"}, 3, 3),
    ],
)
def test_a_query_reads_its_page_and_not_the_partition(kept, condition, values, limit, seen):
    from scripts.local.emulator import queries

    table = definition("S") | {"TableName": "narrow"}
    ask(kept, "_create_table", table)
    for number in range(100):
        item = {"p": {"S": "x"}, "s": {"S": f"{number:03}"}}
        ask(kept, "_put_item", {"TableName": "narrow", "Item": item})
    request = {
        "TableName": "narrow",
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {"#p": "p", "#s": "s"},
        "ExpressionAttributeValues": {ref: {"S": v} for ref, v in {":p": "x", **values}.items()},
    } | ({"Limit": limit} if limit else {})
    table = kept._tables["narrow"]
    assert len(queries._select(table, queries._rows_of_query(table, request))) == seen
    assert ask(kept, "_query", request)[1]["Count"] == seen
