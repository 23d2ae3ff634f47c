"""What init finds out about an account: quotas, names that are taken, rights, a certificate."""

from __future__ import annotations

import json
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts.aws import account as account_module
from scripts.aws.account import Account
from scripts.machine import StackError
from webapp.stack import build_template_body

_FUNCTION = "annex-dev"
_ARN = "arn:aws:acm:us-east-1:000000000000:certificate/1234"


@pytest.fixture(scope="module")
def template() -> str:
    return build_template_body(300, 900, "annex-")


@pytest.fixture
def session(emulator, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    return boto3.Session(region_name="us-east-1")


class Answering:
    """A session whose services say what a test tells them; what it does not tell is refused."""

    region_name = "us-east-1"

    def __init__(self, **answers):
        self._answers = answers

    def client(self, service: str):
        return SimpleNamespace(**{name: self._call(name) for name in _ASKED})

    def _call(self, name: str):
        def call(**_):
            if name not in self._answers:
                raise ClientError({"Error": {"Code": "AccessDeniedException"}}, name)
            return self._answers[name]

        return call


_ASKED = (
    "get_account_settings",
    "get_region_opt_status",
    "get_sms_sandbox_account_status",
    "get_sms_attributes",
    "describe_certificate",
)


# Quotas


def _at_once(calls: int) -> list[str]:
    limit = {"AccountLimit": {"ConcurrentExecutions": calls}}
    return list(Account(Answering(get_account_settings=limit)).notes_on_quotas())


def test_ten_calls_at_once_are_told_with_what_that_means_and_how_to_ask_for_more():
    [note] = _at_once(10)
    assert "10 calls at once" in note and "so 10 phones" in note and "\n" not in note
    assert note.endswith(
        "aws service-quotas request-service-quota-increase --region us-east-1 --service-code"
        " lambda --quota-code L-B99A9384 --desired-value 1000"
    )


def test_enough_calls_at_once_are_not_worth_a_word():
    assert _at_once(100) == _at_once(1000) == []
    assert len(_at_once(99)) == 1


def test_a_quota_that_may_not_be_read_is_said_to_be_unknown():
    [note] = Account(Answering()).notes_on_quotas()
    assert "could not be read" in note and "lambda:GetAccountSettings" in note


@pytest.mark.parametrize(
    ("sandbox", "spend", "says"),
    [
        (True, "1", ["SMS sandbox", "$1 a month"]),
        (True, "200", ["SMS sandbox"]),
        (False, "1.00", ["$1 a month"]),
        (False, "50", []),
    ],
)
def test_what_keeps_texts_back_is_told(sandbox, spend, says):
    answers = Answering(
        get_sms_sandbox_account_status={"IsInSandbox": sandbox},
        get_sms_attributes={"attributes": {"MonthlySpendLimit": spend}},
    )
    notes = list(Account(answers).notes_on_texts())
    assert len(notes) == len(says)
    assert all(part in note for part, note in zip(says, notes))
    assert all(note.startswith("If customers are to sign in by phone") for note in notes)


def test_an_account_that_never_set_a_spend_limit_has_aws_own():
    answers = Answering(
        get_sms_sandbox_account_status={"IsInSandbox": False}, get_sms_attributes={"attributes": {}}
    )
    assert "$1 a month" in next(iter(Account(answers).notes_on_texts()))


@pytest.mark.parametrize("status", ["DISABLED", "ENABLING"])
def test_a_region_that_is_not_switched_on_is_refused_with_the_command_that_does(status):
    answers = Answering(get_region_opt_status={"RegionOptStatus": status})
    with pytest.raises(StackError, match="aws account enable-region --region-name us-east-1"):
        Account(answers).check_region()


def test_a_region_that_is_on_or_may_not_be_asked_about_is_taken():
    is_on = {"RegionOptStatus": "ENABLED_BY_DEFAULT"}
    Account(Answering(get_region_opt_status=is_on)).check_region()
    Account(Answering()).check_region()


# Names

_HOLDERS = {
    "the role annex-function": (
        "iam",
        "create_role",
        "delete_role",
        {"RoleName": "annex-function", "AssumeRolePolicyDocument": "{}"},
        lambda made: {"RoleName": "annex-function"},
    ),
    "the state machine annex-order-workflow": (
        "stepfunctions",
        "create_state_machine",
        "delete_state_machine",
        {
            "name": "annex-order-workflow",
            "definition": '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
            "roleArn": "arn:aws:iam::000000000000:role/annex-function",
        },
        lambda made: {"stateMachineArn": made["stateMachineArn"]},
    ),
    "the queue annex-dead-letters": (
        "sqs",
        "create_queue",
        "delete_queue",
        {"QueueName": "annex-dead-letters"},
        lambda made: {"QueueUrl": made["QueueUrl"]},
    ),
    "the topic annex-alarms": (
        "sns",
        "create_topic",
        "delete_topic",
        {"Name": "annex-alarms"},
        lambda made: {"TopicArn": made["TopicArn"]},
    ),
    "the bus Serverlesspresso-annex": (
        "events",
        "create_event_bus",
        "delete_event_bus",
        {"Name": "Serverlesspresso-annex"},
        lambda made: {"Name": "Serverlesspresso-annex"},
    ),
    "the rule annex-every-minute": (
        "events",
        "put_rule",
        "delete_rule",
        {"Name": "annex-every-minute", "ScheduleExpression": "rate(1 day)"},
        lambda made: {"Name": "annex-every-minute"},
    ),
    "the log group /aws/lambda/annex-dev": (
        "logs",
        "create_log_group",
        "delete_log_group",
        {"logGroupName": "/aws/lambda/annex-dev"},
        lambda made: {"logGroupName": "/aws/lambda/annex-dev"},
    ),
    "the alarm annex-dead-letters": (
        "cloudwatch",
        "put_metric_alarm",
        "delete_alarms",
        {
            "AlarmName": "annex-dead-letters",
            "EvaluationPeriods": 1,
            "MetricName": "m",
            "Namespace": "n",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        },
        lambda made: {"AlarmNames": ["annex-dead-letters"]},
    ),
    "the parameter /annex/staff-pool": (
        "ssm",
        "put_parameter",
        "delete_parameter",
        {"Name": "/annex/staff-pool", "Value": "mine", "Type": "String"},
        lambda made: {"Name": "/annex/staff-pool"},
    ),
}


def test_names_that_something_else_has_are_refused_and_free_again_without_it(session, template):
    made_by = {}
    for name, (service, make, delete, arguments, identified) in _HOLDERS.items():
        client = session.client(service)
        made_by[name] = getattr(client, delete), identified(getattr(client, make)(**arguments))
    try:
        with pytest.raises(StackError) as said:
            Account(session).check_names(template, _FUNCTION)
    finally:
        for delete, identifier in made_by.values():
            delete(**identifier)
    assert str(said.value) == (
        f"There is already {', '.join(sorted(_HOLDERS))} in this account and region, and not of a"
        " bar of this stage. Delete what is not used any more, or make a stage with names of its"
        " own: scripts/deploy init --new --stage NAME"
    )
    assert Account(session).check_names(template, _FUNCTION) == []


def test_every_kind_with_a_fixed_name_is_looked_for_or_taken_over(template):
    """CloudFormation makes nothing whose name is taken, but for what is here."""
    written_over = {"AWS::CloudWatch::Dashboard"}
    of_something_else = {
        "AWS::Cognito::UserPoolClient",
        "AWS::IAM::Policy",
        "AWS::Logs::MetricFilter",
    }
    names = {
        "AlarmName",
        "ClientName",
        "DashboardName",
        "LogGroupName",
        "Name",
        "PolicyName",
        "QueueName",
        "RoleName",
        "StateMachineName",
        "TopicName",
    }
    unknown = (
        {
            one["Type"]
            for one in json.loads(template)["Resources"].values()
            if names & set(one["Properties"]) and one["Type"] != "AWS::Route53::RecordSet"
        }
        - set(account_module._PROBES)
        - written_over
        - of_something_else
    )
    assert unknown == set()


def test_tables_that_an_earlier_stack_left_are_taken_over_and_said_to_be(session, template):
    client = session.client("dynamodb")
    client.create_table(
        TableName="annex-orders",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    try:
        notes = Account(session).check_names(template, _FUNCTION)
    finally:
        client.delete_table(TableName="annex-orders")
    assert notes == ["Taken over with all they hold: the table annex-orders."]


def test_names_that_may_not_be_looked_up_are_said_to_be_unknown(as_user, template):
    [note] = as_user().check_names(template, _FUNCTION)
    assert note == "Whether names are taken could not be looked up (DescribeStacks: AccessDenied)."


# Rights


@pytest.fixture
def as_user(emulator, monkeypatch):
    """An account opened by a user who has these policies only."""
    iam = emulator.client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]

    def open_account(*policies: dict) -> Account:
        for number, policy in enumerate(policies):
            iam.put_user_policy(
                UserName="ana", PolicyName=f"p{number}", PolicyDocument=json.dumps(policy)
            )
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
        return Account(session)

    yield open_account
    for name in iam.list_user_policies(UserName="ana")["PolicyNames"]:
        iam.delete_user_policy(UserName="ana", PolicyName=name)
    iam.delete_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="ana")


def _policies() -> list[dict]:
    files = sorted(account_module.POLICIES.glob("deployer-policy-[0-9].json"))
    return [json.loads(file.read_text()) for file in files]


def test_who_has_the_documented_policies_lacks_nothing(as_user):
    assert list(as_user(*_policies()).notes_on_rights(with_domain=False)) == []


def test_missing_rights_are_named_in_one_line(as_user):
    policies = _policies()
    for policy in policies:
        for one in policy["Statement"]:
            one["Action"] = [
                action
                for action in one["Action"]
                if action not in ("dynamodb:CreateTable", "states:ListStateMachines")
            ]
    [note] = as_user(*policies).notes_on_rights(with_domain=False)
    assert note.startswith("Your credentials lack dynamodb:CreateTable, states:ListStateMachines. ")
    assert "docs/deployer-policy-*.json" in note and "\n" not in note


def test_on_aws_a_role_is_simulated_to_be_handed_on_with_the_service_that_gets_it(monkeypatch):
    monkeypatch.setattr(account_module, "is_aws", lambda client: True)
    asked = []

    class Iam:
        def get_paginator(self, _):
            return self

        def paginate(self, **arguments):
            asked.append(arguments)
            denied = {"EvalDecision": "implicitDeny"}
            return [
                {
                    "EvaluationResults": [
                        {"EvalActionName": one, "EvalDecision": "allowed"}
                        | (denied if one == "iam:PassRole" else {})
                        for one in arguments["ActionNames"]
                    ]
                }
            ]

        def get_caller_identity(self):
            return {"Arn": "arn:aws-cn:sts::123456789012:assumed-role/deployer/ana"}

        def get_role(self, RoleName):
            return {"Role": {"Arn": f"arn:aws-cn:iam::123456789012:role/team/{RoleName}"}}

    session = SimpleNamespace(region_name="cn-north-1", client=lambda service: Iam())
    [note] = Account(session).notes_on_rights(with_domain=False)
    assert note.startswith("Your credentials lack iam:PassRole. ")
    [handed_on] = [one for one in asked if one["ActionNames"] == ["iam:PassRole"]]
    assert handed_on["PolicySourceArn"] == "arn:aws-cn:iam::123456789012:role/team/deployer"
    assert handed_on["ResourceArns"] == ["arn:aws-cn:iam::123456789012:role/serverlesspresso-a"]
    assert handed_on["ContextEntries"] == [
        {
            "ContextKeyName": "iam:PassedToService",
            "ContextKeyType": "string",
            "ContextKeyValues": ["lambda.amazonaws.com"],
        }
    ]


def test_a_domain_needs_more_than_the_rest(as_user):
    [note] = as_user(*_policies()).notes_on_rights(with_domain=True)
    assert "acm:RequestCertificate" in note and "route53:ChangeResourceRecordSets" in note


def test_rights_that_may_not_be_looked_up_are_said_to_be_unknown(as_user):
    [note] = as_user().notes_on_rights(with_domain=False)
    assert "could not be looked up (AccessDenied)" in note


# A certificate


def _about(status: str, name: str = "bar.example.org", **more) -> list[str]:
    found = {"Certificate": {"DomainName": name, "Status": status, **more}}
    account = Account(Answering(describe_certificate=found))
    return list(account.notes_on_certificate(_ARN, "bar.example.org"))


def test_a_certificate_that_is_issued_for_the_name_is_taken():
    assert _about("ISSUED") == _about("ISSUED", "*.example.org") == []
    both = ["a.example", "bar.example.org"]
    assert _about("ISSUED", "a.example", SubjectAlternativeNames=both) == []


def test_a_certificate_that_waits_is_told_with_the_record_that_proves_it():
    record = {"Name": "_1.bar.example.org.", "Type": "CNAME", "Value": "_2.acm.aws."}
    [note] = _about("PENDING_VALIDATION", DomainValidationOptions=[{"ResourceRecord": record}])
    assert "still waits to be proved" in note and "_1.bar.example.org. CNAME _2.acm.aws." in note


@pytest.mark.parametrize(
    ("status", "name", "says"),
    [
        ("ISSUED", "other.example.org", "is for other.example.org, not for bar.example.org"),
        ("ISSUED", "*.bar.example.org", "not for bar.example.org"),
        ("EXPIRED", "bar.example.org", "is EXPIRED. Request a new one"),
        ("VALIDATION_TIMED_OUT", "bar.example.org", "is VALIDATION_TIMED_OUT"),
    ],
)
def test_a_certificate_that_can_never_serve_is_refused(status, name, says):
    with pytest.raises(StackError) as said:
        _about(status, name)
    assert says in str(said.value) and "\n" not in str(said.value)
