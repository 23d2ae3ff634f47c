"""Takes orders through the public address, on every path, for the checks to look at."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import urljoin

from domain.orders import BOARD_SECONDS
from scripts.verifying.browser import Browser
from scripts.verifying.listening import listen
from scripts.verifying.rehearsal import new_mark
from scripts.verifying.subject import Subject
from scripts.verifying.verdicts import NotChecked, Wrong

SHORT_SECONDS = 3
_HOURS = 6 * 3600
_DRINK = "latte"
_PLACES = 20
_NOBODYS_ORDER = {"SS": ["verify"]}
"""The order that holds the shop's only place, when the workflow must find the shop full."""
TOO_MANY = 429


class Scene:
    """Steps in a fixed order, each of which runs when a check first asks for its fact.

    When a step fails, the belief that asked for it is wrong. Later facts are then unknown.
    """

    def __init__(self, steps: Iterator[tuple[str, object]]):
        self._steps = steps
        self._facts: dict[str, object] = {}
        self._failure: Exception | None = None

    def fact(self, name: str):
        """Returns the result of a step, after running all steps up to it."""
        while name not in self._facts:
            if self._failure is not None:
                raise NotChecked(f"it did not get so far: {self._failure}")
            try:
                step, fact = next(self._steps)
            except Exception as failure:
                self._failure = failure
                raise
            self._facts[step] = fact
        return self._facts[name]


class Scenes:
    """The rehearsal shop of one run, with its people and its orders."""

    def __init__(self, subject: Subject):
        self.subject = subject
        self.mark = new_mark()
        self.began_at = datetime.now(UTC)
        self._made_once: dict[str, object] = {}
        self.made = Scene(self._made())
        self.by_customer = Scene(self._cancelled_by_customer())
        self.by_barista = Scene(self._cancelled_by_barista())
        self.closed = Scene(self._refused("SET is_open = :no", {":no": {"BOOL": False}}))
        self.full = Scene(
            self._refused(
                "SET places = :one ADD open_orders :ids",
                {":one": {"N": "1"}, ":ids": _NOBODYS_ORDER},
            )
        )
        self.forgotten_drink = Scene(self._left_on_the_board())

    def once(self, name: str, make: Callable[[], object]):
        """Returns the thing of this name, which is made when it is first asked for."""
        if name not in self._made_once:
            self._made_once[name] = make()
        return self._made_once[name]

    # The shop and its people

    @cached_property
    def shop(self) -> str:
        """The id of a rehearsal shop that only this run uses."""
        asked = {
            "shop": self.mark,
            "capacity": _PLACES,
            "scans_per_code": 100,
            "window_seconds": _HOURS,
            "code_seconds": _HOURS,
            "pass_seconds": 180,
        }
        answer = self.subject.ask("make-rehearsal", asked)
        if refused := answer.get("refused"):
            raise NotChecked(
                f"the deployed bar makes no rehearsal shop ({refused}) Bring it up to date:"
                f" scripts/zappa update {self.subject.bar.stage}"
            )
        return answer["shop"]

    def staff(self, role: str) -> Browser:
        """Returns a screen that is signed in by a link."""
        answer = self.subject.ask(
            "sign-in-link", {"shop": self.shop, "role": role, "name": "Verify"}
        )
        browser = self.browser()
        # Only the link's token is used, because another check looks at the address in the link.
        browser.open(f"/{self.shop}/sign-in/{answer['link'].rsplit('/', 1)[1]}")
        browser.press("form")
        if browser.answer.status_code != 200:
            raise Wrong(f"the sign-in link of a {role} answers {browser.answer.status_code}")
        return browser

    @cached_property
    def display(self) -> Browser:
        return self.staff("display")

    @cached_property
    def barista(self) -> Browser:
        return self.staff("barista")

    def browser(self) -> Browser:
        return Browser(self.subject.url)

    def code(self) -> str:
        """Returns the path in the QR code that the TV shows."""
        self.display.open(f"/{self.shop}/display")
        link = self.display.attribute("#code-panel a.when-open", "href")
        if not link:
            raise Wrong(f"the TV shows no code, but “{self.display.title}”")
        return "/" + link.split("/", 3)[3].partition(f"{self.shop}/")[2]

    # What a customer does

    def scan(self) -> Browser:
        """Returns a phone with the page that offers a place."""
        phone = self.browser()
        phone.open(f"/{self.shop}{self.code()}")
        if phone.answer.status_code == TOO_MANY:
            self._wait_for_next_minute()
            phone.open(f"/{self.shop}{self.code()}")
        if not phone.page.select_one("#get-my-place"):
            raise Wrong(f"a fresh code is answered with “{phone.title}”")
        return phone

    def claim(self, phone: Browser) -> str:
        """Takes the offered place; returns the order's id."""
        phone.press("form:has(#get-my-place)")
        if phone.answer.status_code == TOO_MANY:
            self._wait_for_next_minute()
            phone.open(f"/{self.shop}/scan")
            phone.press("form:has(#get-my-place)")
        if not phone.page.select_one("#order-panel"):
            raise Wrong(f"taking a place is answered with “{phone.title}”")
        return phone.answer.url.rstrip("/").rsplit("/", 1)[1]

    def state_on_page(self, phone: Browser, order: str) -> str:
        phone.open(f"/{self.shop}/orders/{order}")
        return phone.attribute("#order-panel", "data-state")

    def await_page(self, phone: Browser, order: str, *states: str) -> str:
        """Reads the order's page until it shows one of these states; returns the state."""
        return self.subject.wait(
            lambda: (state := self.state_on_page(phone, order)) in states and state,
            f"that the order's page says {' or '.join(states)}",
        )

    def _wait_for_next_minute(self) -> None:
        seconds = 61 - datetime.now(UTC).second
        self.subject.tell(f"the bar's own limits ask us to wait {seconds} s")
        time.sleep(seconds)

    # What is in the account

    def order(self, order: str) -> dict:
        """Returns the order's item from the table."""
        answer = self.subject.client("dynamodb").get_item(
            TableName=self.subject.table("orders"),
            Key={"shop_id": {"S": self.shop}, "order_id": {"S": order}},
            ConsistentRead=True,
        )
        return answer.get("Item", {})

    def await_order(self, order: str, *states: str) -> dict:
        """Reads the order until it is in one of these states; returns its item."""
        return self.subject.wait(
            lambda: (item := self.order(order)).get("state", {}).get("S") in states and item,
            f"that an order is {' or '.join(states)}",
        )

    def execution_arn(self, name: str) -> str:
        machine = self.subject.machine["stateMachineArn"]
        return machine.replace(":stateMachine:", ":execution:") + f":{name}"

    def await_execution(self, arn: str) -> str:
        """Waits until an execution ends; returns its status."""
        workflows = self.subject.client("stepfunctions")

        def ended() -> str:
            status = workflows.describe_execution(executionArn=arn)["status"]
            return "" if status == "RUNNING" else status

        return self.subject.wait(ended, "that an execution ends")

    def states_entered(self, arn: str) -> list[str]:
        """Returns the workflow states that an execution entered."""
        pages = self.subject.client("stepfunctions").get_paginator("get_execution_history")
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages.paginate(executionArn=arn)
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def journey(self, order: str) -> list[dict]:
        """Returns the stored items of an order's journey."""
        answer = self.subject.client("dynamodb").query(
            TableName=self.subject.table("journeys"),
            KeyConditionExpression="order_id = :order",
            ExpressionAttributeValues={":order": {"S": order}},
            ConsistentRead=True,
        )
        return answer["Items"]

    # The scenes

    def _made(self) -> Iterator[tuple[str, object]]:
        phone = self.scan()
        order = self.claim(phone)
        yield "order", order
        item = self.await_order(order, "ADMITTED", "REFUSED", "TIMED_OUT")
        if item["state"]["S"] != "ADMITTED":
            raise Wrong(f"the first order is {item['state']['S']}")
        yield "admitted", item
        try:
            heard = listen(phone, self._live_address(phone, order))
        except Exception as failure:
            heard = failure  # Only the belief about live connections is wrong then.
        yield "listening", heard
        self.await_page(phone, order, "ADMITTED")
        phone.press("#menu", drink=_DRINK)
        item = self.await_order(order, "QUEUED")
        yield "queued", item
        self.press(order, "make")
        yield "making", self.await_order(order, "MAKING")
        self.press(order, "complete")
        yield "completed", self.await_order(order, "COMPLETED")
        yield "page", self.await_page(phone, order, "COMPLETED")
        yield "execution", self.await_execution(self.execution_arn(order))
        self.press(order, "collected")
        yield "collected", self.await_order(order, "COLLECTED")
        yield "phone", phone

    def _live_address(self, phone: Browser, order: str) -> str:
        self.state_on_page(phone, order)
        address = phone.attribute("[sse-connect]", "sse-connect")
        if not address:
            raise Wrong("the order's page has no live address")
        return self.absolute(phone, address)

    @staticmethod
    def absolute(browser: Browser, address: str) -> str:
        return urljoin(browser.answer.url, address)

    def press(self, order: str, action: str) -> None:
        """Taps a button on an order's card as a barista does."""
        form = f'form[action$="/orders/{order}/{action}"]'

        def is_there() -> bool:
            self.barista.open(f"/{self.shop}/barista")
            return bool(self.barista.page.select_one(form))

        self.subject.wait(is_there, f"that the tablet offers “{action}”")
        self.barista.press(form)

    def walk_up(self) -> str:
        """Takes an order at the counter; returns its id once it is in the queue."""
        before = self._cards()
        self.barista.open(f"/{self.shop}/barista/walk-up")
        self.barista.press("#walk-up", drink=_DRINK)
        if self.barista.answer.status_code != 200:
            raise Wrong(f"an order at the counter is answered {self.barista.answer.status_code}")
        found = self.subject.wait(
            lambda: self._cards() - before, "that an order from the counter is in the queue"
        )
        return found.pop()

    def _cards(self) -> set[str]:
        self.barista.open(f"/{self.shop}/barista")
        return {card["data-card"] for card in self.barista.page.select("#waiting [data-card]")}

    def _cancelled_by_customer(self) -> Iterator[tuple[str, object]]:
        phone = self.scan()
        order = self.claim(phone)
        yield "order", order
        item = self.await_order(order, "ADMITTED")
        yield "token", item.get("task_token", {}).get("S", "")
        phone.open(f"/{self.shop}/orders/{order}")
        # Only the panel of an order in the queue has the button.
        phone.press("#menu", drink=_DRINK)
        yield "queued", self.await_order(order, "QUEUED")
        self.await_page(phone, order, "QUEUED")
        phone.press("form:has(#cancel-order)")
        yield "cancelled", self.await_order(order, "CANCELLED")
        yield "execution", self.await_execution(self.execution_arn(order))

    def _cancelled_by_barista(self) -> Iterator[tuple[str, object]]:
        order = self.walk_up()
        yield "order", order
        self.await_order(order, "QUEUED")
        self.barista.open(f"/{self.shop}/barista/orders/{order}/cancel")
        self.barista.press("#reasons", reason=self.barista.attribute("[name=reason]", "value"))
        yield "cancelled", self.await_order(order, "CANCELLED")
        yield "execution", self.await_execution(self.execution_arn(order))

    def _refused(self, change: str, values: dict) -> Iterator[tuple[str, object]]:
        """Closes or fills the shop after the page was loaded, so
        that the workflow refuses the order.
        """
        phone = self.scan()
        self._move_door(change, values)
        try:
            order = self.claim(phone)
            item = self.await_order(order, "REFUSED", "ADMITTED")
        finally:
            self._move_door(
                "SET is_open = :yes, places = :places DELETE open_orders :ids",
                {
                    ":yes": {"BOOL": True},
                    ":places": {"N": str(_PLACES)},
                    ":ids": _NOBODYS_ORDER,
                },
            )
        yield "order", order
        yield "item", item
        yield "execution", self.await_execution(self.execution_arn(order))
        yield "page", self.state_on_page(phone, order)

    def _move_door(self, change: str, values: dict) -> None:
        self.subject.client("dynamodb").update_item(
            TableName=self.subject.table("intakes"),
            Key={"shop_id": {"S": self.shop}},
            UpdateExpression=change,
            ExpressionAttributeValues=values,
        )

    def _left_on_the_board(self) -> Iterator[tuple[str, object]]:
        """Leaves a drink on the board for longer than allowed, so that the scheduled
        job clears it.
        """
        order = self.walk_up()
        self.press(order, "make")
        self.press(order, "complete")
        self.await_order(order, "COMPLETED")
        long_ago = datetime.now(UTC) - timedelta(seconds=BOARD_SECONDS + 60)
        self.subject.client("dynamodb").update_item(
            TableName=self.subject.table("orders"),
            Key={"shop_id": {"S": self.shop}, "order_id": {"S": order}},
            UpdateExpression="SET ended_at = :then",
            ExpressionAttributeValues={":then": {"S": f"{long_ago:%Y-%m-%dT%H:%M:%S}.000Z"}},
        )
        yield "order", order

    # Executions of our own

    def start_again(self, order: str, machine: str = "") -> str:
        """Starts an execution for an open order with a few seconds left; returns the ARN."""
        item = self.order(order)
        started = self.subject.client("stepfunctions").start_execution(
            stateMachineArn=machine or self.subject.machine["stateMachineArn"],
            name=f"{order}-verify",
            input=json.dumps(
                {
                    "shopId": self.shop,
                    "orderId": order,
                    "customerId": item["customer_id"]["S"],
                    "window": item["window_index"]["N"],
                    "secondsLeft": SHORT_SECONDS,
                    "conflicts": {"times": 0},
                }
            ),
        )
        return started["executionArn"]

    def admitted(self) -> str:
        """Returns the id of a new order that waits for its customer's choice."""
        order = self.claim(self.scan())
        self.await_order(order, "ADMITTED")
        return order

    def copy_of_workflow(self, change: Callable[[dict], dict]) -> str:
        """Makes a state machine with a changed copy of the deployed definition; returns the ARN."""
        machine = self.subject.machine
        made = self.subject.client("stepfunctions").create_state_machine(
            name=self.subject.prefix + self.mark,
            definition=json.dumps(change(self.subject.definition)),
            roleArn=machine["roleArn"],
            type="STANDARD",
        )
        return made["stateMachineArn"]
