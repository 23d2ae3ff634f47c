"""The CloudFormation template: everything on AWS but the function itself, which Zappa makes.

The parameter FunctionArn is empty until the function exists; rules, mappings and permissions are
created once it is set. Tables and rules are given as data, so that this module needs neither
PynamoDB nor a consumer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from troposphere import (
    Equals,
    GetAtt,
    Not,
    Output,
    Parameter,
    Ref,
    Sub,
    Template,
)
from troposphere.awslambda import (
    DestinationConfig,
    EventInvokeConfig,
    EventSourceMapping,
    OnFailure,
    Permission,
)
from troposphere.dynamodb import (
    AttributeDefinition,
    GlobalSecondaryIndex,
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

from workflows.customer_pool import add_customer_pool
from workflows.domain_name import add_domain_name
from workflows.names import WORKFLOW
from workflows.operations import Watched, add_operations
from workflows.roles import (
    Resources,
    TableRight,
    add_extension_role,
    add_function_policy,
    add_function_role,
    add_live_role,
    add_workflow_role,
    may_take,
)
from workflows.staff_pool import add_staff_pool

_HAS_FUNCTION = "HasFunction"
_ANY_RULE = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*"


@dataclass(frozen=True)
class BusRule:
    """Which events go to the function, and under which name.

    detail: a further EventBridge pattern that the details must match.
    """

    name: str
    detail_types: tuple[str, ...]
    detail: Mapping | None = None


@dataclass(frozen=True)
class ScheduleRule:
    """A rule of the clock. An alarm rings when the first of these rules is silent."""

    name: str
    schedule: str


@dataclass(frozen=True)
class OwnTable:
    """An extension's table, which only a role of the same name may use."""

    definition: Mapping
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """Everything that differs between deployments, and what other layers contribute.

    tables: as webapp.storage.tables.table_definitions() gives them.
    command: the function that Zappa's handler is to call.
    table_rights: what the function does with each table.
    topic_root: the first level of all topics.
    own_tables: one for each extension that has one.
    function_statements: what else the function may do, as workflows.roles.statement() gives it.
    """

    prefix: str
    bus_name: str
    source: str
    command: str
    tables: tuple[Mapping, ...]
    definition: Mapping
    bus_rules: tuple[BusRule, ...]
    schedule_rules: tuple[ScheduleRule, ...]
    table_rights: tuple[TableRight, ...]
    topic_root: str
    function_statements: tuple[Mapping, ...] = ()
    own_tables: tuple[OwnTable, ...] = ()


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
    template.add_parameter(
        Parameter(
            "FunctionName",
            Type="String",
            Default=stack.prefix + "web",
            Description="The function's name, known before Zappa has made it",
        )
    )
    template.add_condition(_HAS_FUNCTION, Not(Equals(Ref("FunctionArn"), "")))
    dead_letters = _add_dead_letters(template, stack)
    tables = {table["name"]: _add_table(template, stack, table) for table in stack.tables}
    bus = template.add_resource(EventBus("Bus", Name=stack.bus_name))
    machine = _add_workflow(template, stack, tables)
    streamed = tuple(table["name"] for table in stack.tables if table["has_stream"])
    resources = Resources(tables, streamed, bus, machine, dead_letters)
    policy = _add_function_rights(template, stack, resources)
    for table in stack.tables:
        if table["has_stream"]:
            _add_stream_mapping(template, tables[table["name"]], dead_letters, policy)
    _add_invoke_config(template, dead_letters, policy)
    for rule in stack.bus_rules:
        pattern: dict[str, Any] = {
            "source": [stack.source],
            "detail-type": sorted(rule.detail_types),
        }
        if rule.detail:
            pattern["detail"] = rule.detail
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
    add_domain_name(template)
    clock = stack.prefix + stack.schedule_rules[0].name
    add_operations(template, Watched(stack.prefix, dead_letters, machine, clock))
    return template


def _add_own_table(template: Template, stack: Stack, own: OwnTable, function_role: Role) -> Role:
    """Adds an extension's table, which is deleted with the extension so that it can be deployed
    again."""
    table = _add_table(template, stack, own.definition, at_removal="Delete")
    return add_extension_role(template, table, own.actions, function_role)


def _add_table(
    template: Template, stack: Stack, definition: Mapping, at_removal: str = "Retain"
) -> Table:
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
    if definition["global_indexes"]:
        properties["GlobalSecondaryIndexes"] = [
            GlobalSecondaryIndex(
                IndexName=index["index_name"],
                KeySchema=_key_schema(index["key_schema"]),
                Projection=Projection(**index["projection"]),
            )
            for index in definition["global_indexes"]
        ]
    if definition["has_stream"]:
        properties["StreamSpecification"] = StreamSpecification(StreamViewType="NEW_AND_OLD_IMAGES")
    if definition["ttl"]:
        properties["TimeToLiveSpecification"] = TimeToLiveSpecification(
            AttributeName=definition["ttl"], Enabled=True
        )
    table = Table(
        _logical_id(definition["name"]) + "Table",
        DeletionPolicy=at_removal,
        UpdateReplacePolicy=at_removal,
        **properties,
    )
    return template.add_resource(table)


def _key_schema(keys: Iterable[Mapping]) -> list[KeySchema]:
    return [KeySchema(**key) for key in keys]


def _add_workflow(template: Template, stack: Stack, tables: Mapping[str, Table]) -> StateMachine:
    role, policy = add_workflow_role(template, stack.definition, tables)
    machine = template.add_resource(
        StateMachine(
            WORKFLOW,
            DependsOn=[policy.title],
            StateMachineName=stack.prefix + "order-workflow",
            StateMachineType="STANDARD",
            RoleArn=GetAtt(role, "Arn"),
            DefinitionString=json.dumps(stack.definition, separators=(",", ":")),
        )
    )
    template.add_output(Output("OrderWorkflowArn", Value=Ref(machine)))
    return machine


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
                        # Only rules of this account may send here; EventBridge names the rule as
                        # the source.
                        "Condition": {"ArnLike": {"aws:SourceArn": Sub(_ANY_RULE)}},
                    }
                ],
            },
        )
    )
    return queue


def _add_function_rights(template: Template, stack: Stack, resources: Resources) -> PolicyType:
    role = add_function_role(template, stack.prefix)
    add_customer_pool(template, stack.prefix, role, _HAS_FUNCTION)
    add_staff_pool(template, stack.prefix, role)
    live_role = add_live_role(template, stack.prefix, stack.topic_root, role)
    extension_roles = [_add_own_table(template, stack, one, role) for one in stack.own_tables]
    return add_function_policy(
        template,
        role,
        live_role,
        resources,
        stack.table_rights,
        stack.topic_root,
        [*map(may_take, extension_roles), *stack.function_statements],
    )


def _add_stream_mapping(
    template: Template, table: Table, dead_letters: Queue, policy: PolicyType
) -> None:
    template.add_resource(
        EventSourceMapping(
            table.title + "Outbox",
            Condition=_HAS_FUNCTION,
            # Lambda reads the stream once when the mapping is created.
            DependsOn=[policy.title],
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


def _add_invoke_config(template: Template, dead_letters: Queue, policy: PolicyType) -> None:
    """Keeps events on which the function failed, which Lambda would drop after the third try. A
    rule's own dead letters are those events that Lambda did not accept at all."""
    template.add_resource(
        EventInvokeConfig(
            "FunctionInvokeConfig",
            Condition=_HAS_FUNCTION,
            # Lambda checks at creation that the function may send to this queue.
            DependsOn=[policy.title],
            FunctionName=Ref("FunctionName"),
            Qualifier="$LATEST",
            MaximumRetryAttempts=2,
            MaximumEventAgeInSeconds=3600,
            DestinationConfig=DestinationConfig(
                OnFailure=OnFailure(Destination=GetAtt(dead_letters, "Arn"))
            ),
        )
    )


def _add_rule(
    template: Template, name: str, target_input: Mapping, dead_letters: Queue, **properties: Any
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
                    RetryPolicy=RetryPolicy(MaximumRetryAttempts=10, MaximumEventAgeInSeconds=3600),
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
    # Zappa calls the function that `command` names. Data from outside stays nested below it,
    # because Zappa executes some keys of the top level.
    return {
        "InputTransformer": InputTransformer(
            InputPathsMap={"event": "$"},
            InputTemplate=f'{{"command": "{command}", "consumer": "{consumer}", "event": <event>}}',
        )
    }


def _logical_id(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))
