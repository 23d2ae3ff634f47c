"""One connection for all tables, and transactions over it."""

from __future__ import annotations

import secrets
from functools import cache

from pynamodb.connection import Connection
from pynamodb.transactions import TransactWrite

from webapp.storage.tables import MODELS

_MOST_CONNECTIONS = 50


@cache
def shared_connection() -> Connection:
    """The one client all models use; by itself each model would load botocore's data again."""
    shared = Connection(max_pool_connections=_MOST_CONNECTIONS)
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
