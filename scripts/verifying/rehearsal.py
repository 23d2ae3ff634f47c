"""Finds and removes everything that a verification makes in the account.

Everything has a mark in its name: the word verify, the time, and four letters. So a later run finds
what an earlier run could not remove, and nothing else is ever touched.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from scripts.commands.dead_letters import DeadLetterQueue
from scripts.machine import StackError
from scripts.verifying.subject import Subject
from workflows.names import staff_parameter_name

MARK = re.compile(r"verify-\d{12}-[0-9a-f]{4}")
MAIL_DOMAIN = "example.com"
_SETTLE_SECONDS = 2
_BY_SHOP = (
    ("orders", "order_id"),
    ("customers", "customer_id"),
    ("qr-codes", "window_index"),
    ("counters", "calendar_day"),
    ("logos", "logo_name"),
    ("metrics", "item_key"),
    ("intakes", ""),
    ("shops", ""),
)
"""Tables whose partition key is the shop, with their sort key; the shop itself is deleted last."""
_WITH_SHOP = (
    ("sessions", "session_id", "shop_id"),
    ("sign-ins", "sign_in_id", "shop_id"),
    ("customer-sessions", "session_id", "pass_shop"),
    ("phone-sign-ins", "session_id", "shop_id"),
    ("devices", "token_hash", "shop_id"),
)
"""Tables with another key, and the attribute that names the shop."""


def new_mark() -> str:
    """Returns a mark that no earlier run has used."""
    return f"verify-{datetime.now(UTC):%y%m%d%H%M%S}-{secrets.token_hex(2)}"


class Traces:
    """Finds and removes everything that has a mark: of this run, or of all earlier runs."""

    def __init__(self, subject: Subject):
        self._subject = subject
        self.left: list[str] = []

    def find(self) -> set[str]:
        """Returns the marks that the account contains."""
        found: set[str] = set()
        for look in (self._shops, self._machines, self._queues, self._rules, self._accounts):
            # Without the right to look, we cannot have made anything of this kind.
            with contextlib.suppress(ClientError):
                found |= set(look())
        return found

    def remove(self, mark: str) -> None:
        """Removes everything that has this mark; what could not be removed is added to `left`."""
        if not MARK.fullmatch(mark):
            raise ValueError(f"{mark} is not the mark of a verification")
        for what, remove in (
            ("the rule that listens", self._remove_rule),
            ("the queue that listens", self._remove_queue),
            ("the account on the staff's pool", self._remove_account),
            ("the copy of the workflow", self._remove_machine),
            ("a dead letter", self._remove_dead_letters),
            ("the rehearsal shop", self._remove_shop),
        ):
            try:
                remove(mark)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                self.left.append(f"{what} {mark} ({error.operation_name}: {code})")

    # The shop

    def _shops(self) -> Iterator[str]:
        for item in self._scan("shops", "shop_id"):
            shop = item["shop_id"]["S"]
            if MARK.fullmatch(shop):
                yield shop

    def _remove_shop(self, shop: str) -> None:
        orders = [item["order_id"]["S"] for item in self._query("orders", shop, "order_id")]
        for order in orders:
            self._stop_executions(order)
        if orders:
            # Otherwise, events that are already on their way could write deleted rows again.
            time.sleep(_SETTLE_SECONDS)
        for order in orders:
            self._delete_all("journeys", order, "event_key", "order_id")
        for table, sort_key in _BY_SHOP:
            self._delete_all(table, shop, sort_key)
        database = self._subject.client("dynamodb")
        for table, key_name, named in _WITH_SHOP:
            for item in self._scan(table, key_name, named):
                if item.get(named, {}).get("S") == shop:
                    database.delete_item(
                        TableName=self._subject.table(table), Key={key_name: item[key_name]}
                    )

    def _delete_all(self, table: str, value: str, sort_key: str, key: str = "shop_id") -> None:
        for item in self._query(table, value, sort_key, key):
            self._subject.client("dynamodb").delete_item(
                TableName=self._subject.table(table),
                Key={name: item[name] for name in filter(None, (key, sort_key))},
            )

    def _stop_executions(self, order: str) -> None:
        workflows = self._subject.client("stepfunctions")
        try:
            arn = self._subject.machine["stateMachineArn"].replace(":stateMachine:", ":execution:")
        except workflows.exceptions.StateMachineDoesNotExist:
            return  # The executions were deleted with the state machine.
        # AWS accepts a stop of an execution that has ended; the emulator answers with an error.
        over = ("ExecutionDoesNotExist", "ValidationException")
        for attempt in ("", *(f"-{number}" for number in range(2, 6)), "-verify"):
            try:
                workflows.stop_execution(
                    executionArn=f"{arn}:{order}{attempt}", cause="scripts/verify is tidying up"
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in over:
                    raise

    def _query(self, table: str, value: str, sort_key: str, key: str = "shop_id") -> Iterator[dict]:
        pages = (
            self._subject.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._subject.table(table),
                ConsistentRead=True,
                KeyConditionExpression="#key = :value",
                ProjectionExpression="#key, #sort" if sort_key else "#key",
                ExpressionAttributeNames={"#key": key} | ({"#sort": sort_key} if sort_key else {}),
                ExpressionAttributeValues={":value": {"S": value}},
            )
        )
        for page in pages:
            yield from page["Items"]

    def _scan(self, table: str, *names: str) -> Iterator[dict]:
        placed = {f"#n{place}": name for place, name in enumerate(names)}
        pages = (
            self._subject.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self._subject.table(table),
                ProjectionExpression=", ".join(placed),
                ExpressionAttributeNames=placed,
            )
        )
        for page in pages:
            yield from page["Items"]

    # What is outside the shop's tables

    def _machines(self) -> Iterator[str]:
        pages = self._subject.client("stepfunctions").get_paginator("list_state_machines")
        yield from self._marks(
            one["name"] for page in pages.paginate() for one in page["stateMachines"]
        )

    def _remove_machine(self, mark: str) -> None:
        workflows = self._subject.client("stepfunctions")
        wanted = self._subject.prefix + mark
        for page in workflows.get_paginator("list_state_machines").paginate():
            for one in page["stateMachines"]:
                if one["name"] == wanted:
                    workflows.delete_state_machine(stateMachineArn=one["stateMachineArn"])

    def _queues(self) -> Iterator[str]:
        found = self._subject.client("sqs").list_queues(
            QueueNamePrefix=f"{self._subject.prefix}verify-"
        )
        yield from self._marks(url.rsplit("/", 1)[1] for url in found.get("QueueUrls", ()))

    def _remove_queue(self, mark: str) -> None:
        queues = self._subject.client("sqs")
        found = queues.list_queues(QueueNamePrefix=self._subject.prefix + mark)
        for url in found.get("QueueUrls", ()):
            queues.delete_queue(QueueUrl=url)

    def _remove_dead_letters(self, mark: str) -> None:
        try:
            queue = DeadLetterQueue(self._subject.bar)
        except StackError:
            return  # The letters were deleted with the queue.
        try:
            for letter in queue.read():
                if mark in (letter.shop, letter.consumer.removeprefix("of-")):
                    queue.delete(letter)
        finally:
            queue.give_back()

    def _rules(self) -> Iterator[str]:
        found = self._subject.client("events").list_rules(
            NamePrefix=f"{self._subject.prefix}verify-", EventBusName=self._subject.bus
        )
        yield from self._marks(one["Name"] for one in found["Rules"])

    def _remove_rule(self, mark: str) -> None:
        events = self._subject.client("events")
        where = {"Rule": self._subject.prefix + mark, "EventBusName": self._subject.bus}
        try:
            targets = events.list_targets_by_rule(**where)["Targets"]
            if targets:
                events.remove_targets(**where, Ids=[one["Id"] for one in targets])
            events.delete_rule(Name=where["Rule"], EventBusName=where["EventBusName"])
        except events.exceptions.ResourceNotFoundException:
            return

    def _accounts(self) -> Iterator[str]:
        for user in self._users("verify-"):
            mail = _mail_of(user)
            if mail.endswith(f"@{MAIL_DOMAIN}") and MARK.fullmatch(mail.partition("@")[0]):
                yield mail.partition("@")[0]

    def _remove_account(self, mark: str) -> None:
        pool = self._pool()
        for user in self._users(mark):
            self._subject.client("cognito-idp").admin_delete_user(
                UserPoolId=pool, Username=user["Username"]
            )
        self._subject.client("dynamodb").delete_item(
            TableName=self._subject.table("badges"),
            Key={"email": {"S": f"{mark}@{MAIL_DOMAIN}"}},
        )

    def _users(self, beginning: str) -> Iterator[dict]:
        pages = (
            self._subject.client("cognito-idp")
            .get_paginator("list_users")
            .paginate(UserPoolId=self._pool(), Filter=f'email ^= "{beginning}"')
        )
        for page in pages:
            yield from page["Users"]

    def _pool(self) -> str:
        name = staff_parameter_name(self._subject.prefix)
        found = self._subject.client("ssm").get_parameter(Name=name)
        return found["Parameter"]["Value"].split(",")[0]

    def _marks(self, names: Iterator[str]) -> Iterator[str]:
        for name in names:
            mark = name.removeprefix(self._subject.prefix)
            if name != mark and MARK.fullmatch(mark):
                yield mark


def _mail_of(user: dict) -> str:
    return next((one["Value"] for one in user["Attributes"] if one["Name"] == "email"), "")


def tidy_up(subject: Subject, marks: Callable[[], set[str]] | None = None) -> list[str]:
    """Removes all marked things; returns the names of those that stayed."""
    traces = Traces(subject)
    for mark in sorted(traces.find() if marks is None else marks()):
        traces.remove(mark)
    return traces.left
