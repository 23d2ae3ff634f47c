"""What can be wrong with a deployed bar, and the beliefs that then have to be wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from scripts.verifying.subject import Subject


@dataclass(frozen=True)
class Breakage:
    """One fault: how it is brought about and mended again, and who has to notice.

    beliefs: which are wrong then, and what is said of each. patience: what never happens need not
    be waited for long.
    """

    name: str
    beliefs: Mapping[str, str]
    broken: Callable[[Subject], AbstractContextManager]
    patience: float = 60


@contextmanager
def _rule_off(subject: Subject, name: str, bus: str) -> Iterator[None]:
    events = subject.client("events")
    where = {"Name": subject.prefix + name, "EventBusName": bus}
    events.disable_rule(**where)
    try:
        yield
    finally:
        events.enable_rule(**where)


def _events_off(subject: Subject):
    return _rule_off(subject, "events", subject.bus)


def _clock_off(subject: Subject):
    return _rule_off(subject, "every-minute", "default")


@contextmanager
def _rule_removed(subject: Subject) -> Iterator[None]:
    events, name = subject.client("events"), subject.prefix + "recorded"
    rule = events.describe_rule(Name=name, EventBusName=subject.bus)
    targets = events.list_targets_by_rule(Rule=name, EventBusName=subject.bus)["Targets"]
    events.remove_targets(Rule=name, EventBusName=subject.bus, Ids=["function"])
    events.delete_rule(Name=name, EventBusName=subject.bus)
    try:
        yield
    finally:
        events.put_rule(
            Name=name, EventBusName=subject.bus, EventPattern=rule["EventPattern"], State="ENABLED"
        )
        events.put_targets(Rule=name, EventBusName=subject.bus, Targets=targets)


@contextmanager
def _dead_consumer(subject: Subject) -> Iterator[None]:
    """The rule names a consumer that the code does not have, so nothing is started."""
    events, name = subject.client("events"), subject.prefix + "events"
    [target] = events.list_targets_by_rule(Rule=name, EventBusName=subject.bus)["Targets"]
    template = target["InputTransformer"]["InputTemplate"].replace('"events"', '"nobody"')
    wrong = target | {"InputTransformer": target["InputTransformer"] | {"InputTemplate": template}}
    events.put_targets(Rule=name, EventBusName=subject.bus, Targets=[wrong])
    try:
        yield
    finally:
        events.put_targets(Rule=name, EventBusName=subject.bus, Targets=[target])
        subject.client("sqs").purge_queue(QueueUrl=subject.dead_letters_url)


@contextmanager
def _mapping_off(subject: Subject) -> Iterator[None]:
    lambdas = subject.client("lambda")
    [mapping] = [
        one
        for one in lambdas.list_event_source_mappings(FunctionName=subject.bar.function)[
            "EventSourceMappings"
        ]
        if one["EventSourceArn"].split("/")[1] == subject.table("orders")
    ]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@contextmanager
def _policy(subject: Subject, role: str, policy: str, change: Callable[[dict], None]):
    iam, name = subject.client("iam"), subject.physical[role]
    before = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    before = json.loads(before) if isinstance(before, str) else before
    after = json.loads(json.dumps(before))
    change(after)
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(after))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(before))


def _function_may_all(subject: Subject):
    wide = {"Sid": "Wide", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    return _policy(
        subject, "FunctionRole", "FunctionPolicy", lambda policy: policy["Statement"].append(wide)
    )


def _topics_open(subject: Subject):
    def open_topics(policy: dict) -> None:
        [one] = [one for one in policy["Statement"] if one["Sid"] == "SubscribePages"]
        one["Resource"] = "*"

    return _policy(subject, "LiveRole", "LivePolicy", open_topics)


@contextmanager
def _definition(subject: Subject, change: Callable[[dict], None]):
    workflows, arn = subject.client("stepfunctions"), subject.machine["stateMachineArn"]
    before = subject.machine["definition"]
    after = json.loads(before)
    change(after["States"])
    workflows.update_state_machine(stateMachineArn=arn, definition=json.dumps(after))
    # An execution that starts right after this may still get the one before it.
    time.sleep(0.3)
    try:
        yield
    finally:
        workflows.update_state_machine(stateMachineArn=arn, definition=before)


@contextmanager
def _anybody_takes_role(subject: Subject) -> Iterator[None]:
    iam, name = subject.client("iam"), subject.physical["LiveRole"]
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    before = json.loads(before) if isinstance(before, str) else before
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    after = before | {"Statement": [*before["Statement"], anybody]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(after))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))


def _cancellations_not_caught(subject: Subject):
    def drop(states: dict) -> None:
        states["AwaitBarista"]["Catch"] = states["AwaitBarista"]["Catch"][1:]

    return _definition(subject, drop)


def _barista_never_times_out(subject: Subject):
    def drop(states: dict) -> None:
        states["AwaitBaristaAgain"]["Catch"] = states["AwaitBaristaAgain"]["Catch"][:-1]

    return _definition(subject, drop)


@contextmanager
def _alarm_gone(subject: Subject) -> Iterator[None]:
    cloudwatch, name = subject.client("cloudwatch"), subject.prefix + "sweep-silent"
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    cloudwatch.delete_alarms(AlarmNames=[name])
    kept = (
        "AlarmName",
        "AlarmDescription",
        "Namespace",
        "MetricName",
        "Dimensions",
        "Statistic",
        "Period",
        "EvaluationPeriods",
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
        "AlarmActions",
        "OKActions",
    )
    try:
        yield
    finally:
        cloudwatch.put_metric_alarm(**{part: alarm[part] for part in kept if part in alarm})


@contextmanager
def _log_for_ever(subject: Subject) -> Iterator[None]:
    logs, name = subject.client("logs"), f"/aws/lambda/{subject.bar.function}"
    logs.delete_retention_policy(logGroupName=name)
    try:
        yield
    finally:
        logs.put_retention_policy(logGroupName=name, retentionInDays=30)


@contextmanager
def _queue_open(subject: Subject) -> Iterator[None]:
    queues, url = subject.client("sqs"), subject.dead_letters_url
    before = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    policy = json.loads(before["Policy"])
    policy["Statement"][0]["Principal"] = "*"
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    try:
        yield
    finally:
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": before["Policy"]})


@contextmanager
def _anybody_calls(subject: Subject) -> Iterator[None]:
    lambdas, function = subject.client("lambda"), subject.bar.function
    lambdas.add_permission(
        FunctionName=function, StatementId="anybody", Action="lambda:InvokeFunction", Principal="*"
    )
    try:
        yield
    finally:
        lambdas.remove_permission(FunctionName=function, StatementId="anybody")


BREAKAGES = (
    Breakage("the rule of all events is off", {"rules-enabled": "is DISABLED"}, _events_off),
    Breakage("a rule is removed", {"rules-enabled": "there is no rule"}, _rule_removed),
    Breakage("the schedule is off", {"clock-rule": "is DISABLED"}, _clock_off),
    Breakage(
        "the function's policy is wide",
        {"function-rights": "more than the template", "function-cannot": "dynamodb:Scan"},
        _function_may_all,
    ),
    Breakage("the pages' role reads all topics", {"live-rights": "SubscribePages"}, _topics_open),
    Breakage("anybody takes the pages' role", {"live-rights": "by others"}, _anybody_takes_role),
    Breakage(
        "the workflow does not catch a cancellation",
        {"definition-deployed": "AwaitBarista", "cancelled-by-barista": "is FAILED"},
        _cancellations_not_caught,
    ),
    Breakage(
        "the workflow does not catch a deadline",
        {"definition-deployed": "AwaitBaristaAgain", "deadline-of-barista": "TIMED_OUT"},
        _barista_never_times_out,
    ),
    Breakage("an alarm is gone", {"alarms-there": "sweep-silent"}, _alarm_gone),
    Breakage("the log is kept for ever", {"log-kept": "for ever"}, _log_for_ever),
    Breakage("anybody may write dead letters", {"dead-letters-queue": "others"}, _queue_open),
    Breakage("anybody may call the function", {"function-called-by": "others"}, _anybody_calls),
    # Last, since what was not delivered meanwhile comes all at once.
    Breakage(
        "a consumer is dead",
        {"rules-enabled": "InputTransformer", "admitted-with-token": "an order is ADMITTED"},
        _dead_consumer,
        patience=4,
    ),
    Breakage(
        "a stream is not read",
        {"mappings-enabled": "is Disabled", "announced-in-order": "did not happen"},
        _mapping_off,
        patience=4,
    ),
)
