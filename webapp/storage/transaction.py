"""One connection for all tables, transactions over it, and what a refused write means."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.transactions import TransactWrite

from domain.errors import Busy
from webapp.cloud import clients
from webapp.storage.keys import answer_to_impossible_keys
from webapp.storage.tables import MODELS

CONFLICT = "TransactionConflictException"
"""AWS only, not its emulators: a single write meets a transaction that is under way."""
_REFUSED = "ConditionalCheckFailedException"
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
}
"""What a call still says after botocore has made it several times."""
_TRIES_AGAIN = 1
"""Of a call that hangs or is throttled: nobody waits longer for a page that says "one moment"."""
_CONFLICT_TRIES = 6
_ANOTHER_TIME = {
    "None",
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}


class _SharedConnection(Connection):
    """PynamoDB's connection on the session of all other clients."""

    @property
    def session(self) -> Any:
        return clients.session()

    @property
    def client(self) -> Any:
        if self._client is None:
            with clients.making_clients:
                return super().client
        return super().client

    def dispatch(self, operation_name: str, operation_kwargs: dict) -> dict:
        answer = answer_to_impossible_keys(operation_name, operation_kwargs, self._keys_of)
        if answer is not None:
            return answer
        try:
            return super().dispatch(operation_name, operation_kwargs)
        except ClientError as error:
            if error.response["Error"]["Code"] in _THROTTLED:
                raise Busy from error
            raise

    def _keys_of(self, table_name: str) -> set[str]:
        table = self.get_meta_table(table_name)
        return {name for name in (table.hash_keyname, table.range_keyname) if name}


@cache
def shared_connection() -> Connection:
    """The one client all models use; by itself each model would load botocore's data again."""
    shared = _SharedConnection(
        max_pool_connections=clients.MOST_CONNECTIONS,
        connect_timeout_seconds=clients.CONNECT_SECONDS,
        read_timeout_seconds=clients.READ_SECONDS,
        max_retry_attempts=_TRIES_AGAIN,
    )
    for model in MODELS:
        table = model._get_connection()
        shared.add_meta_table(table.get_meta_table())
        table.connection = shared
    return shared


def check_refused(error: PynamoDBException) -> None:
    """Passes for a write whose condition did not hold.

    Raises Busy where a transaction stood in the way, which says nothing of the condition, and the
    error itself for anything else.
    """
    if error.cause_response_code == CONFLICT:
        raise Busy from error
    if error.cause_response_code != _REFUSED:
        raise error


def transact(build: Callable[[TransactWrite], None]) -> list[bool] | None:
    """Writes a transaction: None when it is done, else which of its parts were refused: deletes
    first, then saves, then updates.

    A conflict with another transaction says nothing about our conditions, so that is tried again.
    Raises Busy when it does not end.
    """
    for attempt in range(_CONFLICT_TRIES):
        # With its token a transaction that botocore sends again after a lost answer is done once.
        transaction = TransactWrite(
            connection=shared_connection(), client_request_token=secrets.token_hex(16)
        )
        try:
            with transaction:
                build(transaction)
            return None
        except TransactWriteError as error:
            reasons = [reason.code if reason else "None" for reason in error.cancellation_reasons]
            if "ConditionalCheckFailed" in reasons:
                return [code == "ConditionalCheckFailed" for code in reasons]
            if not reasons or set(reasons) - _ANOTHER_TIME:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
    raise Busy
