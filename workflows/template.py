"""The CloudFormation template: everything on AWS but the function itself, which Zappa makes.

The parameter FunctionArn is empty until the function exists; rules, mappings and permissions come
with it. Tables and rules arrive as data, so nothing here knows PynamoDB or a consumer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from troposphere import (
    Equals,
    GetAtt,
    Not,
    Output,
    Parameter,
    Ref,
    Template,
)
from troposphere.awslambda import DestinationConfig, EventSourceMapping, OnFailure, Permission
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    LocalSecondaryIndex,
    PointInTimeRecoverySpecification,
    Projection,
    StreamSpecification,
    Table,
    TimeToLiveSpecification,
)
from troposphere.events import (
    DeadLetterConfig,
    EventBus,
    InputTransformer,
    RetryPolicy,
    Rule,
    Target,
)
from troposphere.iam import PolicyType, Role
from troposphere.sqs import Queue, QueuePolicy
from troposphere.stepfunctions import StateMachine

from workflows.order_workflow import definition_text

_HAS_FUNCTION = "HasFunction"


@dataclass(frozen=True)
class BusRule:
    """A consumer's rule: which detail-types go to the function, and under which name."""

    name: str
    detail_types: tuple[str, ...]


@dataclass(frozen=True)
class ScheduleRule:
    """A scheduled job's rule."""

    name: str
    schedule: str


@dataclass(frozen=True)
class Stack:
    """All that differs between deployments, and what other layers contribute.

    tables: as webapp.storage.tables.table_definitions() gives them.
    command: the function that Zappa's handler is to call.
    """

    prefix: str
    bus_name: str
    source: str
    command: str
    tables: tuple[Mapping, ...]
    definition: Mapping
    bus_rules: tuple[BusRule, ...]
    schedule_rules: tuple[ScheduleRule, ...]


def build_template(stack: Stack) -> Template:
    """The template of one deployment."""
    template = Template(Description="Serverlesspresso: the coffee bar's tables, bus and workflow")
    template.add_parameter(
        Parameter(
            "FunctionArn",
            Type="String",
            Default="",
            Description="The function's ARN; leave empty until Zappa has made it",
        )
    )
    template.add_condition(_HAS_FUNCTION, Not(Equals(Ref("FunctionArn"), "")))
    dead_letters = _add_dead_letters(template, stack)
    tables = {table["name"]: _add_table(template, stack, table) for table in stack.tables}
    bus = template.add_resource(EventBus("Bus", Name=stack.bus_name))
    _add_workflow(template, stack, tables)
    for definition in stack.tables:
        if definition["has_stream"]:
            _add_stream_mapping(template, tables[definition["name"]], dead_letters)
    for rule in stack.bus_rules:
        pattern = {"source": [stack.source], "detail-type": sorted(rule.detail_types)}
        _add_rule(
            template,
            rule.name,
            _envelope_input(stack.command, rule.name),
            dead_letters,
            Name=stack.prefix + rule.name,
            EventBusName=Ref(bus),
            EventPattern=pattern,
        )
    for job in stack.schedule_rules:
        _add_rule(
            template,
            job.name,
            {"Input": f'{{"command": "{stack.command}", "consumer": "{job.name}"}}'},
            dead_letters,
            Name=stack.prefix + job.name,
            ScheduleExpression=job.schedule,
        )
    return template


def _add_table(template: Template, stack: Stack, definition: Mapping) -> Table:
    properties = {
        "TableName": stack.prefix + definition["name"],
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            AttributeDefinition(**attribute) for attribute in definition["attributes"]
        ],
        "KeySchema": _key_schema(definition["keys"]),
        "PointInTimeRecoverySpecification": PointInTimeRecoverySpecification(
            PointInTimeRecoveryEnabled=True
        ),
    }
    if definition["local_indexes"]:
        properties["LocalSecondaryIndexes"] = [
            LocalSecondaryIndex(
                IndexName=index["index_name"],
                KeySchema=_key_schema(index["key_schema"]),
                Projection=Projection(**index["projection"]),
            )
            for index in definition["local_indexes"]
        ]
    if definition["has_stream"]:
        properties["StreamSpecification"] = StreamSpecification(
            StreamViewType="NEW_AND_OLD_IMAGES"
        )
    if definition["ttl"]:
        properties["TimeToLiveSpecification"] = TimeToLiveSpecification(
            AttributeName=definition["ttl"], Enabled=True
        )
    table = Table(
        _logical_id(definition["name"]) + "Table", DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain", **properties,
    )
    return template.add_resource(table)


def _key_schema(keys: Iterable[Mapping]) -> list[KeySchema]:
    # CloudFormation wants the partition key first.
    return [KeySchema(**key) for key in sorted(keys, key=lambda key: key["KeyType"])]


def _add_workflow(template: Template, stack: Stack, tables: Mapping[str, Table]) -> None:
    written = [tables[name] for name in ("orders", "customers", "intakes", "qr-codes")]
    role = template.add_resource(
        Role(
            "WorkflowRole",
            AssumeRolePolicyDocument=_trust("states.amazonaws.com"),
        )
    )
    policy = template.add_resource(
        PolicyType(
            "WorkflowPolicy",
            PolicyName="write-orders",
            Roles=[Ref(role)],
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": [
                            "dynamodb:ConditionCheckItem",
                            "dynamodb:DeleteItem",
                            "dynamodb:GetItem",
                            "dynamodb:UpdateItem",
                        ],
                        "Resource": [GetAtt(table, "Arn") for table in written],
                    }
                ],
            },
        )
    )
    machine = template.add_resource(
        StateMachine(
            "OrderWorkflow",
            DependsOn=[policy.title],
            StateMachineName=stack.prefix + "order-workflow",
            StateMachineType="STANDARD",
            RoleArn=GetAtt(role, "Arn"),
            DefinitionString=definition_text(stack.definition),
        )
    )
    template.add_output(Output("OrderWorkflowArn", Value=Ref(machine)))


def _add_dead_letters(template: Template, stack: Stack) -> Queue:
    queue = template.add_resource(
        Queue(
            "DeadLetters",
            QueueName=stack.prefix + "dead-letters",
            MessageRetentionPeriod=14 * 24 * 3600,
        )
    )
    template.add_resource(
        QueuePolicy(
            "DeadLettersPolicy",
            Queues=[Ref(queue)],
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": GetAtt(queue, "Arn"),
                        "Condition": {
                            "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}
                        },
                    }
                ],
            },
        )
    )
    return queue


def _add_stream_mapping(template: Template, table: Table, dead_letters: Queue) -> None:
    template.add_resource(
        EventSourceMapping(
            table.title + "Outbox",
            Condition=_HAS_FUNCTION,
            EventSourceArn=GetAtt(table, "StreamArn"),
            FunctionName=Ref("FunctionArn"),
            StartingPosition="TRIM_HORIZON",
            BatchSize=10,
            # A record that can never be announced must not hold up the bar for a day.
            MaximumRetryAttempts=20,
            MaximumRecordAgeInSeconds=3600,
            BisectBatchOnFunctionError=True,
            DestinationConfig=DestinationConfig(
                OnFailure=OnFailure(Destination=GetAtt(dead_letters, "Arn"))
            ),
        )
    )


def _add_rule(
    template: Template, name: str, target_input: Mapping, dead_letters: Queue, **properties
) -> None:
    logical_id = _logical_id(name)
    rule = template.add_resource(
        Rule(
            logical_id + "Rule",
            Condition=_HAS_FUNCTION,
            State="ENABLED",
            Targets=[
                Target(
                    Id="function",
                    Arn=Ref("FunctionArn"),
                    RetryPolicy=RetryPolicy(
                        MaximumRetryAttempts=10, MaximumEventAgeInSeconds=3600
                    ),
                    DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(dead_letters, "Arn")),
                    **target_input,
                )
            ],
            **properties,
        )
    )
    template.add_resource(
        Permission(
            logical_id + "Permission",
            Condition=_HAS_FUNCTION,
            Action="lambda:InvokeFunction",
            FunctionName=Ref("FunctionArn"),
            Principal="events.amazonaws.com",
            SourceArn=GetAtt(rule, "Arn"),
        )
    )


def _envelope_input(command: str, consumer: str) -> dict:
    # Zappa calls the function that `command` names; data from outside stays nested below it.
    return {
        "InputTransformer": InputTransformer(
            InputPathsMap={"event": "$"},
            InputTemplate=f'{{"command": "{command}", "consumer": "{consumer}", '
            '"event": <event>}',
        )
    }


def _trust(service: str) -> dict:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}},
            }
        ],
    }


def _logical_id(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))
