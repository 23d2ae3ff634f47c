"""Checks of what AWS itself counted during the run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from scripts.verifying.registry import checks
from scripts.verifying.scenes import Scenes
from scripts.verifying.verdicts import EmulatorDiffers, NotChecked, Wrong

_PATIENCE_SECONDS = 420


@checks("no-failed-execution")
def no_failed_execution(scenes: Scenes) -> str:
    scenes.made.fact("execution")
    pages = (
        scenes.subject.client("stepfunctions")
        .get_paginator("list_executions")
        .paginate(
            stateMachineArn=scenes.subject.machine["stateMachineArn"],
            PaginationConfig={"MaxItems": 100},
        )
    )
    recent = [
        one for page in pages for one in page["executions"] if one["startDate"] >= scenes.began_at
    ]
    failed = [one for one in recent if one["status"] in ("FAILED", "TIMED_OUT")]
    if failed:
        raise Wrong(f"{len(failed)} of {len(recent)} executions since then are not well")
    return f"{len(recent)} executions since the beginning, none of them FAILED"


@checks("function-counted")
def function_counted(scenes: Scenes) -> str:
    name = {"FunctionName": scenes.subject.bar.function}
    calls = _counted(scenes, "AWS/Lambda", "Invocations", name)
    errors = _sum(scenes, "AWS/Lambda", "Errors", name)
    throttles = _sum(scenes, "AWS/Lambda", "Throttles", name)
    said = f"CloudWatch counted {calls:.0f} calls, {errors:.0f} errors, {throttles:.0f} throttled"
    if throttles or errors > (3 if scenes.subject.is_patient else 0):
        raise Wrong(said)
    return said


@checks("workflow-counted")
def workflow_counted(scenes: Scenes) -> str:
    machine = {"StateMachineArn": scenes.subject.machine["stateMachineArn"]}
    started = _counted(scenes, "AWS/States", "ExecutionsStarted", machine)
    failed = _sum(scenes, "AWS/States", "ExecutionsFailed", machine)
    said = f"CloudWatch counted {started:.0f} executions started and {failed:.0f} failed"
    if failed:
        raise Wrong(said)
    return said


@checks("tables-counted")
def tables_counted(scenes: Scenes) -> str:
    table = {"TableName": scenes.subject.table("orders")}
    units = _counted(scenes, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", table)
    throttled = _sum(scenes, "AWS/DynamoDB", "WriteThrottleEvents", table)
    said = f"CloudWatch counted {units:.0f} write units of orders, {throttled:.0f} throttled"
    if throttled:
        raise Wrong(said)
    return said


def _counted(scenes: Scenes, namespace: str, metric: str, dimensions: Mapping) -> float:
    if found := _sum(scenes, namespace, metric, dimensions):
        return found
    if scenes.subject.is_emulator:
        raise EmulatorDiffers(f"it does not count {metric} of {namespace}")
    if not scenes.subject.is_patient:
        raise NotChecked("CloudWatch counts some minutes later; --patient waits for it")
    return scenes.subject.wait(
        lambda: _sum(scenes, namespace, metric, dimensions),
        f"that CloudWatch counts {metric}",
        _PATIENCE_SECONDS,
    )


def _sum(scenes: Scenes, namespace: str, metric: str, dimensions: Mapping) -> float:
    answer = scenes.subject.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        # CloudWatch counts whole minutes. An earlier minute would include errors of an earlier run.
        StartTime=scenes.began_at.replace(second=0, microsecond=0),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(one["Sum"] for one in answer["Datapoints"])


@checks("nothing-stays")
def nothing_stays(scenes: Scenes) -> str:
    # This runs last, after everything was removed (scripts/verifying/run.py).
    from scripts.verifying.rehearsal import Traces

    found = Traces(scenes.subject).find()
    if scenes.mark in found:
        raise Wrong(f"what was made could not all be taken away: {scenes.mark}")
    return "what was made is gone; only AWS's own histories and figures remember it"
