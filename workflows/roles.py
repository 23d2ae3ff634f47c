"""Who may do what on AWS: one statement per job, named after it.

There are three roles: the function's, the workflow's, and the one under which a page connects to
IoT Core. Each extension's table adds one. A resource has a wildcard only where AWS or the bar
leaves no choice, and a comment beside it says why. scripts/unused-rights compares these rights with
those that a run of the tests has used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, Join, Output, Ref, Sub, Template
from troposphere.dynamodb import Table
from troposphere.events import EventBus
from troposphere.iam import PolicyType, Role
from troposphere.sqs import Queue
from troposphere.stepfunctions import StateMachine

USED_BY_LAMBDA = ("ReadStreams", "ListStreams", "KeepDeadRecords", "WriteLog")
"""Lambda itself uses these rights of the function's role; the emulator does not need them. The
function uses KeepDeadRecords too, for records that it cannot read."""


@dataclass(frozen=True)
class TableRight:
    """What one of the function's jobs does with a table, or with one index of it only.

    attributes: the only attributes that reads may name, and reads must name them; empty for all.
    """

    sid: str
    table: str
    actions: tuple[str, ...]
    index: str = ""
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resources:
    """What the function's statements are about."""

    tables: Mapping[str, Table]
    streamed: tuple[str, ...]
    bus: EventBus
    machine: StateMachine
    dead_letters: Queue


def statement(sid: str, actions: Iterable[str], resources: Any) -> dict:
    """Allows a job its actions on its resources."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}


def add_workflow_role(
    template: Template, definition: Mapping, tables: Mapping[str, Table]
) -> tuple[Role, PolicyType]:
    """The role of the executions: exactly the writes that the definition holds, table by table."""
    role = template.add_resource(
        # Without this condition, a state machine of another account could be made to use the role.
        Role("WorkflowRole", AssumeRolePolicyDocument=_service_trust("states", this_account=True))
    )
    titles = {table.TableName: name for name, table in tables.items()}
    statements = [
        statement(
            "Workflow" + tables[titles[table]].title, actions, GetAtt(tables[titles[table]], "Arn")
        )
        for table, actions in sorted(_writes(definition).items())
    ]
    policy = _add_policy(template, "WorkflowPolicy", role, statements)
    return role, policy


def _writes(definition: Mapping) -> Mapping[str, set[str]]:
    """The actions of a definition, by table name. AWS checks each part of a transaction by
    itself."""
    kinds = {"ConditionCheck": "ConditionCheckItem"}
    found = defaultdict(set)
    for state in definition["States"].values():
        parameters = state.get("Parameters", {})
        for item in parameters.get("TransactItems", ()):
            for kind, part in item.items():
                found[part["TableName"]].add("dynamodb:" + kinds.get(kind, f"{kind}Item"))
        if "TableName" in parameters:
            action = state["Resource"].split(":dynamodb:")[1].split(".")[0]
            found[parameters["TableName"]].add(f"dynamodb:{action[0].upper()}{action[1:]}")
    return found


def add_function_role(template: Template, prefix: str) -> Role:
    """The function's role, still without rights, because Zappa needs its name before the stack
    exists."""
    role = template.add_resource(
        Role(
            "FunctionRole",
            RoleName=prefix + "function",
            # Lambda sends no account when it assumes a role; iam:PassRole decides who may hand the
            # role over.
            AssumeRolePolicyDocument=_service_trust("lambda", this_account=False),
        )
    )
    template.add_output(Output("FunctionRoleArn", Value=GetAtt(role, "Arn")))
    return role


def add_extension_role(
    template: Template, table: Table, actions: Iterable[str], function_role: Role
) -> Role:
    """The role of one extension, with the name of its table, which is all that the role may use."""
    title = table.title.removesuffix("Table")
    role = template.add_resource(
        Role(
            title + "Role",
            RoleName=table.TableName,
            AssumeRolePolicyDocument=_taken_by(function_role),
        )
    )
    allowed = statement("UseOwnTable", [f"dynamodb:{one}" for one in actions], GetAtt(table, "Arn"))
    _add_policy(template, title + "Policy", role, [allowed])
    return role


def may_take(role: Role) -> dict:
    """Lets the function take an extension's role."""
    return statement("Take" + role.title, ["sts:AssumeRole"], GetAtt(role, "Arn"))


def _taken_by(function_role: Role) -> dict:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": GetAtt(function_role, "Arn")},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def add_live_role(template: Template, prefix: str, topic_root: str, function_role: Role) -> Role:
    """The most that any page may read; each grant narrows it to the topics of that page."""
    role = template.add_resource(
        Role(
            "LiveRole",
            RoleName=prefix + "live",
            AssumeRolePolicyDocument=_taken_by(function_role),
        )
    )
    statements = [
        # Each connection has its own random client id, which the grant draws.
        statement("ConnectPages", ["iot:Connect"], _iot("client/live-*")),
        # A topic holds the ids of a shop and an order, which come and go.
        statement("SubscribePages", ["iot:Subscribe"], _iot(f"topicfilter/{topic_root}/*")),
        statement("ReceivePages", ["iot:Receive"], _iot(f"topic/{topic_root}/*")),
    ]
    _add_policy(template, "LivePolicy", role, statements)
    template.add_output(Output("LiveRoleArn", Value=GetAtt(role, "Arn")))
    return role


def add_function_policy(
    template: Template,
    role: Role,
    live_role: Role,
    resources: Resources,
    table_rights: Iterable[TableRight],
    topic_root: str,
    more: Iterable[Mapping],
) -> PolicyType:
    """All the function may do: its tables, the bus, its executions, the screens, and its log."""
    statements = [_on_table(right, resources.tables[right.table]) for right in table_rights]
    statements += [
        statement("Announce", ["events:PutEvents"], GetAtt(resources.bus, "Arn")),
        statement("CheckBus", ["events:DescribeEventBus"], GetAtt(resources.bus, "Arn")),
        statement("StartExecution", ["states:StartExecution"], Ref(resources.machine)),
        statement(
            "FindExecution",
            ["states:DescribeExecution"],
            # An execution is named after its order.
            _execution_of(resources.machine),
        ),
        statement(
            "TellExecution",
            ["states:SendTaskFailure", "states:SendTaskSuccess"],
            Ref(resources.machine),
        ),
        # The shop's and the order's id are parts of the topic.
        statement("PublishFragments", ["iot:Publish"], _iot(f"topic/{topic_root}/*")),
        # AWS knows no resource for this action.
        statement("DescribeEndpoint", ["iot:DescribeEndpoint"], "*"),
        statement("GrantLive", ["sts:AssumeRole"], GetAtt(live_role, "Arn")),
        statement(
            "ReadStreams",
            [
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            ],
            [GetAtt(resources.tables[name], "StreamArn") for name in resources.streamed],
        ),
        # AWS knows no resource for this action either, and does not grant it when one is named.
        statement("ListStreams", ["dynamodb:ListStreams"], "*"),
        statement(
            # Lambda sends events here that failed every time, the function sends what it cannot
            # read.
            "KeepDeadRecords",
            ["sqs:GetQueueUrl", "sqs:SendMessage"],
            GetAtt(resources.dead_letters, "Arn"),
        ),
        statement(
            "WriteLog",
            # The function may not create the group: the stack owns it, and a late line must not
            # recreate it.
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            # Lambda names a stream for each of the function's containers.
            Sub(
                "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
                ":log-group:/aws/lambda/${FunctionName}:*"
            ),
        ),
    ]
    return _add_policy(template, "FunctionPolicy", role, [*statements, *more])


def _on_table(right: TableRight, table: Table) -> dict:
    actions = [f"dynamodb:{action}" for action in right.actions]
    arn = GetAtt(table, "Arn")
    resource = Join("", [arn, f"/index/{right.index}"]) if right.index else arn
    allowed = statement(right.sid, actions, resource)
    if not right.attributes:
        return allowed
    return allowed | {
        "Condition": {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": list(right.attributes)},
            # A read that names no attributes would pass the condition above.
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        }
    }


def _execution_of(machine: StateMachine) -> Join:
    where = Sub("arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution")
    return Join(":", [where, GetAtt(machine, "Name"), "*"])


def _iot(resource: str) -> Sub:
    return Sub("arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:" + resource)


def _add_policy(template: Template, title: str, role: Role, statements: list) -> PolicyType:
    return template.add_resource(
        PolicyType(
            title,
            PolicyName=title,
            Roles=[Ref(role)],
            PolicyDocument={"Version": "2012-10-17", "Statement": statements},
        )
    )


def _service_trust(service: str, this_account: bool) -> dict:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    if this_account:
        trust["Condition"] = {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}
    return {"Version": "2012-10-17", "Statement": [trust]}
