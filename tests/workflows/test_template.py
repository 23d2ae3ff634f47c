"""The CloudFormation template: valid, complete, and sparing with rights."""

import json

import pytest
from cfnlint.api import ManualArgs, lint

from domain.detail_types import BUS_NAME, SOURCE
from domain.orders import TRANSITIONS
from scripts.aws.cloudformation import LARGEST_BODY
from webapp.consumers.registry import (
    COMMAND,
    CONSUMERS,
    EVENTS,
    EVERY_MINUTE,
    RECORDED,
    detail_types_of,
)
from webapp.stack import build_template_body
from webapp.storage.rights import TABLE_RIGHTS
from webapp.storage.tables import MODELS, STREAMED, base_name, table_definitions
from workflows.order_workflow import TableNames, order_definition
from workflows.roles import statement
from workflows.variants import FOR_AWS


@pytest.fixture(scope="module")
def template() -> dict:
    return json.loads(build_template_body(300, 900))


@pytest.fixture
def resources(template) -> dict:
    return template["Resources"]


def _of_type(resources: dict, type_name: str) -> dict[str, dict]:
    return {name: one for name, one in resources.items() if one["Type"] == type_name}


def _lint(template: dict) -> list[str]:
    found = lint(json.dumps(template), config=ManualArgs(regions=["us-east-1"]))
    return [f"{match.rule.id} {match.message}" for match in found]


def test_cfn_lint_finds_neither_an_error_nor_a_warning(template):
    assert _lint(template) == []


@pytest.mark.parametrize("variant", FOR_AWS[1:], ids=lambda variant: variant.name)
def test_cfn_lint_finds_each_other_form_of_the_workflow_well_formed(template, variant):
    definition = order_definition(_TABLES, variant=variant)
    assert _lint(_with_definition(template, definition)) == []


def test_cfn_lint_reads_the_definition_and_would_see_a_fault_in_it(template):
    """E3601 holds each state against the schema of its type.

    It does not follow `Next`; workflows.asl.state_machine does (test_definition.py).
    """
    definition = order_definition(_TABLES)
    definition["States"]["AwaitBarista"]["TimeoutSecond"] = 5
    definition["States"]["ReadOrder"]["End"] = True
    found = _lint(_with_definition(template, definition))
    assert {message.split()[0] for message in found} == {"E3601"}
    assert any("TimeoutSecond" in message for message in found)
    assert any("ReadOrder" in message for message in found)


_TABLES = TableNames.with_prefix("serverlesspresso-")


def _with_definition(template: dict, definition: dict) -> dict:
    changed = json.loads(json.dumps(template))
    machine = changed["Resources"]["OrderWorkflow"]["Properties"]
    machine["DefinitionString"] = json.dumps(definition)
    return changed


# Tables


@pytest.mark.parametrize("model", MODELS, ids=base_name)
def test_the_models_table_is_made_and_outlives_its_stack(resources, model):
    name = "serverlesspresso-" + base_name(model)
    [table] = [
        one
        for one in _of_type(resources, "AWS::DynamoDB::Table").values()
        if one["Properties"]["TableName"] == name
    ]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    keys = {key["AttributeName"]: key["KeyType"] for key in table["Properties"]["KeySchema"]}
    attributes = model.get_attributes().values()
    assert keys == {
        attribute.attr_name: "HASH" if attribute.is_hash_key else "RANGE"
        for attribute in attributes
        if attribute.is_hash_key or attribute.is_range_key
    }
    assert table["Properties"]["KeySchema"][0]["KeyType"] == "HASH"


def test_there_is_no_table_without_a_model(resources):
    assert len(_of_type(resources, "AWS::DynamoDB::Table")) == len(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=base_name)
def test_a_table_streams_both_images_exactly_when_it_is_an_outbox(resources, model):
    logical_id = _table_id(resources, model)
    stream = resources[logical_id]["Properties"].get("StreamSpecification")
    mapped = [
        one
        for one in _of_type(resources, "AWS::Lambda::EventSourceMapping").values()
        if one["Properties"]["EventSourceArn"] == {"Fn::GetAtt": [logical_id, "StreamArn"]}
    ]
    if model in STREAMED:
        assert stream == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
        [mapping] = [one["Properties"] for one in mapped]
        assert mapping["MaximumRetryAttempts"] > 0 and mapping["MaximumRecordAgeInSeconds"] > 0
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == _DEAD_LETTERS
    else:
        assert (stream, mapped) == (None, [])


def test_the_index_of_all_orders_holds_nothing_that_a_move_changes(resources):
    [index] = resources["OrdersTable"]["Properties"]["GlobalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["shop_id", "created_at"]


def test_the_index_of_open_orders_does_not_hold_the_task_token(resources):
    [index] = resources["OrdersTable"]["Properties"]["LocalSecondaryIndexes"]
    assert index["Projection"]["ProjectionType"] == "INCLUDE"
    assert "task_token" not in index["Projection"]["NonKeyAttributes"]


_MOST_OF_AN_INDEX, _MOST_OF_A_TABLE = 20, 100
"""Attributes beside the keys that DynamoDB lets one index name, and all indexes of a table."""


@pytest.mark.parametrize("model", MODELS, ids=base_name)
def test_no_index_names_more_attributes_than_dynamodb_allows(resources, model):
    table = resources[_table_id(resources, model)]["Properties"]
    named = [
        index["Projection"].get("NonKeyAttributes", [])
        for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes")
        for index in table.get(kind, ())
    ]
    assert all(len(names) <= _MOST_OF_AN_INDEX for names in named)
    assert sum(map(len, named)) <= _MOST_OF_A_TABLE


def test_every_key_names_its_partition_first():
    """DynamoDB refuses the other order, which emulators take."""
    for definition in table_definitions():
        indexes = definition["local_indexes"] + definition["global_indexes"]
        for keys in [definition["keys"], *(index["key_schema"] for index in indexes)]:
            assert [key["KeyType"] for key in keys] in (["HASH"], ["HASH", "RANGE"])


def _table_id(resources: dict, model) -> str:
    name = "serverlesspresso-" + base_name(model)
    [logical_id] = [
        one
        for one, table in _of_type(resources, "AWS::DynamoDB::Table").items()
        if table["Properties"]["TableName"] == name
    ]
    return logical_id


# Rules

_DEAD_LETTERS = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
BUS_RULES = (EVENTS, RECORDED)


def _rule(resources: dict, name: str) -> tuple[str, dict]:
    [(logical_id, rule)] = [
        (logical_id, one["Properties"])
        for logical_id, one in _of_type(resources, "AWS::Events::Rule").items()
        if one["Properties"]["Name"] == "serverlesspresso-" + name
    ]
    return logical_id, rule


@pytest.mark.parametrize("name", BUS_RULES)
def test_a_rule_takes_exactly_its_consumers_events_from_our_bus(resources, name):
    _, rule = _rule(resources, name)
    wanted = {str(t) for one in CONSUMERS if one.rule == name for t in one.detail_types}
    assert rule["EventBusName"] == {"Ref": "Bus"}
    assert rule["EventPattern"]["source"] == [SOURCE]
    assert set(rule["EventPattern"]["detail-type"]) == wanted
    assert rule["State"] == "ENABLED"


def test_only_what_the_outbox_has_not_stored_itself_is_recorded(resources):
    patterns = {name: _rule(resources, name)[1]["EventPattern"] for name in BUS_RULES}
    assert "detail" not in patterns[EVENTS]
    assert patterns[RECORDED]["detail"] == {"inJourney": [{"exists": False}]}


def test_a_step_of_an_order_is_one_call_of_the_function_for_all_consumers():
    called = detail_types_of(EVENTS)
    for row in TRANSITIONS:
        assert len(called & set(row.events)) == 1, row


@pytest.mark.parametrize("name", BUS_RULES)
def test_a_target_names_the_command_and_keeps_the_event_below_it(resources, name):
    _, rule = _rule(resources, name)
    [target] = rule["Targets"]
    transformer = target["InputTransformer"]
    assert transformer["InputPathsMap"] == {"event": "$"}
    sent = json.loads(transformer["InputTemplate"].replace("<event>", '{"raw_command": "evil"}'))
    assert sent == {"command": COMMAND, "consumer": name, "event": {"raw_command": "evil"}}


def test_the_clock_calls_the_function_once_a_minute(resources):
    _, rule = _rule(resources, EVERY_MINUTE)
    [target] = rule["Targets"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert json.loads(target["Input"]) == {"command": COMMAND, "consumer": EVERY_MINUTE}
    alarm = resources["SweepSilentAlarm"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": rule["Name"]}]


@pytest.mark.parametrize("name", [*BUS_RULES, EVERY_MINUTE])
def test_a_target_tries_again_for_a_while_and_then_keeps_the_event(resources, name):
    logical_id, rule = _rule(resources, name)
    [target] = rule["Targets"]
    assert target["Arn"] == {"Ref": "FunctionArn"}
    assert target["DeadLetterConfig"] == {"Arn": _DEAD_LETTERS}
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    permissions = _of_type(resources, "AWS::Lambda::Permission").values()
    sources = [permission["Properties"]["SourceArn"] for permission in permissions]
    assert {"Fn::GetAtt": [logical_id, "Arn"]} in sources


def test_an_event_that_the_function_took_and_failed_on_is_kept_too(resources):
    """A rule's own dead letters are only those that Lambda did not take."""
    [config] = _of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    assert config["Properties"]["DestinationConfig"]["OnFailure"]["Destination"] == _DEAD_LETTERS
    assert config["DependsOn"] == ["FunctionPolicy"]


def test_there_is_no_other_rule(resources):
    assert len(_of_type(resources, "AWS::Events::Rule")) == len(BUS_RULES) + 1


def test_the_command_exists():
    module_name, _, function_name = COMMAND.rpartition(".")
    module = __import__(module_name, fromlist=[function_name])
    assert callable(getattr(module, function_name))


def test_what_needs_the_function_waits_until_there_is_one(template, resources):
    for name, one in resources.items():
        by_name = one["Type"] == "AWS::Lambda::EventInvokeConfig"
        whole = json.dumps(one)
        uses = by_name or '{"Ref": "FunctionArn"}' in whole
        if '"Fn::If": ["HasFunction"' in whole:
            # It is there before the function, and learns of it later.
            assert "Condition" not in one
            continue
        assert (one.get("Condition") == "HasFunction") == uses, name
    assert template["Parameters"]["FunctionArn"]["Default"] == ""


def test_the_bus_has_the_decks_name(resources):
    assert resources["Bus"]["Properties"]["Name"] == BUS_NAME == "Serverlesspresso"


# Rights

_STARS_WITH_A_REASON = {
    # The id of an order, a shop, a connection or a container, made long after the template.
    "FindExecution": "execution",
    "PublishFragments": "topic/serverlesspresso/*",
    "ConnectPages": "client/live-*",
    "SubscribePages": "topicfilter/serverlesspresso/*",
    "ReceivePages": "topic/serverlesspresso/*",
    "WriteLog": "log-group:/aws/lambda/${FunctionName}:*",
    # AWS has no resource for it.
    "DescribeEndpoint": "*",
    "ListStreams": "*",
    # A phone number is no resource; the second takes every topic out of the first again.
    "SendTexts": "*",
    "NeverToTopics": ":sns:*:*:*",
}


def _statements(resources: dict) -> list[dict]:
    documents = [
        document
        for one in resources.values()
        for key, document in one["Properties"].items()
        if key.endswith("PolicyDocument")
    ]
    return [statement for document in documents for statement in document["Statement"]]


def _policy(resources: dict, name: str) -> dict[str, dict]:
    statements = resources[name]["Properties"]["PolicyDocument"]["Statement"]
    by_sid = {statement["Sid"]: statement for statement in statements}
    assert len(by_sid) == len(statements)
    return by_sid


def test_no_action_is_given_with_a_star(resources):
    statements = _statements(resources)
    assert len(statements) >= 20
    for one in statements:
        actions = one["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert "*" not in action
        assert one["Effect"] == ("Deny" if one.get("Sid") == "NeverToTopics" else "Allow")


def test_a_star_in_a_resource_is_one_of_those_with_a_reason(resources):
    with_star = {
        statement.get("Sid"): json.dumps(statement["Resource"])
        for statement in _statements(resources)
        if "*" in json.dumps(statement.get("Resource", ""))
    }
    assert set(with_star) == set(_STARS_WITH_A_REASON)
    for sid, resource in with_star.items():
        assert _STARS_WITH_A_REASON[sid] in resource


def test_the_workflow_may_do_what_its_definition_does_and_nothing_more(resources):
    allowed = {
        (statement["Resource"]["Fn::GetAtt"][0], action)
        for statement in _policy(resources, "WorkflowPolicy").values()
        for action in statement["Action"]
    }
    assert allowed == {
        ("OrdersTable", "dynamodb:GetItem"),
        ("OrdersTable", "dynamodb:UpdateItem"),
        ("IntakesTable", "dynamodb:ConditionCheckItem"),
        ("IntakesTable", "dynamodb:UpdateItem"),
        ("QrCodesTable", "dynamodb:UpdateItem"),
        ("CustomersTable", "dynamodb:UpdateItem"),
    }
    definition = resources["OrderWorkflow"]["Properties"]["DefinitionString"]
    for _, action in allowed:
        operation = action.removeprefix("dynamodb:")
        part = operation.removesuffix("Item")
        assert f'"{part}":' in definition or f"{operation[0].lower()}{operation[1:]}" in definition


def test_the_function_reads_many_orders_only_without_their_task_tokens(resources):
    table = resources["OrdersTable"]["Properties"]
    indexes = {
        f"/index/{index['IndexName']}": index["Projection"]
        for index in table["LocalSecondaryIndexes"] + table["GlobalSecondaryIndexes"]
    }
    on_orders = [
        statement
        for statement in _policy(resources, "FunctionPolicy").values()
        if "OrdersTable" in json.dumps(statement["Resource"]) and statement["Sid"] != "ReadStreams"
    ]
    bulk = {"dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PartiQLSelect"}
    for right in on_orders:
        if right["Action"] == ["dynamodb:BatchGetItem"]:
            condition = right["Condition"]
            named = condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]
            assert "state" in named and "task_token" not in named
            assert condition["StringEqualsIfExists"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
        elif bulk & set(right["Action"]):
            assert right["Action"] == ["dynamodb:Query"]
            projection = indexes[right["Resource"]["Fn::Join"][1][1]]
            assert projection["ProjectionType"] in ("INCLUDE", "KEYS_ONLY")
            assert "task_token" not in projection.get("NonKeyAttributes", ())


def test_every_table_is_used_by_the_function_and_only_shops_are_scanned(resources):
    policy = _policy(resources, "FunctionPolicy")
    assert {right.table for right in TABLE_RIGHTS} == {base_name(model) for model in MODELS}
    assert {right.sid for right in TABLE_RIGHTS} <= set(policy)
    assert [sid for sid, one in policy.items() if "dynamodb:Scan" in one["Action"]] == ["ListShops"]


def test_customers_sign_in_through_our_function_and_nobody_else_may_call_it(resources):
    pool = resources["CustomerPool"]["Properties"]
    _, triggers, nothing = pool["LambdaConfig"]["Fn::If"]
    assert nothing == {"Ref": "AWS::NoValue"}
    assert triggers == {
        name: {"Ref": "FunctionArn"}
        for name in ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
    }
    permission = resources["CustomerPoolPermission"]["Properties"]
    assert permission["Principal"] == "cognito-idp.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": ["CustomerPool", "Arn"]}
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    client = resources["CustomerPoolClient"]["Properties"]
    assert set(client["ExplicitAuthFlows"]) == {"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}


def test_every_client_of_a_pool_may_refresh(resources):
    """CloudFormation makes none without that flow, whether or not anybody refreshes."""
    clients = _of_type(resources, "AWS::Cognito::UserPoolClient")
    assert len(clients) == 2
    for name, client in clients.items():
        assert "ALLOW_REFRESH_TOKEN_AUTH" in client["Properties"]["ExplicitAuthFlows"], name


def test_the_template_is_too_long_for_a_call_and_short_enough_for_a_bucket():
    size = len(build_template_body(300, 900).encode())
    assert LARGEST_BODY < size < 1_000_000


def test_the_function_may_text_people_but_not_a_topic(resources):
    policy = _policy(resources, "CustomerPoolPolicy")
    assert policy["SendTexts"]["Resource"] == "*"
    assert policy["NeverToTopics"]["Effect"] == "Deny"
    assert policy["NeverToTopics"]["Action"] == policy["SendTexts"]["Action"] == ["sns:Publish"]


def test_another_part_adds_its_statements_to_the_functions_role():
    more = statement("SendCodes", ["sns:Publish"], "arn:aws:sns:us-east-1:1:codes")
    body = build_template_body(300, 900, more_statements=(more,))
    assert (
        more
        in json.loads(body)["Resources"]["FunctionPolicy"]["Properties"]["PolicyDocument"][
            "Statement"
        ]
    )


def test_only_the_function_may_take_the_role_of_pages_and_it_cannot_publish(resources):
    [trust] = resources["LiveRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::GetAtt": ["FunctionRole", "Arn"]}}
    actions = [one["Action"] for one in _policy(resources, "LivePolicy").values()]
    assert actions == [["iot:Connect"], ["iot:Subscribe"], ["iot:Receive"]]


def test_the_queue_and_the_workflows_role_serve_this_account_only(resources):
    """Lambda names no account when it takes a role; who gives it one needs iam:PassRole."""
    for one in _statements(resources):
        service = one.get("Principal", {}).get("Service")
        if service and service != "lambda.amazonaws.com":
            assert one["Condition"] in (
                {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                {
                    "ArnLike": {
                        "aws:SourceArn": {
                            "Fn::Sub": (
                                "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*"
                            )
                        }
                    }
                },
            )


# Deployments beside each other


def test_another_prefix_shares_no_name_and_no_topic():
    bodies = [build_template_body(300, 900, prefix) for prefix in ("one-", "two-")]
    [one, two] = map(_names, bodies)
    assert not one & two
    assert ":topic/one/*" in bodies[0] and ":topic/two/*" in bodies[1]
    assert ":topic/one/*" not in bodies[1]


def _names(body: str) -> frozenset[str]:
    keys = (
        "TableName",
        "StateMachineName",
        "QueueName",
        "RoleName",
        "Name",
        "AlarmName",
        "TopicName",
    )
    found = {
        properties[key]
        for resource in json.loads(body)["Resources"].values()
        for properties in [resource["Properties"]]
        for key in keys
        if isinstance(properties.get(key), str)
    }
    assert len(found) >= 10
    return frozenset(found)


def test_the_deadlines_reach_the_definition():
    body = json.loads(build_template_body(11, 22))
    definition = body["Resources"]["OrderWorkflow"]["Properties"]["DefinitionString"]
    seconds = [s.get("TimeoutSeconds") for s in json.loads(definition)["States"].values()]
    assert {11, 22} == {value for value in seconds if value}
