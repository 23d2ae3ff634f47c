"""All clients are made alike, on one session."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ReadTimeoutError

from scripts.environment import ROOT
from webapp.cloud.clients import Clients
from webapp.cloud.extension_kits import ExtensionTable
from webapp.cloud.texts import SnsTexts
from webapp.services.phone.ports import TextNotSent
from webapp.storage.transaction import shared_connection

SETTINGS = json.loads((ROOT / "zappa_settings.json").read_text())


def test_every_client_names_the_product_and_nothing_that_is_put_together_for_each_call(moto):
    for client in (Clients("us-east-1").iot_data, shared_connection().client):
        assert client.meta.config.user_agent == "serverlesspresso"


def test_a_call_that_hangs_is_made_again_while_the_function_still_lives(moto):
    ours = Clients("us-east-1")
    table = ExtensionTable(ours, "serverlesspresso-extension-probe")
    for client in (ours.iot_data, ours.sts, shared_connection().client, table._client):
        config = client.meta.config
        assert (
            2 * (config.connect_timeout + config.read_timeout) < SETTINGS["base"]["timeout_seconds"]
        )


def test_tables_that_hang_are_given_up_while_somebody_still_waits(moto):
    asked = []

    def hangs(**_):
        asked.append(1)
        raise ReadTimeoutError(endpoint_url="dynamodb")

    client = shared_connection().client
    client.meta.events.register_first("before-send.dynamodb.ListTables", hangs)
    try:
        with pytest.raises(ReadTimeoutError):
            client.list_tables()
    finally:
        client.meta.events.unregister("before-send.dynamodb.ListTables", hangs)
    assert len(asked) * client.meta.config.read_timeout <= 12


def test_a_text_whose_acceptance_comes_late_is_sent_once(moto):
    asked = []

    def hangs(**_):
        asked.append(1)
        raise ReadTimeoutError(endpoint_url="sns")

    clients = Clients("us-east-1")
    clients.sns.meta.events.register_first("before-send.sns.Publish", hangs)
    with pytest.raises(TextNotSent):
        SnsTexts(clients).send("+4915112345678", "123456 is your code")
    assert len(asked) == 1
