"""Extensions on the running bar, with rights enforced: what reaches them, what they may write."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts import bar as bars
from scripts.commands.dead_letters import run
from scripts.environment import ROOT
from tests.aws import forget_connections
from tests.builders import a_shop
from tests.patience import wait_for
from tests.services import scan_and_claim
from webapp.bootstrap import build_services
from webapp.cloud.clients import Clients
from webapp.cloud.extension_kits import ExtensionTable
from webapp.services.orders.walk_ups import place_walk_up
from webapp.services.staff.devices import create_device
from webapp.services.staff.ports import StaffSession
from webapp.settings import Settings

NAME = "serverlesspresso-extension-webhook"
LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def as_function(quick_stack, monkeypatch):
    """This process with the function's keys, as an extension's code runs with."""
    for name, value in quick_stack.function_environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    yield build_services(Settings.from_environment())
    forget_connections()


# Rights


@pytest.fixture
def own_client(as_function):
    """The client that an extension's table writes with."""
    return ExtensionTable(Clients("us-east-1"), NAME)._make_client()


def test_an_extension_reads_and_writes_its_own_table(as_function):
    table, key = ExtensionTable(Clients("us-east-1"), NAME), uuid4().hex
    assert table.add("probe", key, {"cups": 1}, LATER)
    assert not table.add("probe", key, {"cups": 2}, LATER)
    assert table.get("probe", key) == {"cups": 1}
    assert table.list("probe", after=key[:-1]) == [(key, {"cups": 1})]
    table.delete("probe", key)
    assert table.get("probe", key) is None


_ORDER = {"shop_id": {"S": "main"}, "order_id": {"S": "forged"}}


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("put_item", {"TableName": "serverlesspresso-orders", "Item": _ORDER}),
        (
            "update_item",
            {
                "TableName": "serverlesspresso-orders",
                "Key": _ORDER,
                "UpdateExpression": "SET cups = :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            },
        ),
        ("delete_item", {"TableName": "serverlesspresso-orders", "Key": _ORDER}),
        ("get_item", {"TableName": "serverlesspresso-orders", "Key": _ORDER}),
        ("put_item", {"TableName": "serverlesspresso-shops", "Item": {"id": {"S": "main"}}}),
        (
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": "serverlesspresso-orders", "Item": _ORDER}}]},
        ),
        ("scan", {"TableName": NAME}),
        ("delete_table", {"TableName": NAME}),
    ],
)
def test_it_writes_no_table_of_the_core_and_does_nothing_else_with_its_own(
    own_client, operation, arguments
):
    with pytest.raises(ClientError) as refused:
        getattr(own_client, operation)(**arguments)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_the_functions_own_keys_do_not_open_its_table(as_function):
    client = botocore.session.Session().create_client(
        "dynamodb", config=Config(retries={"total_max_attempts": 1})
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        client.get_item(TableName=NAME, Key={"part": {"S": "a"}, "item_key": {"S": "b"}})


# Webhook


@pytest.fixture
def services(quick_stack, monkeypatch):
    """The bar as its team reaches it, with a shop for these tests."""
    for name, value in quick_stack.environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    services = build_services(Settings.from_environment())
    services.shops.create(replace(a_shop(id="hooked"), capacity=100, scans_per_code=100))
    yield services
    forget_connections()


@pytest.fixture
def hooked(services):
    """Begins an order of the shop whose events the till is told of."""
    return lambda: scan_and_claim(services, services.shop("hooked"), uuid4().hex)


def test_each_event_of_an_order_is_delivered_signed_as_the_guide_verifies_it(hooked, till):
    order = hooked()
    wait_for(lambda: len(till.about(order.id)) >= 2)
    arrived = till.about(order.id)
    assert {one.envelope["detail-type"] for one in arrived} >= {
        "Validator.NewOrder",
        "OrderProcessor.WorkflowStarted",
    }
    assert all(one.is_genuine for one in arrived)
    assert len({one.id for one in arrived}) == len(arrived)


def test_after_a_500_it_is_delivered_again_under_the_same_id(hooked, till, monkeypatch):
    monkeypatch.setattr(till, "failures", 1)
    order = hooked()
    done = wait_for(lambda: [one for one in till.about(order.id) if one.status == 200])
    tries = [one for one in till.about(order.id) if one.id == done[0].id]
    assert [one.status for one in tries] == [500, 200]
    assert all(one.is_genuine for one in tries)


def test_what_is_refused_three_times_waits_with_the_dead_letters_and_can_be_sent_again(
    hooked, till, quick_stack, monkeypatch, capsys
):
    monkeypatch.setattr(till, "failures", 3)
    here = bars.local(quick_stack.environment)
    order = hooked()
    [letter, *_] = wait_for(lambda: _letters(here, order.id, capsys))
    assert letter["consumer"] == "extension-webhook" and letter["shop"] == "hooked"
    refused = [
        one for one in till.about(order.id) if one.envelope["detail-type"] == letter["about"]
    ]
    assert [one.status for one in refused] == [500, 500, 500]

    assert _command(here, "redrive", letter["id"]) == 0
    [*_, taken] = till.about(order.id)
    assert taken.id == refused[0].id and taken.is_genuine and taken.status == 200
    assert letter["id"] not in [one["id"] for one in _letters(here, order.id, capsys)]


# Labels


def test_a_ticket_comes_out_of_the_printer_with_the_name_and_once(services, quick_stack, tmp_path):
    admin = StaffSession("", "hooked", "admin", "Admin")
    token, _ = create_device(services, admin, "Printer", ["printouts:print"])
    (tmp_path / "token").write_text(token)
    # What CUPS would have been handed.
    lp = tmp_path / "lp"
    lp.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncat >> {tmp_path}/$(date +%s%N).pdf\n'
    )
    lp.chmod(0o755)
    order = place_walk_up(services, replace(admin, role="barista"), uuid4().hex, "latte", {}, "Ana")

    def printed() -> str:
        command = [
            sys.executable,
            ROOT / "scripts" / "print-labels",
            f"{quick_stack.base_url}/hooked",
            "--token-file",
            tmp_path / "token",
            "--printer",
            "LABELS",
            "--once",
        ]
        path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NO_PROXY": "*"}
        done = subprocess.run(command, env=os.environ | path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert f"printed {order.number} Latte" in wait_for(printed)
    assert printed() == ""
    [pdf] = tmp_path.glob("*.pdf")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "asked").read_text() == "-s -d LABELS\n"


def _letters(here: bars.Bar, order_id: str, capsys) -> list[dict]:
    capsys.readouterr()
    _command(here, "list")
    return [one for one in json.loads(capsys.readouterr().out) if one["order"] == order_id]


def _command(here: bars.Bar, command: str, *ids: str) -> int:
    return run(argparse.Namespace(command=command, ids=list(ids), all=False, json=True), here)
