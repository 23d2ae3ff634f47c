"""Templates that change several indexes of a table arrive one index at a time."""

import json

import pytest

from scripts.aws.template_steps import beside_old_code, steps_to
from scripts.machine import StackError


def _template(*indexes: str, local: str = "", projection: str = "ALL") -> str:
    keys = ["id", *(name.partition(":")[0] for name in indexes)]
    table = {
        "TableName": "cups",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in sorted(keys)
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    if indexes:
        table["GlobalSecondaryIndexes"] = [
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": projection},
            }
            for name in indexes
        ]
    if local:
        table["LocalSecondaryIndexes"] = [{"IndexName": local}]
    resources = {"Cups": {"Type": "AWS::DynamoDB::Table", "Properties": table}}
    return json.dumps({"Resources": resources})


def _walk(deployed: str, wanted: str) -> list[list[str]]:
    walked = []
    for step in steps_to(deployed, wanted):
        properties = json.loads(step)["Resources"]["Cups"]["Properties"]
        names = [index["IndexName"] for index in properties.get("GlobalSecondaryIndexes", [])]
        defined = {one["AttributeName"] for one in properties["AttributeDefinitions"]}
        assert defined == {"id", *names}, "DynamoDB wants exactly the attributes that keys use"
        walked.append(names)
    return walked


def test_what_changes_one_index_or_none_is_one_step():
    assert _walk(_template("a"), _template("a")) == [["a"]]
    assert _walk(_template("a"), _template("a", "b")) == [["a", "b"]]
    assert _walk(_template("a", "b"), _template("b")) == [["b"]]


def test_new_indexes_come_one_by_one_and_before_old_ones_go():
    assert _walk(_template("a"), _template("b", "c")) == [["a", "b"], ["a", "b", "c"], ["b", "c"]]


def test_a_changed_index_is_dropped_and_made_again():
    steps = steps_to(_template("a"), _template("a", projection="KEYS_ONLY"))
    assert ["GlobalSecondaryIndexes" in step for step in steps] == [False, True]
    assert steps[-1] == _template("a", projection="KEYS_ONLY")


def test_a_new_table_needs_no_steps():
    deployed = json.dumps({"Resources": {}})
    assert steps_to(deployed, _template("a", "b", "c")) == [_template("a", "b", "c")]


def test_a_changed_local_index_is_refused_with_advice():
    with pytest.raises(StackError, match="Cups: a local index cannot be changed"):
        steps_to(_template(local="one"), _template(local="two"))


def test_an_old_index_and_the_right_to_it_stay_until_the_new_code_is_there():
    deployed, wanted = _with_policy("a"), _with_policy("b")
    beside = beside_old_code(deployed, wanted)
    assert _walk(deployed, beside) == [["b", "a"]]
    statements = json.loads(beside)["Resources"]["Policy"]["Properties"]["PolicyDocument"]
    assert {one["Sid"]: one["Resource"]["Fn::Join"][1][1] for one in statements["Statement"]} == {
        "List": "/index/b",
        "ListOfOldCode": "/index/a",
    }
    assert beside_old_code(beside, wanted) == beside, "run again after an interruption"
    assert _walk(beside, wanted) == [["b"]]


def test_nothing_stays_where_no_index_goes():
    assert beside_old_code(_with_policy("a"), _with_policy("a", "b")) == _with_policy("a", "b")


def _with_policy(*indexes: str) -> str:
    template = json.loads(_template(*indexes))
    resource = {"Fn::Join": ["", [{"Fn::GetAtt": ["Cups", "Arn"]}, f"/index/{indexes[-1]}"]]}
    template["Resources"]["Policy"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": [{"Sid": "List", "Resource": resource}]}},
    }
    return json.dumps(template)
