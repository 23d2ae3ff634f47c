"""Checks of what a team watches and what protects the data: alarms, log, tables, quotas."""

from __future__ import annotations

from botocore.exceptions import ClientError

from scripts.verifying.registry import checks
from scripts.verifying.scenes import Scenes
from scripts.verifying.verdicts import EmulatorDiffers, NotChecked, Wrong

_BUSY_MORNING = 100


@checks("alarms-there")
def alarms_there(scenes: Scenes) -> str:
    subject = scenes.subject
    wanted = {one["AlarmName"]: one for one in subject.resources("AWS::CloudWatch::Alarm").values()}
    pages = subject.client("cloudwatch").get_paginator("describe_alarms")
    found = {
        one["AlarmName"]: one
        for page in pages.paginate(AlarmNamePrefix=subject.prefix)
        for one in page["MetricAlarms"]
    }
    for name, properties in wanted.items():
        if name not in found:
            raise Wrong(f"there is no alarm {name}")
        one = found[name]
        for part in ("Namespace", "MetricName", "Threshold", "ComparisonOperator", "Period"):
            if one[part] != properties[part]:
                raise Wrong(f"{part} of the alarm {name} is {one[part]}")
        if not one.get("ActionsEnabled", True) or not one.get("AlarmActions"):
            raise Wrong(f"the alarm {name} tells nobody")
    return f"{len(wanted)} alarms are there, each with its metric and limit"


@checks("alarm-mail")
def alarm_mail(scenes: Scenes) -> str:
    if "AlarmMail" not in scenes.subject.physical:
        raise NotChecked("no address is set: AlarmEmail among the stage's stack_parameters")
    topic = scenes.subject.physical["Alarms"]
    found = scenes.subject.client("sns").list_subscriptions_by_topic(TopicArn=topic)
    confirmed = [
        one
        for one in found["Subscriptions"]
        if one["SubscriptionArn"] not in ("PendingConfirmation", "Deleted")
    ]
    if not confirmed:
        raise Wrong("nobody is told of alarms: confirm the e-mail that AWS has sent")
    return f"{len(confirmed)} address is told of alarms"


@checks("log-kept")
def log_kept(scenes: Scenes) -> str:
    subject = scenes.subject
    if subject.relays:
        wanted_name = f"/aws/lambda/{subject.bar.function}"
    else:
        wanted_name = subject.function.get("LoggingConfig", {}).get(
            "LogGroup", f"/aws/lambda/{subject.bar.function}"
        )
    groups = subject.client("logs").describe_log_groups(logGroupNamePrefix=wanted_name)
    group = next((one for one in groups["logGroups"] if one["logGroupName"] == wanted_name), None)
    if group is None:
        raise Wrong(f"there is no log {wanted_name}")
    [wanted] = subject.resources("AWS::Logs::LogGroup").values()
    days = group.get("retentionInDays", "for ever")
    if days != wanted["RetentionInDays"]:
        raise Wrong(f"the log is kept {days}, not {wanted['RetentionInDays']} days")
    return f"the function's log is kept for {days} days"


@checks("log-counted")
def log_counted(scenes: Scenes) -> str:
    subject = scenes.subject
    found = subject.client("logs").describe_metric_filters(
        logGroupName=f"/aws/lambda/{subject.bar.function}"
    )["metricFilters"]
    patterns = {one["filterPattern"] for one in found}
    wanted = {one["FilterPattern"] for one in subject.resources("AWS::Logs::MetricFilter").values()}
    if missing := wanted - patterns:
        raise Wrong(f"nothing counts {', '.join(sorted(missing))}")
    return f"{len(wanted)} figures are counted in the log"


@checks("log-our-lines")
def log_our_lines(scenes: Scenes) -> str:
    found = scenes.subject.function.get("LoggingConfig", {})
    if found.get("LogFormat") != "JSON":
        if scenes.subject.relays:
            raise EmulatorDiffers("the function's log is the web process's own file here")
        raise Wrong(f"the log's format is {found.get('LogFormat', 'Text')}, so nothing is counted")
    if found.get("SystemLogLevel") != "WARN":
        raise Wrong("Lambda writes three lines of its own for each call")
    return "the log is JSON, without Lambda's own lines"


@checks("tables-as-made")
def tables_as_made(scenes: Scenes) -> str:
    wanted = scenes.subject.resources("AWS::DynamoDB::Table")
    database = scenes.subject.client("dynamodb")
    for properties in wanted.values():
        name = properties["TableName"]
        try:
            found = database.describe_table(TableName=name)["Table"]
        except database.exceptions.ResourceNotFoundException:
            raise Wrong(f"there is no table {name}") from None
        if found["TableStatus"] != "ACTIVE":
            raise Wrong(f"the table {name} is {found['TableStatus']}")
        if found["KeySchema"] != properties["KeySchema"]:
            raise Wrong(f"the table {name} has other keys")
        for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
            names = {one["IndexName"] for one in found.get(kind, ())}
            if missing := {one["IndexName"] for one in properties.get(kind, ())} - names:
                raise Wrong(f"the table {name} lacks the index {missing.pop()}")
        view = properties.get("StreamSpecification", {}).get("StreamViewType")
        if found.get("StreamSpecification", {}).get("StreamViewType") != view:
            raise Wrong(f"the stream of {name} shows other images")
    return f"{len(wanted)} tables with their keys, indexes and streams"


@checks("old-items-go")
def old_items_go(scenes: Scenes) -> str:
    database, count = scenes.subject.client("dynamodb"), 0
    for properties in scenes.subject.resources("AWS::DynamoDB::Table").values():
        if wanted := properties.get("TimeToLiveSpecification"):
            name, count = properties["TableName"], count + 1
            found = database.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            if found["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
                if scenes.subject.is_emulator:
                    raise EmulatorDiffers("a stack's TimeToLiveSpecification is passed over")
                raise Wrong(f"items of {name} never go by themselves")
            if found["AttributeName"] != wanted["AttributeName"]:
                raise Wrong(f"items of {name} go by {found['AttributeName']}")
    return f"items of {count} tables go by themselves when their time is over"


@checks("tables-can-go-back")
def tables_can_go_back(scenes: Scenes) -> str:
    tables = scenes.subject.resources("AWS::DynamoDB::Table").values()
    for properties in tables:
        answer = scenes.subject.client("dynamodb").describe_continuous_backups(
            TableName=properties["TableName"]
        )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if answer["PointInTimeRecoveryStatus"] != "ENABLED":
            if scenes.subject.is_emulator:
                raise EmulatorDiffers("a stack's PointInTimeRecoverySpecification is passed over")
            raise Wrong(f"{properties['TableName']} cannot be taken back to an earlier moment")
    return f"{len(tables)} tables can be taken back to any second of the last 35 days"


@checks("calls-at-once")
def calls_at_once(scenes: Scenes) -> str:
    limit = scenes.subject.client("lambda").get_account_settings()["AccountLimit"]
    most = limit["ConcurrentExecutions"]
    if most < _BUSY_MORNING:
        raise Wrong(
            f"this account may run {most} calls at once: on a busy morning pages get 503. Ask for"
            " more: Service Quotas, AWS Lambda, Concurrent executions"
        )
    return f"the account may run {most} calls at once"


@checks("secret-key-encrypted")
def secret_key_encrypted(scenes: Scenes) -> str:
    name = f"/{scenes.subject.prefix.rstrip('-')}/secret-key"
    found = scenes.subject.client("ssm").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Values": [name]}]
    )["Parameters"]
    if not found and scenes.subject.relays:
        return "the bar on this machine keeps its key in a file of its own"
    if not found:
        raise Wrong(f"there is no parameter {name}")
    if found[0]["Type"] != "SecureString":
        raise Wrong(f"the secret key is a {found[0]['Type']}")
    return "the secret key is a SecureString"


@checks("stack-settled")
def stack_settled(scenes: Scenes) -> str:
    cloudformation = scenes.subject.client("cloudformation")
    try:
        [stack] = cloudformation.describe_stacks(StackName=scenes.subject.stack_name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise Wrong("there is no stack of this bar") from None
    status = stack["StackStatus"]
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Wrong(f"the stack is {status}")
    wanted = scenes.subject.template["Resources"].keys()
    conditions = {
        name for name, one in scenes.subject.template["Resources"].items() if "Condition" in one
    }
    if missing := wanted - conditions - scenes.subject.physical.keys():
        raise Wrong(f"the stack lacks {', '.join(sorted(missing))}")
    return f"the stack is {status}, with {len(scenes.subject.physical)} resources"
