"""The order workflow, generated from the domain's moves and deadlines.

An execution keeps the two human deadlines of one order. Its states are DynamoDB writes that wait
for a task token, so that order state, place and task token are written together: a finished order
takes only two workflow states. Each refusal is a conditional write that proves its own reason. An
execution that is started again for an open order fails AdmitOrder, finds the order's state and
waits there.

The attribute names are those of webapp/storage/tables.py; the integration tests read what the
workflow wrote through those models.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from domain.orders import (
    CHOOSE_SECONDS,
    MAKE_SECONDS,
    ON_THE_BOARD,
    ORDER_CLOSED,
    WAITS,
    Action,
    OrderState,
    RefusalReason,
    TimeOutCause,
    sources_of,
    targets_of,
)
from workflows.asl import (
    CONDITION_FAILED,
    TIMEOUT,
    TRANSACTION_CANCELED,
    callback_task_state,
    choice_state,
    pass_state,
    state_machine,
    succeed_state,
    task_state,
    wait_state,
)
from workflows.variants import TRANSACTION_WAITS, Variant, in_pascal_case

MOST_CONFLICTS = 20
"""How often an admission that neither succeeded nor was to be refused is tried again, each time
after a second. Then the execution ends and the sweep starts a new one, because AWS would end an
execution that grows too long.
"""

DEFINITION_FILE = Path(__file__).with_name("order_workflow.asl.json")


@dataclass(frozen=True)
class TableNames:
    """The tables that the workflow writes."""

    orders: str
    customers: str
    intakes: str
    qr_codes: str

    @classmethod
    def with_prefix(cls, prefix: str) -> TableNames:
        """Returns the names under a deployment's prefix, such as "serverlesspresso-"."""
        return cls(*(prefix + name for name in ("orders", "customers", "intakes", "qr-codes")))


def order_definition(
    tables: TableNames,
    choose_seconds: int = CHOOSE_SECONDS,
    make_seconds: int = MAKE_SECONDS,
    variant: Variant = TRANSACTION_WAITS,
) -> dict:
    """Returns the definition as plain data.

    choose_seconds and make_seconds: the customer's and the barista's deadline, in seconds.
    variant: the form of the definition; the default is the first choice for AWS.
    """
    writes = _Writes(tables)
    again = [(ORDER_CLOSED, "Finished"), (CONDITION_FAILED, "ReadOrder")]
    admitted = {
        "choose_seconds = :choose_seconds": {":choose_seconds": {"N": str(choose_seconds)}},
        "admitted_at = :now": {},
    }
    queued = {
        "make_seconds = :make_seconds": {":make_seconds": {"N": str(make_seconds)}},
        "queued_at = :now": {},
    }
    states = {
        "AdmitOrder": callback_task_state(
            "dynamodb:transactWriteItems",
            {
                "TransactItems": [
                    {"Update": writes.reserve_place()},
                    {"Update": writes.move(Action.ADMIT, admitted, with_token=True)},
                ]
            },
            timeout_seconds=choose_seconds,
            next_state="AwaitBarista",
            catch=[
                (ORDER_CLOSED, "Finished"),
                (TIMEOUT, "CloseUnchosen"),
                (TRANSACTION_CANCELED, "RefuseClosed"),
            ],
            comment="Takes a place if the shop is open and has one; waits for the choice.",
        ),
        "AwaitBarista": callback_task_state(
            "dynamodb:updateItem",
            writes.move(Action.QUEUE, queued, with_token=True),
            timeout_seconds=make_seconds,
            next_state=None,
            catch=[*again, (TIMEOUT, "CloseUnmade")],
            comment="Puts the order in the queue; waits until a barista has made the drink.",
        ),
        "RefuseClosed": task_state(
            "dynamodb:transactWriteItems",
            {"TransactItems": writes.refuse(RefusalReason.CLOSED)},
            next_state="Finished",
            catch=[(TRANSACTION_CANCELED, "RefuseFull")],
            comment="The shop was closed: says so and gives the scan back.",
        ),
        "RefuseFull": task_state(
            "dynamodb:transactWriteItems",
            {"TransactItems": writes.refuse(RefusalReason.FULL)},
            next_state="Finished",
            catch=[(TRANSACTION_CANCELED, "ReadOrder")],
            comment="The shop was full: says so and gives the scan back.",
        ),
        "CloseUnchosen": task_state(
            "dynamodb:transactWriteItems",
            {"TransactItems": writes.time_out(TimeOutCause.CUSTOMER)},
            next_state="Finished",
            catch=[(TRANSACTION_CANCELED, "ReadOrder")],
            comment="Nobody chose in time: closes the order and frees its place.",
        ),
        "CloseUnmade": task_state(
            "dynamodb:transactWriteItems",
            {"TransactItems": writes.time_out(TimeOutCause.BARISTA)},
            next_state="Finished",
            catch=[(TRANSACTION_CANCELED, "ReadOrder")],
            comment="Nobody made the drink in time: closes the order and frees its place.",
        ),
        "ReadOrder": task_state(
            "dynamodb:getItem",
            {
                "TableName": tables.orders,
                "Key": writes.order_key,
                "ConsistentRead": True,
                "ProjectionExpression": "#state",
                "ExpressionAttributeNames": {"#state": "state"},
            },
            result_path="$.found",
            next_state="FindPlace",
            comment="The write was refused: somebody else moved the order, or we were restarted.",
        ),
        "FindPlace": choice_state(
            "$.found.Item.state.S",
            _places(),
            default="Finished",
            limits=dict.fromkeys(sources_of(Action.ADMIT), ("$.conflicts.times", MOST_CONFLICTS)),
        ),
        "CountConflict": pass_state(
            {"times.$": "States.MathAdd($.conflicts.times, 1)"},
            result_path="$.conflicts",
            next_state="PauseForConflict",
            comment="Neither admitted nor refused: other orders were at the door at that moment.",
        ),
        "PauseForConflict": wait_state(1, "AdmitOrder"),
        "AwaitChoiceAgain": callback_task_state(
            "dynamodb:updateItem",
            writes.new_token(TimeOutCause.CUSTOMER),
            timeout_seconds="$.secondsLeft",
            next_state="AwaitBarista",
            catch=[*again, (TIMEOUT, "CloseUnchosen")],
            comment="A restarted execution waits for the choice with the time that was left.",
        ),
        "AwaitBaristaAgain": callback_task_state(
            "dynamodb:updateItem",
            writes.new_token(TimeOutCause.BARISTA),
            timeout_seconds="$.secondsLeft",
            next_state=None,
            catch=[*again, (TIMEOUT, "CloseUnmade")],
            comment="A restarted execution waits for the barista with the time that was left.",
        ),
        "Finished": succeed_state(),
    }
    if variant.single_item_callbacks:
        states = _with_single_item_callbacks(states, choose_seconds)
    if not variant.api_spelling:
        states = {name: _in_pascal_case(state) for name, state in states.items()}
    return state_machine(
        "AdmitOrder", states, "One order, from scan to cup. Generated: scripts/generate_workflow"
    )


def definition_text(definition: dict) -> str:
    """Returns the definition as it is committed."""
    return json.dumps(definition, indent=2) + "\n"


_AWAITS_AGAIN = {
    TimeOutCause.CUSTOMER: "AwaitChoiceAgain",
    TimeOutCause.BARISTA: "AwaitBaristaAgain",
}


def _places() -> dict[str, str]:
    """Returns the workflow state where an execution continues, by the order state that it finds."""
    places = dict.fromkeys(sources_of(Action.ADMIT), "CountConflict")
    places |= dict.fromkeys(sources_of(Action.QUEUE), "AwaitBarista")
    places |= {state: _AWAITS_AGAIN[whose] for state, whose in WAITS.items()}
    return {state: places[state] for state in OrderState if state in places}


def _waits_of(whose: TimeOutCause) -> list[OrderState]:
    return [state for state in WAITS if WAITS[state] is whose]


def _in_pascal_case(state: dict) -> dict:
    if state["Type"] != "Task":
        return state
    return state | {"Parameters": in_pascal_case(state["Parameters"])}


def _with_single_item_callbacks(states: dict, choose_seconds: int) -> dict:
    admit = dict(states["AdmitOrder"])
    admit["Resource"] = admit["Resource"].removesuffix(".waitForTaskToken")
    del admit["TimeoutSeconds"]
    admit["Catch"] = [row for row in admit["Catch"] if row["ErrorEquals"] == [TRANSACTION_CANCELED]]
    update = admit["Parameters"]["TransactItems"][1]["Update"]
    update["UpdateExpression"] = update["UpdateExpression"].replace(
        ", task_token = :task_token", ""
    )
    del update["ExpressionAttributeValues"][":task_token"]
    await_choice = dict(states["AwaitChoiceAgain"])
    del await_choice["TimeoutSecondsPath"]
    await_choice["TimeoutSeconds"] = choose_seconds
    await_choice["Comment"] = "Waits for the choice."
    return states | {"AdmitOrder": admit | {"Next": "AwaitChoice"}, "AwaitChoice": await_choice}


class _Writes:
    """Builds the workflow's DynamoDB requests, as parameters of its Task states."""

    def __init__(self, tables: TableNames):
        self.tables = tables
        self.order_key = {"shop_id": {"S.$": "$.shopId"}, "order_id": {"S.$": "$.orderId"}}
        self._intake_key = {"shop_id": {"S.$": "$.shopId"}}

    def reserve_place(self) -> dict:
        return {
            "TableName": self.tables.intakes,
            "Key": self._intake_key,
            "UpdateExpression": "ADD open_orders :orders",
            "ConditionExpression": "is_open = :true AND "
            "(attribute_not_exists(open_orders) OR size(open_orders) < places)",
            "ExpressionAttributeValues": {":true": {"BOOL": True}, ":orders": _order_id_set()},
        }

    def move(
        self,
        action: Action,
        assignments: dict[str, dict],
        with_token: bool = False,
        sources: Iterable[OrderState] = (),
    ) -> dict:
        """Returns the update for a move, on the condition that the
        order is in one of the move's sources.
        """
        (target,) = targets_of(action)
        values = {
            ":target": {"S": target},
            ":one": {"N": "1"},
            ":now": {"S.$": "$$.State.EnteredTime"},
        }
        sets = ["#state = :target", "version = version + :one", *assignments]
        for more in assignments.values():
            values |= more
        if with_token:
            sets.append("task_token = :task_token")
            values[":task_token"] = {"S.$": "$$.Task.Token"}
        expression = "SET " + ", ".join(sets)
        if target not in ON_THE_BOARD:
            expression += " REMOVE open_since"
        return self._order_update(expression, values, sources or sources_of(action))

    def new_token(self, whose: TimeOutCause) -> dict:
        values = {":task_token": {"S.$": "$$.Task.Token"}}
        return self._order_update("SET task_token = :task_token", values, _waits_of(whose))

    def refuse(self, reason: RefusalReason) -> list[dict]:
        proof, values = {
            RefusalReason.CLOSED: ("is_open = :false", {":false": {"BOOL": False}}),
            RefusalReason.FULL: (
                "is_open = :true AND size(open_orders) >= places",
                {":true": {"BOOL": True}},
            ),
        }[reason]
        return [
            {
                "ConditionCheck": {
                    "TableName": self.tables.intakes,
                    "Key": self._intake_key,
                    "ConditionExpression": proof,
                    "ExpressionAttributeValues": values,
                }
            },
            {"Update": self._close(Action.REFUSE, reason.value)},
            {
                "Update": {
                    "TableName": self.tables.qr_codes,
                    "Key": {"shop_id": {"S.$": "$.shopId"}, "window_index": {"N.$": "$.window"}},
                    "UpdateExpression": "ADD taken :minus_one",
                    "ExpressionAttributeValues": {":minus_one": {"N": "-1"}},
                }
            },
            {
                "Update": self._free_customer(
                    " ADD orders_of_day :minus_one",
                    {
                        ":minus_one": {"N": "-1"},
                    },
                )
            },
        ]

    def time_out(self, cause: TimeOutCause) -> list[dict]:
        return [
            {"Update": self._close(Action.TIME_OUT, cause.value, _waits_of(cause))},
            {
                "Update": {
                    "TableName": self.tables.intakes,
                    "Key": self._intake_key,
                    "UpdateExpression": "DELETE open_orders :orders",
                    "ExpressionAttributeValues": {":orders": _order_id_set()},
                }
            },
            {"Update": self._free_customer()},
        ]

    def _close(self, action: Action, reason: str, sources: Iterable[OrderState] = ()) -> dict:
        assignments = {"ended_at = :now": {}, "reason = :reason": {":reason": {"S": reason}}}
        return self.move(action, assignments, sources=sources)

    def _free_customer(self, more: str = "", values: dict | None = None) -> dict:
        return {
            "TableName": self.tables.customers,
            "Key": {"shop_id": {"S.$": "$.shopId"}, "customer_id": {"S.$": "$.customerId"}},
            "UpdateExpression": f"DELETE open_orders :orders{more}",
            "ExpressionAttributeValues": {":orders": _order_id_set(), **(values or {})},
        }

    def _order_update(self, expression: str, values: dict, sources: Iterable[OrderState]) -> dict:
        by_name = {f":from{place}": {"S": state} for place, state in enumerate(sources)}
        return {
            "TableName": self.tables.orders,
            "Key": self.order_key,
            "UpdateExpression": expression,
            "ConditionExpression": f"#state IN ({', '.join(by_name)})",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": values | by_name,
        }


def _order_id_set() -> dict:
    return {"SS.$": "States.Array($.orderId)"}
