"""Lists unfinished orders that should have moved on: with their execution, and what to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from scripts import options
from scripts.aws.advice import or_exit
from scripts.bar import Bar, chosen_bar


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/stuck", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every unfinished order")
    options.add_bar(parser)
    chosen = parser.parse_args()
    with or_exit():
        return run(chosen_bar(chosen), chosen.all, datetime.now(UTC))


def run(where: Bar, every: bool, now: datetime) -> int:
    """Prints the orders; returns 1 when one of them is stuck."""
    from webapp.services.orders.stuck import is_stuck, overdue_by

    found = 0
    for order in unfinished(where):
        stuck = is_stuck(order, now)
        if not (stuck or every):
            continue
        found += stuck
        execution = execution_status(where, order)
        print(f"{order.shop_id}  {order.id}  {order.state.value}")
        print(f"  number     {order.number or '-'}, open for {_words(now - order.created_at)}")
        print(f"  overdue    {_words(overdue_by(order, now)) if stuck else 'no'}")
        print(f"  execution  {order.execution_name}: {execution}")
        if stuck:
            print(f"  do         {advice(execution)}")
    if not found:
        print("No order is stuck.")
    return 1 if found else 0


def unfinished(where: Bar) -> Iterator:
    """Yields the open orders of all shops that are not made yet."""
    from domain.orders import OPEN_FOR_CUSTOMER
    from webapp.storage.orders.order_items import order_from_stream_image

    database = where.client("dynamodb")
    for page in database.get_paginator("scan").paginate(
        TableName=where.prefix + "shops", ProjectionExpression="shop_id"
    ):
        for shop in page["Items"]:
            for orders in database.get_paginator("query").paginate(
                TableName=where.prefix + "orders",
                IndexName="open-orders",
                ConsistentRead=True,
                KeyConditionExpression="shop_id = :shop",
                ExpressionAttributeValues={":shop": shop["shop_id"]},
            ):
                for item in orders["Items"]:
                    order = order_from_stream_image(item)
                    if order.state in OPEN_FOR_CUSTOMER:
                        yield order


def execution_status(where: Bar, order) -> str:
    """Returns the status from Step Functions, or “missing” when there is no such execution."""
    workflows = where.client("stepfunctions")
    account = where.client("sts").get_caller_identity()["Account"]
    machine = f"{where.prefix}order-workflow"
    try:
        return workflows.describe_execution(
            executionArn=f"arn:aws:states:{where.region}:{account}:execution:{machine}"
            f":{order.execution_name}"
        )["status"]
    except workflows.exceptions.ExecutionDoesNotExist:
        return "missing"


def advice(execution: str) -> str:
    """Returns the runbook's advice for an execution with this status."""
    if execution == "RUNNING":
        return "its execution waits although the order has moved: redrive its dead letters"
    return "the sweep starts it again each minute: the log says why not, under the order's id"


def _words(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes} min {seconds} s"


if __name__ == "__main__":
    sys.exit(main())
