"""The bucket through which packages and long templates are uploaded; stages may share it."""

from __future__ import annotations

from scripts.machine import StackError

KEPT_DAYS = 7
"""After so many days the bucket deletes what an interrupted deployment has left in it."""
_RULE = "left-behind"
_PRIVATE = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


class PackageBucket:
    """The bucket of this name, for a bar in this region.

    s3: boto3's client.
    """

    def __init__(self, s3, name: str, region: str):
        self._s3, self.name, self._region = s3, name, region

    def exists(self) -> bool:
        """Returns False when there is no such bucket. Raises StackError when it cannot be used."""
        try:
            where = self._s3.head_bucket(Bucket=self.name).get("BucketRegion") or self._region
        except self._s3.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("404", "NoSuchBucket"):
                return False
            raise self._somebody_elses(code) from None
        if where != self._region:
            raise StackError(
                f"The bucket {self.name} is in {where}, the bar would be in {self._region}. They"
                " must be together: choose another bucket or region."
            )
        return True

    def make(self) -> None:
        """Makes the bucket private, encrypted and self-tidying; a bucket in use stays unchanged.

        An empty bucket without a lifecycle was only half made, so this finishes it.
        """
        if not self.exists():
            self._create()
        elif self._has_lifecycle() or self.objects():
            return
        self._s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=_PRIVATE)
        by_s3 = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        self._s3.put_bucket_encryption(
            Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [by_s3]}
        )
        rule = {
            "ID": _RULE,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": KEPT_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
        # The lifecycle comes last, because it marks the bucket as finished.
        self._s3.put_bucket_lifecycle_configuration(
            Bucket=self.name, LifecycleConfiguration={"Rules": [rule]}
        )

    def objects(self) -> list[str]:
        """Returns the keys of the objects in the bucket."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def _create(self) -> None:
        where = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        try:
            # S3 refuses a location constraint for us-east-1, its first region.
            self._s3.create_bucket(
                Bucket=self.name, **({} if self._region == "us-east-1" else where)
            )
        except self._s3.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "OperationAborted":
                raise StackError(
                    f"S3 is still busy with a bucket {self.name} that was deleted a moment ago."
                    " Wait a minute and run this again, or choose another name."
                ) from None
            if code not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
                raise
            raise self._somebody_elses(code) from None

    def _has_lifecycle(self) -> bool:
        try:
            self._s3.get_bucket_lifecycle_configuration(Bucket=self.name)
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
                raise
            return False
        return True

    def _somebody_elses(self, code: str) -> StackError:
        return StackError(
            f"The bucket {self.name} belongs to somebody else or is not yours to use ({code})."
            " Choose another name: scripts/deploy init --bucket …"
        )
