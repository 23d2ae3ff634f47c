"""Builders for Amazon States Language, each named after the state's `Type`; JSONPath only.

Source: https://states-language.net. Each returns the state as plain data; `state_machine` puts
them together and refuses a definition that could not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CONDITION_FAILED = "DynamoDb.ConditionalCheckFailedException"
TRANSACTION_CANCELED = "DynamoDb.TransactionCanceledException"
TIMEOUT = "States.Timeout"

# SDK integrations do not retry on their own. Their errors carry the names of AWS's SDK for Java,
# and Step Functions compares these names letter by letter. Neither list may hold a refused
# condition, States.TaskFailed or States.ALL, because Step Functions tries a Retry before the Catch
# that handles such an error.
_PASSING = (
    "ProvisionedThroughputExceededException",
    "RequestLimitExceededException",
    "ThrottlingException",
    "InternalServerErrorException",
    "TransactionInProgressException",
    "TransactionConflictException",
    "ReplicatedWriteConflictException",
)
"""Errors of DynamoDB's model that the same call may survive a few seconds later."""
_UNKNOWN = ("DynamoDbException", "SdkClientException")
"""Errors that DynamoDB's model does not name, such as 503, and broken connections. Some of them
last, so these are retried less often."""


def task_state(
    action: str,
    parameters: Mapping,
    *,
    next_state: str | None,
    catch: Iterable[tuple[str, str]] = (),
    result_path: str | None = None,
    comment: str = "",
) -> dict:
    """A Task that calls an AWS API, `action` as in "dynamodb:updateItem".

    catch: pairs of error name and next state. result_path: where the answer goes; None drops it.
    """
    return _task(
        f"arn:aws:states:::aws-sdk:{action}", parameters, next_state, catch, result_path, comment
    )


def callback_task_state(
    action: str,
    parameters: Mapping,
    *,
    next_state: str | None,
    timeout_seconds: int | str,
    catch: Iterable[tuple[str, str]] = (),
    comment: str = "",
) -> dict:
    """A Task that calls an AWS API and then waits for its task token to come back.

    timeout_seconds: seconds, or a path in the input. Without a timeout, an execution whose token
    was lost would wait for a year.
    """
    state = _task(
        f"arn:aws:states:::aws-sdk:{action}.waitForTaskToken",
        parameters,
        next_state,
        catch,
        None,
        comment,
    )
    key = "TimeoutSecondsPath" if isinstance(timeout_seconds, str) else "TimeoutSeconds"
    return state | {key: timeout_seconds}


def choice_state(
    variable: str,
    targets: Mapping[str, str],
    default: str,
    limits: Mapping[str, tuple[str, int]] | None = None,
) -> dict:
    """A Choice on a string: `targets` maps a value to the next state.

    limits: the path of a number that must be present and below another one, by value.
    """
    limits = limits or {}
    return {
        "Type": "Choice",
        "Choices": [
            _rule(variable, value, limits.get(value)) | {"Next": target}
            for value, target in targets.items()
        ],
        "Default": default,
    }


def _rule(variable: str, value: str, limit: tuple[str, int] | None) -> dict:
    is_value = {"Variable": variable, "StringEquals": value}
    if limit is None:
        return is_value
    counted, end = limit
    return {
        "And": [
            is_value,
            {"Variable": counted, "IsPresent": True},
            {"Variable": counted, "NumericLessThan": end},
        ]
    }


def pass_state(
    parameters: Mapping, *, result_path: str, next_state: str, comment: str = ""
) -> dict:
    """A Pass that puts values made of the input at `result_path`."""
    return ({"Comment": comment} if comment else {}) | {
        "Type": "Pass",
        "Parameters": dict(parameters),
        "ResultPath": result_path,
        "Next": next_state,
    }


def wait_state(seconds: int, next_state: str) -> dict:
    """A Wait of some seconds."""
    return {"Type": "Wait", "Seconds": seconds, "Next": next_state}


def succeed_state() -> dict:
    """The successful end of an execution."""
    return {"Type": "Succeed"}


def state_machine(start_at: str, states: Mapping[str, dict], comment: str) -> dict:
    """The whole definition.

    Raises ValueError for a next state that does not exist or a state nothing leads to.
    """
    definition = {"Comment": comment, "StartAt": start_at, "States": dict(states)}
    reachable, to_visit = set(), [start_at]
    while to_visit:
        name = to_visit.pop()
        if name not in states:
            raise ValueError(f"no such state: {name}")
        if name not in reachable:
            reachable.add(name)
            to_visit.extend(next_states(states[name]))
    if unreachable := set(states) - reachable:
        raise ValueError(f"nothing leads to: {', '.join(sorted(unreachable))}")
    return definition


def next_states(state: Mapping) -> list[str]:
    """The names of the states that may follow."""
    branches = [*state.get("Choices", ()), *state.get("Catch", ())]
    names = [state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)]
    return [name for name in names if name]


def _task(
    resource: str,
    parameters: Mapping,
    next_state: str | None,
    catch: Iterable[tuple[str, str]],
    result_path: str | None,
    comment: str,
) -> dict:
    state: dict[str, Any] = {"Type": "Task", "Resource": resource, "Parameters": dict(parameters)}
    if comment:
        state = {"Comment": comment} | state
    state["ResultPath"] = result_path
    state["Catch"] = [
        {"ErrorEquals": [error], "ResultPath": "$.error", "Next": target} for error, target in catch
    ]
    if not state["Catch"]:
        del state["Catch"]
    state["Retry"] = [
        {
            "ErrorEquals": [f"DynamoDb.{name}" for name in errors],
            "IntervalSeconds": 1,
            "BackoffRate": 2,
            "MaxAttempts": attempts,
        }
        for errors, attempts in ((_PASSING, 4), (_UNKNOWN, 2))
    ]
    return state | ({"Next": next_state} if next_state else {"End": True})
