"""One connection for all tables, and transactions over it."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from functools import cache

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from domain.errors import Busy
from webapp.cloud import clients
from webapp.storage.tables import MODELS

_CONFLICT_TRIES = 6
_ANOTHER_TIME = {
    "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
}


class _SharedConnection(Connection):
    """PynamoDB's connection on the session of all other clients."""

    @property
    def session(self):
        return clients.session()

    @property
    def client(self):
        if self._client is None:
            with clients.making_clients:
                return super().client
        return super().client


@cache
def shared_connection() -> Connection:
    """The one client all models use; by itself each model would load botocore's data again."""
    shared = _SharedConnection(
        max_pool_connections=clients.MOST_CONNECTIONS,
        connect_timeout_seconds=clients.CONNECT_SECONDS,
        read_timeout_seconds=clients.READ_SECONDS,
    )
    for model in MODELS:
        table = model._get_connection()
        shared.add_meta_table(table.get_meta_table())
        table.connection = shared
    return shared


def transact_write(token: str | None = None) -> TransactWrite:
    """A write transaction; the token makes a retry after a lost answer harmless."""
    return TransactWrite(
        connection=shared_connection(), client_request_token=token or secrets.token_hex(16)
    )


def transact(build: Callable[[TransactWrite], None]) -> list[bool] | None:
    """Writes a transaction: None when it is done, else which of its parts were refused.

    A conflict with another transaction says nothing about our conditions, so that is tried again.
    Raises Busy when it does not end.
    """
    token = secrets.token_hex(16)
    for attempt in range(_CONFLICT_TRIES):
        try:
            with transact_write(token) as transaction:
                build(transaction)
            return None
        except TransactWriteError as error:
            reasons = [reason.code if reason else "None" for reason in error.cancellation_reasons]
            if "ConditionalCheckFailed" in reasons:
                return [code == "ConditionalCheckFailed" for code in reasons]
            if not reasons or set(reasons) - _ANOTHER_TIME:
                raise
            token = secrets.token_hex(16)
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
    raise Busy
