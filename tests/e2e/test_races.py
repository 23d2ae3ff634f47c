"""Several processes want the same thing at once: as much is given as there is, and no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import boto3
import pytest

from scripts.environment import ROOT
from tests.e2e.race import LIMIT, SCANS, SHOP

PROCESSES, THREADS = 4, 6
EVERYBODY = PROCESSES * THREADS


@pytest.fixture(scope="module")
def environment(stack) -> dict[str, str]:
    made = subprocess.run(
        [sys.executable, "-m", "tests.e2e.race", "shop"],
        cwd=ROOT,
        env=os.environ | stack.environment,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    return os.environ | stack.environment


def race(environment: dict[str, str], job: str) -> Counter[str]:
    """What came of it for each thread of each process."""
    command = [sys.executable, "-m", "tests.e2e.race", job]
    processes = [
        subprocess.Popen(
            [*command, str(number), str(THREADS)],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    return Counter(
        outcome for process in processes for outcome in json.loads(process.communicate()[0])
    )


def test_a_limit_gives_what_it_has_and_no_more(environment):
    assert race(environment, "limit") == {
        "taken": LIMIT.most,
        "TooManyRequests": EVERYBODY - LIMIT.most,
    }


def test_one_pass_makes_one_order_whoever_uses_it_at_once(environment, stack):
    outcomes = race(environment, "one pass")
    orders = {outcome for outcome in outcomes if len(outcome) == 32}
    assert len(orders) == 1
    assert set(outcomes) - orders <= {"HasOpenOrder", "PassMissing", "Busy"}
    assert _orders(stack, customer="one customer") == orders


def test_a_codes_scans_are_given_to_so_many_customers_and_the_others_lose_nothing(
    environment, stack
):
    taken_before = _taken(stack)
    outcomes = race(environment, "claims")
    orders = {outcome for outcome in outcomes if len(outcome) == 32}
    assert len(orders) == SCANS - taken_before
    assert set(outcomes) - orders <= {"CodeUsedUp", "Busy"}
    assert _taken(stack) == SCANS
    assert len(_orders(stack)) == SCANS


def _orders(stack, customer: str = "") -> set[str]:
    pages = (
        _tables(stack)
        .get_paginator("query")
        .paginate(
            TableName="serverlesspresso-orders",
            KeyConditionExpression="shop_id = :shop",
            ExpressionAttributeValues={":shop": {"S": SHOP}},
        )
    )
    return {
        item["order_id"]["S"]
        for page in pages
        for item in page["Items"]
        if customer in ("", item["customer_id"]["S"])
    }


def _taken(stack) -> int:
    [item] = _tables(stack).query(
        TableName="serverlesspresso-qr-codes",
        KeyConditionExpression="shop_id = :shop",
        ExpressionAttributeValues={":shop": {"S": SHOP}},
    )["Items"]
    return int(item["taken"]["N"])


def _tables(stack):
    return boto3.client(
        "dynamodb",
        endpoint_url=stack.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=stack.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=stack.environment["AWS_SECRET_ACCESS_KEY"],
    )
