"""Starts, resumes and ends the executions of the order workflow."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from domain.orders import ORDER_CLOSED, Order
from webapp.cloud.clients import Clients
from webapp.services.orders.ports import Executions

_TOKEN_IS_CLOSED = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
"""The error codes that mean a closed task token: AWS answers TaskTimedOut, the emulator
TaskDoesNotExist. No other error means that."""


class StepFunctionsExecutions(Executions):
    """See the port."""

    def __init__(self, clients: Clients, prefix: str):
        self._clients = clients
        self._prefix = prefix
        self._arn = ""

    def start(self, order: Order, seconds_left: int) -> None:
        try:
            self._clients.step_functions.start_execution(
                stateMachineArn=self._state_machine_arn(),
                name=order.execution_name,
                input=json.dumps(
                    {
                        "shopId": order.shop_id,
                        "orderId": order.id,
                        "customerId": order.customer_id,
                        "window": str(order.window),
                        "secondsLeft": seconds_left,
                        "conflicts": {"times": 0},
                    }
                ),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def is_running(self, order: Order) -> bool:
        arn = self._state_machine_arn().replace(":stateMachine:", ":execution:")
        try:
            answer = self._clients.step_functions.describe_execution(
                executionArn=f"{arn}:{order.execution_name}"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return False
        return answer["status"] == "RUNNING"

    def resume(self, task_token: str) -> None:
        self._answer("send_task_success", taskToken=task_token, output="{}")

    def close(self, task_token: str, cause: str) -> None:
        self._answer("send_task_failure", taskToken=task_token, error=ORDER_CLOSED, cause=cause)

    def _answer(self, operation: str, **arguments: str) -> None:
        try:
            getattr(self._clients.step_functions, operation)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TOKEN_IS_CLOSED:
                raise

    def _state_machine_arn(self) -> str:
        if not self._arn:
            where = f"{self._clients.region}:{self._clients.account}"
            self._arn = f"arn:aws:states:{where}:stateMachine:{self._prefix}order-workflow"
        return self._arn
