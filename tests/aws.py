"""Services of this test process over a chosen AWS: moto, or a running emulator."""

from __future__ import annotations

from webapp.cloud import clients
from webapp.storage import transaction
from webapp.storage.tables import MODELS


def forget_connections() -> None:
    """Lets models and clients connect anew; they keep the first endpoint they meet."""
    for model in MODELS:
        model._connection = None
    transaction.shared_connection.cache_clear()
    clients.session.cache_clear()
    clients._client.cache_clear()
    clients._account.cache_clear()
