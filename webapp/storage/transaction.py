"""One connection for all tables, its transactions, and the meaning of a refused write."""

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
"""Says that a single write met a transaction under way. Only AWS answers so, not its emulators."""
_REFUSED = "ConditionalCheckFailedException"
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
}
"""The errors that remain after botocore has made a call several times."""
_TRIES_AGAIN = 1
"""How often a call that hangs or is throttled is made again. More would make the visitor wait too
long for the page that says "one moment"."""
_CONFLICT_TRIES = 6
_ANOTHER_TIME = {
    "None",
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}


class _SharedConnection(Connection):
    """PynamoDB's connection that uses the session of all other clients."""

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
    """Returns the one client of all models.

    Otherwise each model would load botocore's data again.
    """
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
    """Does nothing for a write whose condition did not hold.

    Raises Busy when a transaction stood in the way, because that says nothing about the condition.
    Raises the error itself in any other case.
    """
    if error.cause_response_code == CONFLICT:
        raise Busy from error
    if error.cause_response_code != _REFUSED:
        raise error


def transact(build: Callable[[TransactWrite], None]) -> list[bool] | None:
    """Writes a transaction. Returns None when it is done, else which of its parts were refused.

    The parts are in this order: deletes, then saves, then updates. A conflict with another
    transaction says nothing about our conditions, so the transaction is tried again. Raises Busy
    when the conflict does not end.
    """
    for attempt in range(_CONFLICT_TRIES):
        # The token makes sure that a transaction is done once, even when botocore sends it again
        # after a lost answer.
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
