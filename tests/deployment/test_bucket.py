"""The packages' bucket: private, encrypted, tidied, and finished after an interruption."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from scripts.aws.bucket import KEPT_DAYS, PackageBucket
from scripts.machine import StackError

_NAME = "cups-on-their-way"


@pytest.fixture
def s3(emulator):
    client = emulator.client("s3")
    yield client
    for bucket in client.list_buckets()["Buckets"]:
        for one in client.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            client.delete_object(Bucket=bucket["Name"], Key=one["Key"])
        client.delete_bucket(Bucket=bucket["Name"])


def _assert_is_finished(s3) -> None:
    assert all(s3.get_public_access_block(Bucket=_NAME)["PublicAccessBlockConfiguration"].values())
    [rule] = s3.get_bucket_encryption(Bucket=_NAME)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=_NAME)["Rules"]
    assert rule["Expiration"]["Days"] == KEPT_DAYS and rule["Status"] == "Enabled"
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1


def test_a_new_bucket_is_private_encrypted_and_tidied(s3):
    bucket = PackageBucket(s3, _NAME, "us-east-1")
    assert not bucket.exists()
    bucket.make()
    assert bucket.exists()
    _assert_is_finished(s3)


@pytest.mark.parametrize(
    "broken_off_at",
    ["PutPublicAccessBlock", "PutBucketEncryption", "PutBucketLifecycleConfiguration"],
)
def test_a_bucket_whose_making_was_broken_off_is_finished_the_next_time(
    s3, emulator, broken_off_at
):
    def interrupt(**_):
        raise KeyboardInterrupt

    interrupted = emulator.client("s3")
    interrupted.meta.events.register(f"before-call.s3.{broken_off_at}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        PackageBucket(interrupted, _NAME, "us-east-1").make()
    PackageBucket(s3, _NAME, "us-east-1").make()
    _assert_is_finished(s3)


def test_a_teams_own_bucket_that_is_in_use_keeps_its_settings(s3):
    s3.create_bucket(Bucket=_NAME)
    s3.put_object(Bucket=_NAME, Key="menu.pdf", Body=b"coffee")
    PackageBucket(s3, _NAME, "us-east-1").make()
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=_NAME)


def test_a_bucket_of_another_region_is_refused_before_anything_is_sent_there(s3):
    s3.create_bucket(Bucket=_NAME, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    with pytest.raises(StackError, match="is in eu-central-1, the bar would be in us-east-1"):
        PackageBucket(s3, _NAME, "us-east-1").make()


@pytest.mark.parametrize(
    ("operation", "code", "says"),
    [
        ("HeadBucket", "403", "belongs to somebody else .* --bucket"),
        ("CreateBucket", "BucketAlreadyExists", "belongs to somebody else .* --bucket"),
        ("CreateBucket", "OperationAborted", "Wait a minute and run this again"),
    ],
)
def test_a_name_that_cannot_be_had_is_one_line(emulator, operation, code, says):
    client = emulator.client("s3")

    def refuse(**_):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    client.meta.events.register(f"before-call.s3.{operation}", refuse)
    with pytest.raises(StackError, match=says) as said:
        PackageBucket(client, _NAME, "us-east-1").make()
    assert "\n" not in str(said.value)
