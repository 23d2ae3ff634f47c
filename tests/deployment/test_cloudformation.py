"""A stack gets to what its template says from whatever state it is in."""

import json
from itertools import count
from types import SimpleNamespace

import pytest

from scripts.aws import cloudformation
from scripts.aws.cloudformation import LARGEST_BODY, CloudStack
from scripts.machine import StackError

BUCKET = "templates-of-tests"
_numbers = count()


@pytest.fixture
def stack(emulator) -> CloudStack:
    emulator.client("s3").create_bucket(Bucket=BUCKET)
    return CloudStack(emulator.client, f"bar-{next(_numbers)}", BUCKET)


def _queue(name: str, seconds: object = 60) -> dict:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": name, "MessageRetentionPeriod": seconds},
    }


def _table(name: str) -> dict:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "Properties": {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }


# SQS keeps messages for a minute at least, and says so only when the queue is made.
_BROKEN = _queue("broken", seconds=1)


def _template(**resources: dict) -> str:
    return json.dumps({"Resources": resources})


def test_the_same_template_again_changes_nothing(stack):
    template = _template(Cups=_queue(f"{stack.name}-cups"))
    assert stack.put(template, {}, {"stage": "test"})["StackStatus"] == "CREATE_COMPLETE"
    assert stack.put(template, {}, {"stage": "test"})["StackStatus"] == "CREATE_COMPLETE"


def test_a_template_too_long_for_a_call_goes_through_the_bucket_and_leaves_nothing_there(
    emulator, stack
):
    queues = {f"Queue{n}": _queue(f"{stack.name}-{n}-{'q' * 60}") for n in range(3)}
    template = json.dumps({"Description": "x", "Metadata": "m" * LARGEST_BODY, "Resources": queues})
    stack.put(template, {}, {})
    assert len(emulator.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", ())) == 0
    assert stack.describe()["StackStatus"] == "CREATE_COMPLETE"


def test_a_failed_update_says_why_in_one_line_and_the_next_one_works(emulator, stack):
    good = _template(Cups=_queue(f"{stack.name}-cups"))
    stack.put(good, {}, {})
    with pytest.raises(StackError, match=r"Broken: ") as failed:
        stack.put(_template(Cups=_queue(f"{stack.name}-cups", 120), Broken=_BROKEN), {}, {})
    assert "\n" not in str(failed.value)
    sqs = emulator.client("sqs")
    [url] = sqs.list_queues(QueueNamePrefix=f"{stack.name}-cups")["QueueUrls"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == "60"
    stack.put(_template(Cups=_queue(f"{stack.name}-cups", 180)), {}, {})
    assert stack.describe()["StackStatus"] == "UPDATE_COMPLETE"


def test_a_stack_whose_creation_failed_is_made_again(stack):
    with pytest.raises(StackError, match="ROLLBACK"):
        stack.put(_template(Cups=_queue(f"{stack.name}-cups"), Broken=_BROKEN), {}, {})
    assert stack.describe()["StackStatus"] == "ROLLBACK_COMPLETE"
    good = _template(Cups=_queue(f"{stack.name}-cups"))
    assert stack.put(good, {}, {})["StackStatus"] == "CREATE_COMPLETE"


def test_tables_left_behind_are_taken_over_with_what_they_hold(emulator, stack):
    name = f"{stack.name}-orders"
    template = _template(Orders=_table(name), Cups=_queue(f"{stack.name}-cups"))
    stack.put(template, {}, {})
    dynamodb = emulator.client("dynamodb")
    dynamodb.put_item(TableName=name, Item={"id": {"S": "kept"}})
    assert stack.delete() and not stack.delete()
    stack.put(template, {}, {})
    assert dynamodb.scan(TableName=name)["Items"] == [{"id": {"S": "kept"}}]
    resources = emulator.client("cloudformation").describe_stack_resources(StackName=stack.name)
    kinds = {one["ResourceType"] for one in resources["StackResources"]}
    assert kinds == {"AWS::DynamoDB::Table", "AWS::SQS::Queue"}


def test_a_taking_over_that_was_interrupted_is_begun_anew(emulator, stack, monkeypatch):
    name = f"{stack.name}-orders"
    template = _template(Orders=_table(name))
    stack.put(template, {}, {})
    stack.delete()

    def interrupted(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patches, pytest.raises(KeyboardInterrupt):
        patches.setattr(stack._client, "execute_change_set", interrupted)
        stack.put(template, {}, {})
    assert stack.describe()["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert stack.put(template, {}, {})["StackStatus"].endswith("_COMPLETE")
    assert emulator.client("dynamodb").list_tables()["TableNames"].count(name) == 1


def test_accounts_left_behind_are_taken_over_with_their_groups(emulator, stack):
    name = f"{stack.name}-staff"
    kept = {"DeletionPolicy": "Retain"}
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": name}} | kept
    group = {
        "Type": "AWS::Cognito::UserPoolGroup",
        "Properties": {"UserPoolId": {"Ref": "Staff"}, "GroupName": "admin"},
    } | kept
    template = _template(Staff=pool, Admins=group)
    stack.put(template, {}, {})
    cognito = emulator.client("cognito-idp")
    [before] = _pools(cognito, name)
    cognito.admin_create_user(UserPoolId=before, Username="ana")
    cognito.admin_add_user_to_group(UserPoolId=before, Username="ana", GroupName="admin")
    stack.delete()
    stack.put(template, {}, {})
    assert _pools(cognito, name) == [before]
    admins = cognito.list_users_in_group(UserPoolId=before, GroupName="admin")["Users"]
    assert [user["Username"] for user in admins] == ["ana"]


def _pools(cognito, name: str) -> list[str]:
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    return [pool["Id"] for pool in pools if pool["Name"] == name]


def test_a_refused_template_is_one_line(stack):
    with pytest.raises(StackError, match="CloudFormation refused the template: "):
        stack.put(_template(Cups={"Type": "AWS::Nothing::Here"}), {}, {})


def test_a_stack_that_waits_too_long_says_for_what_and_what_to_do_for_a_certificate(monkeypatch):
    answers = {
        "describe_stacks": {"Stacks": [{"StackStatus": "CREATE_IN_PROGRESS"}]},
        "describe_stack_resources": {
            "StackResources": [
                {
                    "LogicalResourceId": "DomainCertificate",
                    "ResourceStatus": "CREATE_IN_PROGRESS",
                    "ResourceType": "AWS::CertificateManager::Certificate",
                },
                {
                    "LogicalResourceId": "OrdersTable",
                    "ResourceStatus": "CREATE_COMPLETE",
                    "ResourceType": "AWS::DynamoDB::Table",
                },
            ]
        },
    }
    client = SimpleNamespace(
        **{name: lambda answer=answer, **_: answer for name, answer in answers.items()}
    )
    monkeypatch.setattr(cloudformation, "_pauses", lambda seconds: range(2))
    with pytest.raises(StackError) as said:
        CloudStack(lambda service: client, "bar", "packages")._settle()
    assert str(said.value) == (
        "The stack bar is still being changed after 30 minutes. It waits for DomainCertificate. A"
        " certificate is proved through the domain's zone: see that the registrar names the zone's"
        " servers. Run the command again to go on."
    )
