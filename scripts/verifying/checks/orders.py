"""Checks of orders on every path, in the workflow, the tables and the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from botocore.exceptions import ClientError

from scripts.verifying.registry import checks
from scripts.verifying.scenes import SHORT_SECONDS, Scenes
from scripts.verifying.verdicts import EmulatorDiffers, Wrong

_CLOSED = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
_MOST_APART = timedelta(seconds=5)


@checks("admitted-with-token")
def admitted_with_token(scenes: Scenes) -> str:
    item = scenes.made.fact("admitted")
    if not item.get("task_token", {}).get("S"):
        raise Wrong("the order was admitted without a task token")
    if int(item.get("attempt", {"N": "1"})["N"]) > 1:
        raise Wrong("an order is ADMITTED by the sweep only: its first execution never began")
    if scenes.made.fact("order") not in _holders(scenes):
        raise Wrong("the order was admitted without a place")
    return "state, place and task token were there together"


def _holders(scenes: Scenes) -> list[str]:
    answer = scenes.subject.client("dynamodb").get_item(
        TableName=scenes.subject.table("intakes"),
        Key={"shop_id": {"S": scenes.shop}},
        ConsistentRead=True,
    )
    return answer["Item"].get("open_orders", {}).get("SS", [])


@checks("entered-time")
def entered_time(scenes: Scenes) -> str:
    text = scenes.made.fact("admitted")["admitted_at"]["S"]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(f"$$.State.EnteredTime is “{text}”") from None
    client = scenes.subject.client("stepfunctions")
    events = client.get_execution_history(
        executionArn=scenes.execution_arn(scenes.made.fact("order"))
    )["events"]
    entered = next(one["timestamp"] for one in events if "stateEnteredEventDetails" in one)
    if abs(at - entered) > _MOST_APART:
        raise Wrong(f"$$.State.EnteredTime is {abs(at - entered)} from the history's moment")
    return f"$$.State.EnteredTime is written like {len(text)} letters of ISO 8601, and is right"


@checks("queued-with-token")
def queued_with_token(scenes: Scenes) -> str:
    item = scenes.made.fact("queued")
    token = item.get("task_token", {}).get("S")
    if not token or token == scenes.made.fact("admitted")["task_token"]["S"]:
        raise Wrong("the order waits in the queue without a task token of its own")
    return "the answer to the first token led to the queue and a second one"


@checks("order-made")
def order_made(scenes: Scenes) -> str:
    scenes.made.fact("collected")
    status = scenes.made.fact("execution")
    if status != "SUCCEEDED":
        raise Wrong(f"the execution of a finished order is {status}")
    return "from scan to cup and away, its execution SUCCEEDED"


@checks("two-states")
def two_states(scenes: Scenes) -> str:
    scenes.made.fact("execution")
    entered = scenes.states_entered(scenes.execution_arn(scenes.made.fact("order")))
    usual = [["AdmitOrder", "AwaitBarista"], ["AdmitOrder", "AwaitChoice", "AwaitBarista"]]
    if entered not in usual:
        raise Wrong(f"a finished order entered {', '.join(entered) or 'no state'}")
    return f"a finished order entered {len(entered)} states: {', '.join(entered)}"


@checks("cancelled-by-customer")
def cancelled_by_customer(scenes: Scenes) -> str:
    return _cancelled(scenes, scenes.by_customer)


@checks("cancelled-by-barista")
def cancelled_by_barista(scenes: Scenes) -> str:
    return _cancelled(scenes, scenes.by_barista)


def _cancelled(scenes: Scenes, scene) -> str:
    scene.fact("cancelled")
    status = scene.fact("execution")
    if status != "SUCCEEDED":
        raise Wrong(f"the execution of a cancelled order is {status}")
    if scene.fact("order") in _holders(scenes):
        raise Wrong("a cancelled order still holds its place")
    return "SendTaskFailure was caught: place free, execution SUCCEEDED"


@checks("refused-closed")
def refused_closed(scenes: Scenes) -> str:
    return _refused(scenes.closed, "closed")


@checks("refused-full")
def refused_full(scenes: Scenes) -> str:
    return _refused(scenes.full, "full")


def _refused(scene, reason: str) -> str:
    item = scene.fact("item")
    if item["state"]["S"] != "REFUSED" or item.get("reason", {}).get("S") != reason:
        raise Wrong(f"the order is {item['state']['S']}, {item.get('reason', {}).get('S')}")
    status = scene.fact("execution")
    if status != "SUCCEEDED":
        raise Wrong(f"the execution of a refused order is {status}")
    if scene.fact("page") != "REFUSED":
        raise Wrong(f"the page of a refused order says {scene.fact('page')}")
    return f"DynamoDb.TransactionCanceledException was caught; the reason is “{reason}”"


# Deadlines


@checks("deadline-by-path")
def deadline_by_path(scenes: Scenes) -> str:
    order = scenes.admitted()
    execution = scenes.start_again(order)
    try:
        return _timed_out(scenes, order, execution, "AwaitChoiceAgain", "Customer timedout")
    except Wrong:
        if scenes.subject.is_emulator and "AwaitChoiceAgain" in scenes.states_entered(execution):
            raise EmulatorDiffers("it does not read TimeoutSecondsPath") from None
        raise


@checks("deadline-of-customer")
def deadline_of_customer(scenes: Scenes) -> str:
    order = scenes.admitted()
    execution = scenes.start_again(order, _copy(scenes))
    return _timed_out(scenes, order, execution, "AwaitChoiceAgain", "Customer timedout")


@checks("deadline-of-barista")
def deadline_of_barista(scenes: Scenes) -> str:
    order = scenes.walk_up()
    execution = scenes.start_again(order, _copy(scenes))
    return _timed_out(scenes, order, execution, "AwaitBaristaAgain", "Barista timedout")


def _copy(scenes: Scenes) -> str:
    """Returns a copy of the workflow with short deadlines, used only for executions of our own."""
    return scenes.once("copy", lambda: scenes.copy_of_workflow(_with_short_deadlines))


def _with_short_deadlines(definition: dict) -> dict:
    states = {}
    for name, state in definition["States"].items():
        timed = {"TimeoutSeconds", "TimeoutSecondsPath"} & state.keys()
        kept = {key: value for key, value in state.items() if key not in timed}
        states[name] = kept | ({"TimeoutSeconds": SHORT_SECONDS} if timed else {})
        if name in ("AwaitChoiceAgain", "AwaitBaristaAgain"):
            # The order keeps the task token of its own execution. The function must not answer
            # another state machine, and a token that it cannot answer would block the stream.
            parameters = dict(state["Parameters"])
            parameters["UpdateExpression"] = parameters["UpdateExpression"].replace(
                "task_token =", "verify_token ="
            )
            states[name]["Parameters"] = parameters
    return definition | {"States": states}


def _timed_out(scenes: Scenes, order: str, execution: str, waited_in: str, cause: str) -> str:
    item = scenes.subject.wait(
        lambda: (found := scenes.order(order)).get("state", {}).get("S") == "TIMED_OUT" and found,
        f"that an order with {SHORT_SECONDS} seconds left is TIMED_OUT",
        SHORT_SECONDS + scenes.subject.patience / 8,
    )
    if item["reason"]["S"] != cause:
        raise Wrong(f"the order was timed out because of “{item['reason']['S']}”")
    entered = scenes.states_entered(execution)
    if waited_in not in entered:
        raise Wrong(f"the order was closed, but not by its deadline: {', '.join(entered)}")
    if (status := scenes.await_execution(execution)) != "SUCCEEDED":
        raise Wrong(f"the execution whose deadline passed is {status}")
    if order in _holders(scenes):
        raise Wrong("an order whose deadline passed still holds its place")
    return f"States.Timeout was caught in {waited_in}; the order is TIMED_OUT and its place free"


# Tokens and names


@checks("stale-token")
def stale_token(scenes: Scenes) -> str:
    token = scenes.made.fact("admitted")["task_token"]["S"]
    scenes.made.fact("execution")
    before = scenes.order(scenes.made.fact("order"))
    client, answers = scenes.subject.client("stepfunctions"), []
    for send, what in (
        (client.send_task_success, {"output": "{}"}),
        (client.send_task_failure, {"error": "OrderClosed", "cause": "scripts/verify"}),
    ):
        try:
            send(taskToken=token, **what)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _CLOSED:
                raise
            answers.append(code)
        else:
            answers.append("accepted")
    if scenes.order(scenes.made.fact("order")) != before:
        raise Wrong("a token that was used up moved the order")
    if "accepted" in answers:
        raise Wrong("a token that was used up was accepted")
    return f"a token that was used up is answered {' and '.join(sorted(set(answers)))}"


@checks("starts-once")
def starts_once(scenes: Scenes) -> str:
    scenes.made.fact("execution")
    try:
        scenes.subject.client("stepfunctions").start_execution(
            stateMachineArn=scenes.subject.machine["stateMachineArn"],
            name=scenes.made.fact("order"),
            input="{}",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
        return "the name of an execution that has ended is answered ExecutionAlreadyExists"
    raise Wrong("an execution's name was taken twice")
