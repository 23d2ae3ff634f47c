"""Transactions over one shared connection."""

from __future__ import annotations

import secrets
from functools import cache

from pynamodb.connection import Connection
from pynamodb.transactions import TransactWrite


@cache
def _connection() -> Connection:
    return Connection()


def transact_write(token: str | None = None) -> TransactWrite:
    """A write transaction; the token makes a retry after a lost answer harmless."""
    return TransactWrite(
        connection=_connection(), client_request_token=token or secrets.token_hex(16)
    )
