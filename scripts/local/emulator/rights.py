"""Enforces roles and policies as AWS does, with three corrections of MiniStack.

The function's credentials are known from the start; on AWS Lambda makes them. Policies are parsed
once, because MiniStack parses those of the caller at each call, which takes a sixth of its time.

Patched: `extract_resource_arn` and `dynamodb_service_context` in core.iam_actions, and
`parse_policy_document` and `enforce` in core.iam_evaluator.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache

from ministack.core import iam_actions, iam_evaluator
from ministack.services import stepfunctions, sts

RIGHTS_LOG = os.environ.get("RIGHTS_LOG", "")
"""The file for the rights that were used, for scripts/unused-rights."""

_resource_of = iam_actions.extract_resource_arn
_attributes_of = iam_actions.dynamodb_service_context
_parse = iam_evaluator.parse_policy_document
_enforce = iam_evaluator.enforce
_used_rights: set[str] = set()


def correct() -> None:
    iam_actions.extract_resource_arn = _corrected_resource
    iam_actions.dynamodb_service_context = _corrected_attributes
    iam_evaluator.parse_policy_document = _parsed_once
    if RIGHTS_LOG:
        iam_evaluator.enforce = _recording_rights


@lru_cache(maxsize=200)
def _of_text(document: str) -> list:
    return _parse(document)


def _parsed_once(document: str | dict) -> list:
    return _of_text(document if isinstance(document, str) else json.dumps(document))


def hand_out(credentials: dict[str, str]) -> None:
    """Registers the function's keys for its role. They stay valid after a restart, as on AWS."""
    _, _, _, _, account, role = credentials["role"].split(":")
    sts.register_session(
        credentials["AWS_ACCESS_KEY_ID"],
        {
            "Arn": f"arn:aws:sts::{account}:assumed-{role}/function",
            "UserId": "AROAFUNCTION:function",
            "SecretAccessKey": credentials["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": credentials["AWS_SESSION_TOKEN"],
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )


def _corrected_resource(
    service: str,
    method: str,
    path: str,
    headers: dict,
    body: bytes,
    params: dict,
    region: str,
    account: str,
) -> str:
    """Returns the resource that a policy must name for a request.

    MiniStack takes a bus for a rule. For an answer to a waiting execution it knows no resource; on
    AWS it is the state machine, and there is only one.
    """
    operation = headers.get("x-amz-target", "").partition(".")[2]
    if operation == "DescribeEventBus":
        return f"arn:aws:events:{region}:{account}:event-bus/{json.loads(body)['Name']}"
    if operation in ("SendTaskSuccess", "SendTaskFailure"):
        return next(iter(stepfunctions._state_machines), "*")
    return _resource_of(service, method, path, headers, body, params, region, account)


def _corrected_attributes(body: bytes) -> dict:
    """Returns the attributes that a read names.

    MiniStack expects them where a read of one item has them, but a read of many has them below its
    table.
    """
    asked = json.loads(body or b"{}").get("RequestItems")
    if isinstance(asked, dict):
        for one in asked.values():
            if isinstance(one, dict):
                return _attributes_of(json.dumps(one).encode())
    return _attributes_of(body)


def _recording_rights(key: str, action: str, service: str, region: str, *rest, **named):
    refusal = _enforce(key, action, service, region, *rest, **named)
    session = sts._sessions.get(key)
    if refusal is None and session:
        resource = named.get("resource_arn") or (rest[0] if rest else "*")
        role = session["Arn"].split("/")[1]
        for statements in iam_evaluator.resolve_principal(key, session["AccountId"]).policies:
            for one in statements:
                if iam_evaluator._action_matches(action, one.actions, one.not_actions) and (
                    iam_evaluator._resource_matches(resource, one.resources, one.not_resources)
                ):
                    _record(f"{role} {one.sid} {action}")
    return refusal


def _record(right: str) -> None:
    if right not in _used_rights:
        _used_rights.add(right)
        with open(RIGHTS_LOG, "a") as log:
            log.write(right + "\n")
