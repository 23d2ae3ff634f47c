"""Checks of roles and policies: they are those of the template, and they deny what they should."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from scripts.verifying.registry import checks
from scripts.verifying.scenes import Scenes
from scripts.verifying.subject import Subject
from scripts.verifying.verdicts import Wrong

_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")


@checks("function-rights")
def function_rights(scenes: Scenes) -> str:
    return _as_in_template(scenes.subject, "FunctionRole")


@checks("workflow-rights")
def workflow_rights(scenes: Scenes) -> str:
    return _as_in_template(scenes.subject, "WorkflowRole")


@checks("live-rights")
def live_rights(scenes: Scenes) -> str:
    return _as_in_template(scenes.subject, "LiveRole")


def _as_in_template(subject: Subject, role: str) -> str:
    name = subject.physical[role]
    wanted = {one["Sid"]: one for one in _wanted(subject, role)}
    found = list(_deployed(subject, name))
    for one in found:
        sid = one.get("Sid", "")
        if sid not in wanted:
            raise Wrong(f"{name} may do more than the template says: {sid or one.get('Action')}")
        _compare(subject, name, one, wanted[sid])
    if missing := wanted.keys() - {one.get("Sid") for one in found}:
        raise Wrong(f"{name} lacks {', '.join(sorted(missing))}")
    trust = subject.template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]
    there = subject.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    _compare_trust(subject, name, _document(there), trust)
    return f"{len(found)} statements, each as the template has it, and nobody else takes the role"


def _wanted(subject: Subject, role: str) -> Iterator[dict]:
    for kind in _POLICIES:
        for properties in subject.resources(kind).values():
            if {"Ref": role} in properties.get("Roles", ()):
                yield from properties["PolicyDocument"]["Statement"]


def _deployed(subject: Subject, role: str) -> Iterator[dict]:
    iam = subject.client("iam")
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            yield from _statements(policy)
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for one in page["AttachedPolicies"]:
            arn = one["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
            yield from _statements(policy["Document"])


def _statements(document) -> list[dict]:
    statements = _document(document)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _document(document) -> dict:
    return json.loads(document) if isinstance(document, str) else document


def _compare(subject: Subject, role: str, found: Mapping, wanted: Mapping) -> None:
    where = f"{role}, {wanted['Sid']}"
    if found["Effect"] != wanted["Effect"]:
        raise Wrong(f"{where}: {found['Effect']} in place of {wanted['Effect']}")
    more = set(_many(found.get("Action"))) ^ set(_many(wanted["Action"]))
    if more or {"NotAction", "NotResource"} & found.keys():
        raise Wrong(f"{where}: other actions than the template's: {', '.join(sorted(more))}")
    if found.get("Condition") != wanted.get("Condition"):
        raise Wrong(f"{where}: another condition than the template's")
    patterns = [_pattern(subject, one) for one in _many(wanted["Resource"])]
    for resource in _many(found["Resource"]):
        if not any(re.fullmatch(pattern, resource) for pattern in patterns):
            raise Wrong(f"{where}: it reaches another resource than the template's")


def _compare_trust(subject: Subject, role: str, found: Mapping, wanted: Mapping) -> None:
    [ours], [there, *others] = wanted["Statement"], _statements(found)
    kind, principal = next(iter(ours["Principal"].items()))
    named = there["Principal"].get(kind, "") if isinstance(there["Principal"], dict) else ""
    is_same = re.fullmatch(_pattern(subject, principal), named if isinstance(named, str) else "")
    is_same = is_same and set(there["Principal"]) == {kind}
    if others or not is_same or _many(there["Action"]) != [ours["Action"]]:
        raise Wrong(f"{role} may be taken by others than the template says")
    if "Condition" in ours:
        account = there.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
        if account != subject.account:
            raise Wrong(f"{role} may be used from another account")


def _many(value) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value] if value else []


def _pattern(subject: Subject, part) -> str:
    """Returns a regular expression for the name in the account of a resource of the template."""
    if isinstance(part, str):
        return re.escape(part)
    if "Ref" in part:
        return _called(subject, part["Ref"])
    if "Fn::GetAtt" in part:
        logical, attribute = part["Fn::GetAtt"]
        after = r"/stream/[^*?]+" if attribute == "StreamArn" else ""
        return _called(subject, logical) + after
    if "Fn::Sub" in part:
        return "".join(
            r"[^*?]+" if place % 2 else re.escape(text)
            for place, text in enumerate(re.split(r"\$\{([^}]+)\}", part["Fn::Sub"]))
        )
    if "Fn::Join" in part:
        between, parts = part["Fn::Join"]
        return re.escape(between).join(_pattern(subject, one) for one in parts)
    raise ValueError(f"a resource of the template that is not understood: {part}")


def _called(subject: Subject, logical: str) -> str:
    physical = subject.physical.get(logical)
    if not physical:
        return r"[^*?]+"
    if logical.endswith("PoolIds"):
        return re.escape(physical)
    return r"[^*?]*" + re.escape(re.split(r"[:/]", physical)[-1])


@checks("function-cannot")
def function_cannot(scenes: Scenes) -> str:
    subject = scenes.subject
    region, account, prefix = subject.bar.region, subject.account, subject.prefix
    orders = f"arn:aws:dynamodb:{region}:{account}:table/{prefix}orders"
    machine = subject.machine["stateMachineArn"]
    role = f"arn:aws:iam::{account}:role/{subject.physical['FunctionRole']}"
    key = f"arn:aws:ssm:{region}:{account}:parameter/{prefix.rstrip('-')}/secret-key"
    must_not = (
        ("dynamodb:Scan", orders),
        ("dynamodb:DeleteItem", orders),
        ("dynamodb:DeleteTable", orders),
        ("states:StopExecution", machine),
        ("states:UpdateStateMachine", machine),
        ("iam:PassRole", role),
        ("lambda:UpdateFunctionCode", subject.function["FunctionArn"]),
        ("ssm:GetParameter", key),
        ("events:PutRule", f"arn:aws:events:{region}:{account}:rule/x"),
        ("sns:Publish", f"arn:aws:sns:{region}:{account}:{prefix}alarms"),
        ("sqs:ReceiveMessage", f"arn:aws:sqs:{region}:{account}:{prefix}dead-letters"),
        ("iot:Publish", f"arn:aws:iot:{region}:{account}:topic/elsewhere/x"),
        ("s3:GetObject", "arn:aws:s3:::any/thing"),
    )
    must = (
        ("dynamodb:UpdateItem", orders),
        ("states:SendTaskSuccess", machine),
        ("states:StartExecution", machine),
    )
    for action, resource in must_not:
        if _simulated(subject, role, action, resource) == "allowed":
            raise Wrong(f"the function may {action} where it must not")
    for action, resource in must:
        _has_to_be_allowed(subject, action, resource)
    return f"{len(must_not)} things that the function must not do are denied by the simulator"


def _simulated(subject: Subject, role: str, action: str, resource: str) -> str:
    answer = subject.client("iam").simulate_principal_policy(
        PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]
    )
    return answer["EvaluationResults"][0]["EvalDecision"]


@checks("streams-listed")
def streams_listed(scenes: Scenes) -> str:
    _has_to_be_allowed(scenes.subject, "dynamodb:ListStreams", "*")
    return "the simulator lets the function list streams"


def _has_to_be_allowed(subject: Subject, action: str, resource: str) -> None:
    role = f"arn:aws:iam::{subject.account}:role/{subject.physical['FunctionRole']}"
    if _simulated(subject, role, action, resource) != "allowed":
        raise Wrong(f"the function may not {action}, which it needs")


@checks("function-called-by")
def function_called_by(scenes: Scenes) -> str:
    """Only the stack and Zappa may allow others to call the function."""
    policy = json.loads(
        scenes.subject.client("lambda").get_policy(FunctionName=scenes.subject.bar.function)[
            "Policy"
        ]
    )
    services = {"events.amazonaws.com", "cognito-idp.amazonaws.com", "apigateway.amazonaws.com"}
    for one in policy["Statement"]:
        principal = one["Principal"]
        service = principal.get("Service") if isinstance(principal, dict) else principal
        source = json.dumps(one.get("Condition", {}))
        if service not in services or "SourceArn" not in source:
            raise Wrong("the function may be called by others than its rules, pool and API")
        if scenes.subject.account not in source:
            raise Wrong("the function may be called from another account")
    return f"{len(policy['Statement'])} callers, each by its own ARN"
