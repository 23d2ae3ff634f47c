"""Lets only one deployment of a stage run at a time: a note in the bucket says whose turn it is.

Two deployments at once would see each other's half: a second first deployment would take the first
one for interrupted, and two updates could end with the code of one and the stack of the other.
"""

from __future__ import annotations

import atexit
import getpass
import json
import socket
import sys
from datetime import UTC, datetime, timedelta

from scripts.machine import StackError

GIVEN_UP_AFTER = timedelta(minutes=45)
"""A note this old comes from a process that was killed, because no deployment takes that long."""


class Turn:
    """The turn to deploy one function, in the bucket that all its deployers share.

    s3: boto3's client.
    """

    def __init__(self, s3, bucket: str, function_name: str):
        self._s3 = s3
        self._note = {"Bucket": bucket, "Key": f"{function_name}-turn.json"}

    @property
    def _address(self) -> str:
        return "s3://{Bucket}/{Key}".format(**self._note)

    def take(self) -> None:
        """Takes the turn until give_back or the end of this process.

        Raises StackError while somebody else has the turn.
        """
        from botocore.exceptions import ClientError

        mine = {
            "who": f"{getpass.getuser()} on {socket.gethostname()}",
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        condition = {"IfNoneMatch": "*"}
        if held := self._held():
            self._refuse_unless_given_up(held)
            condition = {"IfMatch": held["etag"]}
        try:
            self._s3.put_object(**self._note, Body=json.dumps(mine).encode(), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in (
                "PreconditionFailed",
                "ConditionalRequestConflict",
            ):
                raise
            self._refuse_unless_given_up(self._held() or mine)
        atexit.register(self._give_back_at_exit)

    def give_back(self) -> None:
        """Lets the next deployer take the turn."""
        atexit.unregister(self._give_back_at_exit)
        self._s3.delete_object(**self._note)

    def _give_back_at_exit(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.give_back()
        except (BotoCoreError, ClientError):
            print(f"The note {self._address} could not be taken away.", file=sys.stderr)

    def _held(self) -> dict | None:
        """Returns the present note; None when nobody has the turn."""
        try:
            found = self._s3.get_object(**self._note)
        except self._s3.exceptions.NoSuchKey:
            return None
        return json.loads(found["Body"].read()) | {"etag": found["ETag"]}

    def _refuse_unless_given_up(self, held: dict) -> None:
        since = datetime.fromisoformat(held["since"])
        if datetime.now(UTC) - since < GIVEN_UP_AFTER:
            raise StackError(
                f"{held['who']} has been deploying this stage since {since:%H:%M} UTC; wait until"
                f" that is done. If it was killed, take its note away: aws s3 rm {self._address}"
            )
