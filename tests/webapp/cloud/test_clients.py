"""All clients are made alike, on one session."""

from __future__ import annotations

from webapp.cloud.clients import Clients
from webapp.storage.transaction import shared_connection


def test_every_client_names_the_product_and_nothing_that_is_put_together_for_each_call(moto):
    for client in (Clients("us-east-1").iot_data, shared_connection().client):
        assert client.meta.config.user_agent == "serverlesspresso"
