"""Checks an account before a first deployment: its limits, missing rights and names in use.

Everything here only reads. What AWS would refuse raises one StackError. What a team should know or
may still have to do is a note of one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from scripts.aws import left_behind
from scripts.aws.advice import NO_RIGHT
from scripts.aws.endpoints import is_aws
from scripts.environment import ROOT
from scripts.machine import StackError

POLICIES = ROOT / "docs"
"""The folder with the rights of a deployer, deployer-policy-*.json."""
ENOUGH_AT_ONCE = 100
"""The concurrent function calls that a busy morning needs; a new account has 10."""
_MANY_AT_ONCE = 1000
_CONCURRENCY_QUOTA = "L-B99A9384"
_SMALLEST_SPEND = 1
"""Dollars a month: the most that AWS lets a new account spend on text messages."""


class Account:
    """The account and region of a session.

    session: boto3's session.
    """

    def __init__(self, session):
        self._client: Callable = cache(session.client)
        self._region = session.region_name

    def check_region(self) -> None:
        """Raises StackError for a region of AWS that is not switched on in this account."""
        status = self._asked("account", "get_region_opt_status", RegionName=self._region)
        if status and status["RegionOptStatus"] in ("DISABLED", "DISABLING", "ENABLING"):
            raise StackError(
                f"The region {self._region} is not switched on in this account. Switch it on, which"
                " takes some minutes, and run this again: aws account enable-region --region-name"
                f" {self._region}"
            )

    def notes_on_quotas(self) -> Iterator[str]:
        """Yields notes on quotas that are too small for a bar, and how to raise them."""
        settings = self._asked("lambda", "get_account_settings")
        if not settings:
            yield (
                "How many calls Lambda runs at once here could not be read (your credentials lack"
                " lambda:GetAccountSettings); a new account has 10, which is too few for a rush."
            )
            return
        at_once = settings["AccountLimit"]["ConcurrentExecutions"]
        if at_once < ENOUGH_AT_ONCE:
            yield (
                f"Lambda runs {at_once} calls at once in this account and region, as in every new"
                f" one. A phone's first page takes one of them, so {at_once} phones that scan in"
                " the same second use them up: others see an error and load again, and screens"
                f" are late. Ask for {_MANY_AT_ONCE}, which costs nothing"
                " and may take a day: aws service-quotas request-service-quota-increase --region"
                f" {self._region} --service-code lambda --quota-code {_CONCURRENCY_QUOTA}"
                f" --desired-value {_MANY_AT_ONCE}"
            )

    def notes_on_texts(self) -> Iterator[str]:
        """Yields why SNS would not send a bar's text messages."""
        sandbox = self._asked("sns", "get_sms_sandbox_account_status")
        page = f"https://{self._region}.console.aws.amazon.com/sns/v3/home?region={self._region}"
        if sandbox and sandbox["IsInSandbox"]:
            yield (
                "If customers are to sign in by phone: SNS sends this account's texts only to"
                f" numbers that were confirmed by hand. “Exit SMS sandbox” at {page}#/mobile/text-"
                "messaging asks for the rest; it may take a day."
            )
        limits = self._asked("sns", "get_sms_attributes", attributes=["MonthlySpendLimit"])
        if limits is None:
            return
        spend = float(limits["attributes"].get("MonthlySpendLimit", _SMALLEST_SPEND))
        if spend <= _SMALLEST_SPEND:
            yield (
                f"If customers are to sign in by phone: texts stop at ${spend:g} a month. Ask AWS"
                " for a higher SMS spend: https://console.aws.amazon.com/support/home#/case/create"
                "?issueType=service-limit-increase"
            )

    def check_names(self, template: str, function: str) -> list[str]:
        """Returns notes on what an earlier stack left behind and this one takes over.

        template: the template of the stage. function: the function's name.
        Raises StackError for names in use, because with them CloudFormation would roll back
        half-way.
        A stage that is already deployed has no such conflict.
        """
        from botocore.exceptions import ClientError

        try:
            return self._names(json.loads(template)["Resources"], function)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in NO_RIGHT:
                raise
            why = f"{error.operation_name}: {code}"
            return [f"Whether names are taken could not be looked up ({why})."]

    def _names(self, resources: Mapping, function: str) -> list[str]:
        if self._has_stack(f"{function}-bar"):
            return []
        kept = left_behind.find(resources, self._client)
        taken = []
        for key, one in resources.items():
            probe = _PROBES.get(one["Type"])
            if probe and key not in kept:
                name = _name_of(one["Properties"], probe.property, function)
                if name and probe.is_taken(self._client, name, one["Properties"]):
                    taken.append(f"{probe.kind} {name}")
        if not self._has_stack(function) and _has_function(self._client, function):
            taken.append(f"the function {function}")
        if taken:
            raise StackError(
                f"There is already {', '.join(sorted(taken))} in this account and region, and not"
                " of a bar of this stage. Delete what is not used any more, or make a stage with"
                " names of its own: scripts/deploy init --new --stage NAME"
            )
        if not kept:
            return []
        names = {_kept_name(resources[key]) for key in kept} - {None}
        return [f"Taken over with all they hold: {', '.join(sorted(names))}."]

    def notes_on_rights(self, with_domain: bool) -> Iterator[str]:
        """Yields one line: the rights that a deployment needs and the caller lacks."""
        from botocore.exceptions import ClientError

        statements = list(_statements(with_domain))
        if not is_aws(self._client("iam")):
            # The policy simulation of an emulator ignores conditions.
            statements = [one for one in statements if "Condition" not in one]
        try:
            principal = self._principal()
            if principal.endswith(":root"):
                return
            missing = sorted({name for one in statements for name in self._denied(principal, one)})
        except ClientError as error:
            code = error.response["Error"]["Code"]
            yield (
                f"Whether your credentials may do all of it could not be looked up ({code}). What"
                " a deployment needs is in docs/deployer-policy-*.json."
            )
            return
        if missing:
            yield (
                f"Your credentials lack {', '.join(missing)}. Before you deploy, have whoever keeps"
                " the account attach docs/deployer-policy-*.json to you (docs/deploy.md)."
            )

    def notes_on_certificate(self, arn: str, domain: str) -> Iterator[str]:
        """Yields a note while a certificate is not ready.

        Raises StackError for a certificate that can never serve the domain.
        """
        found = self._asked("acm", "describe_certificate", CertificateArn=arn)
        if not found:
            yield f"The certificate {arn} could not be looked up; it must be there when you deploy."
            return
        certificate = found["Certificate"]
        names = certificate.get("SubjectAlternativeNames") or [certificate["DomainName"]]
        if not any(_covers(name, domain) for name in names):
            raise StackError(
                f"The certificate is for {', '.join(names)}, not for {domain}. Request one for"
                " that name in ACM and give its ARN."
            )
        status = certificate["Status"]
        if status == "PENDING_VALIDATION":
            records = [
                "{Name} {Type} {Value}".format(**one["ResourceRecord"])
                for one in certificate.get("DomainValidationOptions", ())
                if "ResourceRecord" in one
            ]
            add = f" Add to the domain's DNS: {'; '.join(records)}." if records else ""
            yield (
                f"The certificate for {domain} still waits to be proved, and a deployment would"
                f" fail at it.{add} Deploy once ACM says ISSUED."
            )
        elif status != "ISSUED":
            raise StackError(
                f"The certificate for {domain} is {status}. Request a new one in ACM and give its"
                " ARN with --certificate-arn."
            )

    # Calls to AWS

    def _asked(self, service: str, operation: str, **arguments) -> dict | None:
        """Returns the answer; None when the caller has no right to ask or AWS does not know."""
        from botocore.exceptions import ClientError, EndpointConnectionError

        try:
            return getattr(self._client(service), operation)(**arguments)
        except (ClientError, EndpointConnectionError):
            return None

    def _has_stack(self, name: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            stacks = self._client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return False
        return bool(stacks) and stacks[0]["StackStatus"] != "DELETE_COMPLETE"

    def _principal(self) -> str:
        """Returns the user or role whose policies count; for a session, its role."""
        arn = self._client("sts").get_caller_identity()["Arn"]
        session = re.fullmatch(r"arn:[^:]+:sts::\d+:assumed-role/([^/]+)/.+", arn)
        if not session:
            return arn
        # Only the role's own ARN contains the path of its name.
        return self._client("iam").get_role(RoleName=session[1])["Role"]["Arn"]

    def _denied(self, principal: str, statement: Mapping) -> set[str]:
        """Returns the actions that are allowed on none of the statement's resources."""
        allowed = set()
        for resource in statement["Resource"]:
            pages = (
                self._client("iam")
                .get_paginator("simulate_principal_policy")
                .paginate(
                    PolicySourceArn=principal,
                    ActionNames=statement["Action"],
                    ResourceArns=[_one_of(resource, principal, self._region)],
                    ContextEntries=_context(statement),
                )
            )
            allowed |= {
                result["EvalActionName"]
                for page in pages
                for result in page["EvaluationResults"]
                if result["EvalDecision"] == "allowed"
            }
        return set(statement["Action"]) - allowed


# Rights


def _statements(with_domain: bool) -> Iterator[dict]:
    for file in sorted(POLICIES.glob("deployer-policy-*.json")):
        if with_domain or not file.stem.endswith("-domain"):
            yield from json.loads(file.read_text())["Statement"]


def _one_of(pattern: str, principal: str, region: str) -> str:
    """Returns a resource that matches a pattern, because the simulation takes no patterns."""
    partition, account = principal.split(":")[1], principal.split(":")[4]
    if pattern == "*":
        return pattern
    _, _, service, where, owner, name = pattern.split(":", 5)
    where, owner = where.replace("*", region), owner.replace("*", account)
    return ":".join(("arn", partition, service, where, owner, name.replace("*", "a")))


def _context(statement: Mapping) -> list[dict]:
    return [
        {
            "ContextKeyName": key,
            # One value is enough, because the key has only one value in a call.
            "ContextKeyValues": values[:1],
            "ContextKeyType": "string",
        }
        for condition in statement.get("Condition", {}).values()
        for key, values in condition.items()
    ]


# Names


@dataclass(frozen=True)
class _Probe:
    """How a kind of resource is called, and how its name is looked up.

    property: the property of the template that holds the name.
    """

    kind: str
    property: str
    is_taken: Callable[[Callable, str, Mapping], bool]


def _answers(service: str, operation: str, argument: str, absent: str) -> Callable:
    """Returns a probe by a call that AWS refuses with the code
    `absent` when there is no such thing.
    """

    def is_taken(client: Callable, name: str, properties: Mapping) -> bool:
        from botocore.exceptions import ClientError

        try:
            getattr(client(service), operation)(**{argument: name})
        except ClientError as error:
            if error.response["Error"]["Code"] != absent:
                raise
            return False
        return True

    return is_taken


def _has_rule(client: Callable, name: str, properties: Mapping) -> bool:
    if "EventBusName" in properties:
        return False  # The bus has a probe of its own, and without the bus there is no rule on it.
    pages = client("events").get_paginator("list_rules").paginate(NamePrefix=name)
    return any(rule["Name"] == name for page in pages for rule in page["Rules"])


def _listed(
    service: str, operation: str, key: str, field: str | None, prefix: str | None = None
) -> Callable:
    """Returns a probe that looks through a list.

    field: the field with the name; None when the entry is an address that ends with the name.
    prefix: the argument that shortens the list to a prefix.
    """

    def is_taken(client: Callable, name: str, properties: Mapping) -> bool:
        pages = (
            client(service).get_paginator(operation).paginate(**({prefix: name} if prefix else {}))
        )
        found = (one for page in pages for one in page.get(key, ()))
        return any((one[field] if field else one.rpartition("/")[2]) == name for one in found)

    return is_taken


def _has_topic(client: Callable, name: str, properties: Mapping) -> bool:
    pages = client("sns").get_paginator("list_topics").paginate()
    return any(
        one["TopicArn"].rpartition(":")[2] == name for page in pages for one in page["Topics"]
    )


_PROBES = {
    "AWS::StepFunctions::StateMachine": _Probe(
        "the state machine",
        "StateMachineName",
        _listed("stepfunctions", "list_state_machines", "stateMachines", "name"),
    ),
    "AWS::SQS::Queue": _Probe(
        "the queue",
        "QueueName",
        _listed("sqs", "list_queues", "QueueUrls", None, "QueueNamePrefix"),
    ),
    "AWS::SNS::Topic": _Probe("the topic", "TopicName", _has_topic),
    "AWS::Events::EventBus": _Probe(
        "the bus",
        "Name",
        _answers("events", "describe_event_bus", "Name", "ResourceNotFoundException"),
    ),
    "AWS::Events::Rule": _Probe("the rule", "Name", _has_rule),
    "AWS::Logs::LogGroup": _Probe(
        "the log group",
        "LogGroupName",
        _listed("logs", "describe_log_groups", "logGroups", "logGroupName", "logGroupNamePrefix"),
    ),
    "AWS::CloudWatch::Alarm": _Probe(
        "the alarm",
        "AlarmName",
        _listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", "AlarmNamePrefix"),
    ),
    "AWS::IAM::Role": _Probe(
        "the role", "RoleName", _answers("iam", "get_role", "RoleName", "NoSuchEntity")
    ),
    "AWS::SSM::Parameter": _Probe(
        "the parameter",
        "Name",
        _answers("ssm", "get_parameter_history", "Name", "ParameterNotFound"),
    ),
}
"""The kinds with a fixed name. Tables and user pools are
missing here, because they are taken over.
"""


def _name_of(properties: Mapping, name: str, function: str) -> str | None:
    """Returns a resource's name before there is a stack; None when CloudFormation chooses it."""
    given = properties.get(name)
    if isinstance(given, dict):
        given = given.get("Fn::Sub", "").replace("${FunctionName}", function)
    return given or None


def _kept_name(resource: Mapping) -> str | None:
    """Returns the name by which people know a resource; None for a part of another resource."""
    properties = resource["Properties"]
    if resource["Type"] == left_behind.TABLE:
        return f"the table {properties['TableName']}"
    if resource["Type"] == left_behind.POOL:
        return f"the accounts in {properties['UserPoolName']}"
    return None


def _has_function(client: Callable, name: str) -> bool:
    functions = client("lambda")
    try:
        functions.get_function_configuration(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        return False
    return True


def _covers(name: str, domain: str) -> bool:
    """Returns whether a certificate's name, which may begin with a star, covers a domain."""
    first, _, rest = name.partition(".")
    return name == domain or (first == "*" and domain.partition(".")[2] == rest)
