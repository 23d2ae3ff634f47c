"""The template's rights, held against AWS's list of actions, resources and conditions.

A right that names a resource its action does not know is granted to nobody; so is one whose action
or condition is misspelt. The emulators grant both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from webapp.stack import build_template_body

pytestmark = pytest.mark.filterwarnings("ignore:pkg_resources is deprecated")

ACCOUNT, REGION = "123456789012", "us-east-1"
_ARNS = {
    "AWS::Cognito::UserPool": "cognito-idp:{place}:userpool/us-east-1_{name}",
    "AWS::DynamoDB::Table": "dynamodb:{place}:table/{name}",
    "AWS::Events::EventBus": "events:{place}:event-bus/{name}",
    "AWS::IAM::Role": "iam::123456789012:role/{name}",
    "AWS::SNS::Topic": "sns:{place}:{name}",
    "AWS::SQS::Queue": "sqs:{place}:{name}",
    "AWS::SSM::Parameter": "ssm:{place}:parameter/{name}",
    "AWS::StepFunctions::StateMachine": "states:{place}:stateMachine:{name}",
}
_REF_IS_ARN = {"AWS::StepFunctions::StateMachine", "AWS::SNS::Topic"}
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::StackName": "bar",
    "AWS::URLSuffix": "amazonaws.com",
}
HELD_TO_BE_RIGHT = {
    # A phone number is no resource: AWS knows only "*" for texts to one.
    ("CustomerPoolPolicy", "RESOURCE_STAR", "sns:Publish"),
    # Standard executions are of the kind `execution`; the linter asks for express ones as well.
    ("FunctionPolicy", "RESOURCE_MISMATCH", "states:DescribeExecution"),
    # AWS's list knows no resource for these two, yet for the token of a callback the machine's name
    # is what AWS asks for (aws-cdk#8486, hydrovis#837).
    ("FunctionPolicy", "RESOURCE_MISMATCH", "states:SendTaskSuccess"),
    ("FunctionPolicy", "RESOURCE_MISMATCH", "states:SendTaskFailure"),
}


@pytest.fixture(scope="module")
def policies() -> dict[str, dict]:
    """The policies of roles, as they are once CloudFormation has filled them in."""
    resources = json.loads(build_template_body(300, 900))["Resources"]
    return {
        name: _filled(document, resources)
        for name, resource in resources.items()
        for document in _documents(resource)
    }


def _documents(part) -> Iterator[dict]:
    if isinstance(part, dict):
        statements = part.get("Statement")
        if statements and not any("Principal" in one for one in statements):
            yield part
        part = list(part.values())
    for one in part if isinstance(part, list) else ():
        yield from _documents(one)


def _filled(part, resources: dict):
    """A part of the template with its references replaced by what they stand for."""
    if isinstance(part, list):
        return [_filled(one, resources) for one in part]
    if not isinstance(part, dict):
        return part
    [(name, value), *others] = part.items()
    if others or not (name == "Ref" or name.startswith("Fn::")):
        return {key: _filled(one, resources) for key, one in part.items()}
    if name == "Fn::Join":
        return value[0].join(_filled(value[1], resources))
    if name == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: _ref(found[1], resources), value)
    return _ref(value, resources) if name == "Ref" else _attribute(*value, resources)


def _ref(name: str, resources: dict) -> str:
    if name not in resources:
        return _PSEUDO.get(name, name)
    if resources[name]["Type"] in _REF_IS_ARN:
        return _attribute(name, "Arn", resources)
    return f"/{name}" if resources[name]["Type"] == "AWS::SSM::Parameter" else name


def _attribute(name: str, attribute: str, resources: dict) -> str:
    if not attribute.endswith("Arn"):
        return name
    arn = _ARNS[resources[name]["Type"]].format(place=f"{REGION}:{ACCOUNT}", name=name)
    # Its label is a time, whose colons the linter takes for parts of the name.
    stream = "/stream/label" if attribute == "StreamArn" else ""
    return f"arn:aws:{arn}{stream}"


def _found(document: dict) -> set[tuple[str, str]]:
    from parliament import analyze_policy_string

    findings = analyze_policy_string(json.dumps({"Version": "2012-10-17"} | document)).findings
    return {
        (one.issue, detail["action"] if isinstance(detail, dict) else str(detail))
        for one in findings
        for detail in (one.detail if isinstance(one.detail, list) else [one.detail])
    }


def test_aws_knows_every_action_resource_and_condition_of_our_rights(policies):
    found = {(name, *one) for name, document in policies.items() for one in _found(document)}
    assert found == HELD_TO_BE_RIGHT


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"Action": ["dynamodb:GetItems"]}, "UNKNOWN_ACTION"),
        ({"Action": ["dynamodb:ListStreams"]}, "RESOURCE_MISMATCH"),
        ({"Resource": "arn:aws:sqs:us-east-1:123456789012:queue"}, "RESOURCE_MISMATCH"),
        (
            {"Condition": {"StringEquals": {"dynamodb:Attribute": "x"}}},
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        ({"Resource": "no arn"}, "INVALID_ARN"),
    ],
)
def test_a_right_that_aws_would_not_grant_would_be_seen(change, issue):
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    right = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": table}
    assert _found({"Statement": [right]}) == set()
    assert issue in {name for name, _ in _found({"Statement": [right | change]})}
