"""What a team watches: the function's log, metrics counted in it, alarms and a dashboard.

There are ten alarms and five metrics, because CloudWatch gives an account that many for free. Each
alarm's description leads to the section of docs/runbook.md with the alarm's name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from troposphere import Equals, GetAtt, Not, Output, Parameter, Ref, Sub, Template
from troposphere.cloudwatch import Alarm, Dashboard, MetricDimension
from troposphere.logs import LogGroup, MetricFilter, MetricTransformation
from troposphere.sns import SubscriptionResource, Topic
from troposphere.sqs import Queue
from troposphere.stepfunctions import StateMachine

from workflows.signals import Signal

LOG_DAYS = 30
RUNBOOK = "docs/runbook.md"
SERVER_ERRORS = "ServerErrors"
PAGE_MILLISECONDS = "PageMilliseconds"

_HAS_ALARM_EMAIL = "HasAlarmEmail"
_MINUTE = 60


@dataclass(frozen=True)
class Watched:
    """What the alarms and the dashboard are about."""

    prefix: str
    dead_letters: Queue
    machine: StateMachine
    clock: str
    """The name of the rule that starts the sweep."""


@dataclass(frozen=True)
class _Metric:
    """A metric and the one resource it is read for."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class _Alarm:
    """An alarm that rings when `statistic` of the metric meets `threshold` in `minutes` minutes."""

    name: str
    says: str
    metric: _Metric
    minutes: int = 1
    statistic: str = "Sum"
    threshold: float = 1
    comparison: str = "GreaterThanOrEqualToThreshold"
    periods: int = 1
    missing: str = "notBreaching"


def add_operations(template: Template, watched: Watched) -> None:
    """Adds the log with its metrics, the alarms with their topic, and the dashboard."""
    template.add_parameter(
        Parameter(
            "AlarmEmail",
            Type="String",
            Default="",
            Description="Who is written to when an alarm rings; empty for nobody",
        )
    )
    template.add_condition(_HAS_ALARM_EMAIL, Not(Equals(Ref("AlarmEmail"), "")))
    log = template.add_resource(
        LogGroup(
            "FunctionLog",
            # The stack creates the log group, because Lambda would create one that keeps its lines
            # for ever.
            LogGroupName=Sub("/aws/lambda/${FunctionName}"),
            RetentionInDays=LOG_DAYS,
        )
    )
    _add_metrics(template, watched, log)
    topic = template.add_resource(Topic("Alarms", TopicName=watched.prefix + "alarms"))
    template.add_resource(
        SubscriptionResource(
            "AlarmMail",
            Condition=_HAS_ALARM_EMAIL,
            TopicArn=Ref(topic),
            Protocol="email",
            Endpoint=Ref("AlarmEmail"),
        )
    )
    for alarm in _alarms(watched):
        _add_alarm(template, watched, alarm, topic)
    _add_dashboard(template, watched)
    template.add_output(Output("AlarmsTopicArn", Value=Ref(topic)))


def _namespace(watched: Watched) -> str:
    return watched.prefix.rstrip("-")


def _logged(watched: Watched, name: str) -> _Metric:
    return _Metric(_namespace(watched), name)


def _add_metrics(template: Template, watched: Watched, log: LogGroup) -> None:
    patterns = {signal.value: (f'{{ $.counted = "{signal}" }}', "1") for signal in Signal}
    patterns[SERVER_ERRORS] = ("{ $.status >= 500 }", "1")
    patterns[PAGE_MILLISECONDS] = ("{ $.milliseconds >= 0 }", "$.milliseconds")
    for name, (pattern, value) in patterns.items():
        template.add_resource(
            MetricFilter(
                f"{name}Metric",
                LogGroupName=Ref(log),
                FilterPattern=pattern,
                MetricTransformations=[
                    MetricTransformation(
                        MetricNamespace=_namespace(watched), MetricName=name, MetricValue=value
                    )
                ],
            )
        )


def _alarms(watched: Watched) -> tuple[_Alarm, ...]:
    function = (("FunctionName", Ref("FunctionName")),)
    machine = (("StateMachineArn", Ref(watched.machine)),)
    return (
        _Alarm(
            "function-errors",
            "The function failed five times in five minutes.",
            _Metric("AWS/Lambda", "Errors", function),
            minutes=5,
            threshold=5,
        ),
        _Alarm(
            "function-throttles",
            "Lambda turned calls away.",
            _Metric("AWS/Lambda", "Throttles", function),
        ),
        _Alarm(
            "outbox-late",
            "Changes wait longer than half a minute to be announced.",
            _Metric("AWS/Lambda", "IteratorAge", function),
            statistic="Maximum",
            threshold=30_000,
            periods=2,
        ),
        _Alarm(
            "server-errors",
            "Five pages in five minutes ended with a fault of ours.",
            _logged(watched, SERVER_ERRORS),
            minutes=5,
            threshold=5,
        ),
        _Alarm(
            "dead-letters",
            "An event could not be delivered, not even after all repeats.",
            _Metric(
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                (("QueueName", GetAtt(watched.dead_letters, "QueueName")),),
            ),
            statistic="Maximum",
        ),
        _Alarm(
            "failed-executions",
            "An order's execution failed; the sweep starts it again.",
            _Metric("AWS/States", "ExecutionsFailed", machine),
            minutes=5,
        ),
        _Alarm(
            "stuck-orders",
            "An order is past its deadline and the sweep could not close it.",
            _logged(watched, Signal.STUCK_ORDERS),
            periods=2,
        ),
        _Alarm(
            "unknown-events",
            "An event arrived that no consumer understands.",
            _logged(watched, Signal.UNKNOWN_EVENTS),
        ),
        _Alarm(
            "sms-stopped",
            "No more texts are sent: the budget is used up or too many failed.",
            _logged(watched, Signal.SMS_STOPPED),
        ),
        _Alarm(
            "sweep-silent",
            "The sweep has not run for five minutes.",
            _Metric("AWS/Events", "Invocations", (("RuleName", watched.clock),)),
            minutes=5,
            comparison="LessThanThreshold",
            missing="breaching",
        ),
    )


def _add_alarm(template: Template, watched: Watched, alarm: _Alarm, topic: Topic) -> None:
    title = "".join(part.capitalize() for part in alarm.name.split("-")) + "Alarm"
    template.add_resource(
        Alarm(
            title,
            AlarmName=watched.prefix + alarm.name,
            AlarmDescription=f"{alarm.says} What to do: {RUNBOOK}#{alarm.name}",
            Namespace=alarm.metric.namespace,
            MetricName=alarm.metric.name,
            Dimensions=[MetricDimension(Name=n, Value=v) for n, v in alarm.metric.dimensions],
            Statistic=alarm.statistic,
            Period=alarm.minutes * _MINUTE,
            EvaluationPeriods=alarm.periods,
            Threshold=alarm.threshold,
            ComparisonOperator=alarm.comparison,
            TreatMissingData=alarm.missing,
            AlarmActions=[Ref(topic)],
            OKActions=[Ref(topic)],
        )
    )


# The dashboard


def _add_dashboard(template: Template, watched: Watched) -> None:
    namespace = _namespace(watched)
    function = ["FunctionName", "${FunctionName}"]
    machine = ["StateMachineArn", "${OrderWorkflow}"]
    queue = ["QueueName", "${DeadLetters.QueueName}"]
    graphs = (
        (
            "Orders",
            "Sum",
            [
                ["AWS/States", name, *machine, {"label": label}]
                for name, label in (
                    ("ExecutionsStarted", "begun"),
                    ("ExecutionsSucceeded", "ended"),
                    ("ExecutionsFailed", "execution failed"),
                )
            ]
            + [[namespace, Signal.STUCK_ORDERS.value, {"label": "stuck"}]],
        ),
        (
            "Faults",
            "Sum",
            [
                ["AWS/Lambda", "Errors", *function],
                ["AWS/Lambda", "Throttles", *function],
                [namespace, SERVER_ERRORS],
                [namespace, Signal.UNKNOWN_EVENTS.value],
                [
                    "AWS/SQS",
                    "ApproximateNumberOfMessagesVisible",
                    *queue,
                    {"label": "dead letters", "stat": "Maximum"},
                ],
            ],
        ),
        (
            "How long (ms)",
            "p50",
            [
                [namespace, PAGE_MILLISECONDS, {"label": "page, median"}],
                [namespace, PAGE_MILLISECONDS, {"label": "page, p99", "stat": "p99"}],
                ["AWS/Lambda", "Duration", *function, {"label": "function, p99", "stat": "p99"}],
                [
                    "AWS/Lambda",
                    "IteratorAge",
                    *function,
                    {"label": "change to announcement, longest", "stat": "Maximum"},
                ],
            ],
        ),
        (
            "What costs money (docs/cost.md)",
            "Sum",
            [
                ["AWS/Lambda", "Invocations", *function],
                [
                    "AWS/DynamoDB",
                    "ConsumedWriteCapacityUnits",
                    "TableName",
                    f"{watched.prefix}orders",
                    {"label": "write units of orders"},
                ],
                [
                    "AWS/States",
                    "ConsumedCapacity",
                    "ServiceMetric",
                    "StateTransition",
                    {"label": "workflow states of the account"},
                ],
                [
                    "AWS/SNS",
                    "SMSMonthToDateSpentUSD",
                    {"label": "texts, $ this month", "stat": "Maximum", "yAxis": "right"},
                ],
            ],
        ),
    )
    widgets = [
        {
            "type": "metric",
            "width": 12,
            "height": 6,
            "properties": {
                "title": title,
                "stat": stat,
                "metrics": metrics,
                "period": 60,
                "region": "${AWS::Region}",
            },
        }
        for title, stat, metrics in graphs
    ]
    widgets.append(
        {
            "type": "log",
            "width": 24,
            "height": 6,
            "properties": {
                "title": "What went wrong last",
                "region": "${AWS::Region}",
                "view": "table",
                "query": "SOURCE '/aws/lambda/${FunctionName}' "
                "| fields @timestamp, level, message, shop_id, order_id, request_id "
                "| filter level in ['WARNING', 'ERROR'] "
                "or status >= 500 | sort @timestamp desc | limit 50",
            },
        }
    )
    template.add_resource(
        Dashboard(
            "Dashboard",
            DashboardName=Sub(watched.prefix + "bar-${AWS::Region}"),
            DashboardBody=Sub(json.dumps({"widgets": widgets}, separators=(",", ":"))),
        )
    )
