"""One deployment of a stage at a time: a note in the bucket says whose turn it is.

Two at once would each see the other's half: a second first deployment takes the first one for
interrupted, and two updates may end with the code of one and the stack of the other.
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
"""A note this old is of a process that was killed: no deployment takes as long."""


class Turn:
    """The turn of one function in the bucket that all who deploy it share.

    s3: boto3's client.
    """

    def __init__(self, s3, bucket: str, function_name: str):
        self._s3 = s3
        self._note = {"Bucket": bucket, "Key": f"{function_name}-turn.json"}

    @property
    def _address(self) -> str:
        return "s3://{Bucket}/{Key}".format(**self._note)

    def take(self) -> None:
        """Ours until give_back or the end of this process; StackError while it is another's."""
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
        """Lets the next one deploy."""
        atexit.unregister(self._give_back_at_exit)
        self._s3.delete_object(**self._note)

    def _give_back_at_exit(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.give_back()
        except (BotoCoreError, ClientError):
            print(f"The note {self._address} could not be taken away.", file=sys.stderr)

    def _held(self) -> dict | None:
        """The note as it is; None when nobody has the turn."""
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
