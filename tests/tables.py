"""The product's tables in moto or, for the second judge, in DynamoDB Local."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from unittest import mock

from domain.instants import to_iso
from domain.orders import Order
from tests.builders import TOKEN
from tests.dynamodb_local import LocalTables, is_judge
from tests.staff_pool import (
    authenticators_stand_still,
    create_staff_pool,
    empty_staff_pool,
    put_into_staff_pool,
    staff_pool_content,
)

REGION = "us-east-1"


@contextmanager
def moto_tables(execute_state_machine: bool = False) -> Iterator[None]:
    """The product's tables in moto's DynamoDB; with moto's Step Functions interpreter if asked.

    When the second judge sits, the tables are in DynamoDB Local and all other services are moto's.
    """
    from moto import mock_aws

    from tests.aws import forget_connections
    from webapp.storage import tables

    prefix_before = tables.OrderModel.Meta.table_name.removesuffix("orders")
    tables.use_prefix(tables.DEFAULT_PREFIX)
    config = {"stepfunctions": {"execute_state_machine": execute_state_machine}}
    judge = LocalTables() if is_judge() else MotoTables()
    with mock.patch.dict(os.environ):
        # Another test's emulator must not be what answers here.
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ["AWS_DEFAULT_REGION"] = REGION
        os.environ["MOTO_COGNITO_IDP_USER_POOL_ENABLE_TOTP"] = "true"
        forget_connections()
        dynamodb.cache_clear()
        _judges.append(judge)
        try:
            with (
                mock_aws(config=config),
                mock.patch.dict(os.environ, judge.environment),
                judge.watched(),
                authenticators_stand_still(),
            ):
                _create_tables()
                create_staff_pool()
                yield
        finally:
            _judges.remove(judge)
            tables.use_prefix(prefix_before)
            forget_connections()
            dynamodb.cache_clear()


_judges: list[MotoTables | LocalTables] = []
"""Whose tables are in use: those of the innermost moto_tables."""


@cache
def dynamodb():
    """A client of the tables' DynamoDB, within moto_tables."""
    import boto3

    return boto3.client("dynamodb")


class MotoTables:
    """The product's tables in moto's DynamoDB, in this process."""

    environment: Mapping[str, str] = MappingProxyType({})

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Makes each request to moto's DynamoDB whole: by itself it lets another thread, such as
        an execution's, read an item half written or change it while it is being copied."""
        from moto.dynamodb.responses import DynamoHandler

        lock, answer = threading.RLock(), DynamoHandler._dispatch

        def whole(*arguments, **options):
            with lock:
                return answer(*arguments, **options)

        with mock.patch.object(DynamoHandler, "_dispatch", whole):
            yield

    def empty(self) -> None:
        for table in self._tables().values():
            table.items.clear()

    def content(self) -> dict:
        return {name: table.items for name, table in self._tables().items()}

    def put_back(self, content: dict) -> None:
        for name, table in self._tables().items():
            table.items = content[name]

    def items(self) -> dict[str, list[dict]]:
        return {
            name: [item.to_json()["Attributes"] for item in table.all_items()]
            for name, table in self._tables().items()
        }

    @staticmethod
    def _tables() -> dict:
        from moto.backends import get_backend
        from moto.core import DEFAULT_ACCOUNT_ID

        return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION].tables


def empty_tables() -> None:
    """Takes all items out of the tables, which is much quicker than making new ones."""
    _judges[-1].empty()
    empty_staff_pool()


@dataclass(frozen=True)
class Stored:
    """All that the tables and the staff's pool held at a moment; much quicker to put back than
    to bring about again."""

    _pickled: bytes

    @classmethod
    def now(cls) -> Stored:
        return cls(pickle.dumps((_judges[-1].content(), staff_pool_content())))

    def put_back(self) -> None:
        content, pool = pickle.loads(self._pickled)
        _judges[-1].put_back(content)
        put_into_staff_pool(pool)


def stored_items() -> dict[str, list[dict]]:
    """The items of each table, in DynamoDB's JSON, past the paths that a request takes."""
    return _judges[-1].items()


def _create_tables() -> None:
    from webapp.storage.tables import DEFAULT_PREFIX, table_definitions

    for definition in table_definitions():
        dynamodb().create_table(**_create_table_arguments(definition, DEFAULT_PREFIX))


def _create_table_arguments(definition: dict, prefix: str) -> dict:
    arguments = {
        "TableName": prefix + definition["name"],
        "AttributeDefinitions": definition["attributes"],
        "KeySchema": definition["keys"],
        "BillingMode": "PAY_PER_REQUEST",
    }
    for kind, indexes in (
        ("LocalSecondaryIndexes", definition["local_indexes"]),
        ("GlobalSecondaryIndexes", definition["global_indexes"]),
    ):
        if indexes:
            arguments[kind] = [
                {
                    "IndexName": index["index_name"],
                    "KeySchema": index["key_schema"],
                    "Projection": index["projection"],
                }
                for index in indexes
            ]
    return arguments


def workflow_writes(state_name: str, order: Order, at: datetime, token: str = TOKEN) -> None:
    """Sends the write of one state of the generated workflow, as its execution would.

    Raises what DynamoDB raises when the write's condition does not hold.
    """
    from webapp.storage.tables import DEFAULT_PREFIX
    from workflows.order_workflow import TableNames, order_definition
    from workflows.variants import TRANSACTION_WAITS_API

    tables = TableNames.with_prefix(DEFAULT_PREFIX)
    state = order_definition(tables, variant=TRANSACTION_WAITS_API)["States"][state_name]
    action = state["Resource"].split("dynamodb:")[1].removesuffix(".waitForTaskToken")
    known = {
        "$.shopId": order.shop_id,
        "$.orderId": order.id,
        "$.customerId": order.customer_id,
        "$.window": str(order.window),
        "States.Array($.orderId)": [order.id],
        "$$.Task.Token": token,
        "$$.State.EnteredTime": to_iso(at),
    }
    call = dynamodb().transact_write_items if "transact" in action else dynamodb().update_item
    call(**_filled_in(state["Parameters"], known))


def _filled_in(template, known: dict):
    if isinstance(template, list):
        return [_filled_in(part, known) for part in template]
    if isinstance(template, dict):
        return {
            name.removesuffix(".$"): known[part] if name.endswith(".$") else _filled_in(part, known)
            for name, part in template.items()
        }
    return template
