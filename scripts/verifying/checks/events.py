"""Checks of streams, bus and rules: announced, doubled, malformed and undeliverable events."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from domain.detail_types import SOURCE, DetailType
from scripts.commands import dead_letters
from scripts.verifying.listening import pause
from scripts.verifying.registry import checks
from scripts.verifying.scenes import Scenes
from scripts.verifying.subject import Subject
from scripts.verifying.verdicts import EmulatorDiffers, NotChecked, Wrong

_ANNOUNCED = (
    DetailType.WORKFLOW_STARTED,
    DetailType.WAITING_PRODUCTION,
    DetailType.MANAGER_WAITING_COMPLETION,
    DetailType.MAKE_ORDER,
    DetailType.ORDER_COMPLETED,
)
_LATER_VERSION = 99
_NOBODYS = "Verify.Nothing"
"""A detail-type that no rule of the bar matches."""
_RULE_SECONDS = 90
_MINUTE_AND_MORE = 80
_DEAD_LETTER_SECONDS = 420
_SET_ASIDE = dead_letters.WHY[dead_letters.UNREADABLE]
_LONGEST_RUN = timedelta(hours=1)


# What the account contains


@checks("mappings-enabled")
def mappings_enabled(scenes: Scenes) -> str:
    subject = scenes.subject
    wanted = subject.resources("AWS::Lambda::EventSourceMapping")
    there = subject.client("lambda").list_event_source_mappings(FunctionName=subject.bar.function)
    found = {one["EventSourceArn"].split("/")[1]: one for one in there["EventSourceMappings"]}
    for properties in wanted.values():
        table = subject.physical[properties["EventSourceArn"]["Fn::GetAtt"][0]]
        one = found.get(table)
        if one is None:
            raise Wrong(f"nothing reads the stream of {table}")
        if one["State"] not in ("Enabled", "Enabling", "Updating"):
            raise Wrong(f"what reads the stream of {table} is {one['State']}")
        for name in (
            "BatchSize",
            "MaximumRetryAttempts",
            "MaximumRecordAgeInSeconds",
            "BisectBatchOnFunctionError",
        ):
            if name in one and one[name] != properties[name]:
                raise Wrong(f"{name} of {table} is {one[name]}, not {properties[name]}")
        if (
            name_of(one.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", ""))
            != subject.table("dead-letters")
            and not subject.is_emulator
        ):
            raise Wrong(f"what fails of {table} is not kept")
    return f"{len(wanted)} streams are read, with retries, and a queue for what fails"


def name_of(arn: str) -> str:
    return arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


@checks("rules-enabled")
def rules_enabled(scenes: Scenes) -> str:
    wanted = _rules(scenes, "EventPattern")
    for name, properties in wanted.items():
        rule = _rule(scenes, name, scenes.subject.bus)
        if json.loads(rule.get("EventPattern", "{}")) != properties["EventPattern"]:
            raise Wrong(f"the rule {name} takes other events than this clone's")
        _check_target(scenes, name, properties, scenes.subject.bus)
    return f"{len(wanted)} rules are on, each with its pattern, the function and a queue"


@checks("clock-rule")
def clock_rule(scenes: Scenes) -> str:
    wanted = _rules(scenes, "ScheduleExpression")
    for name, properties in wanted.items():
        rule = _rule(scenes, name, "default")
        if rule.get("ScheduleExpression") != properties["ScheduleExpression"]:
            raise Wrong(f"the rule {name} is due {rule.get('ScheduleExpression')}")
        _check_target(scenes, name, properties, "default")
    return "the rule of every minute is on and leads to the function"


def _rules(scenes: Scenes, kind: str) -> dict[str, dict]:
    rules = scenes.subject.resources("AWS::Events::Rule").values()
    return {one["Name"]: one for one in rules if kind in one}


def _rule(scenes: Scenes, name: str, bus: str) -> dict:
    events = scenes.subject.client("events")
    try:
        rule = events.describe_rule(Name=name, EventBusName=bus)
    except events.exceptions.ResourceNotFoundException:
        raise Wrong(f"there is no rule {name}") from None
    if rule["State"] != "ENABLED":
        raise Wrong(f"the rule {name} is {rule['State']}")
    return rule


def _check_target(scenes: Scenes, name: str, properties: dict, bus: str) -> None:
    targets = scenes.subject.client("events").list_targets_by_rule(Rule=name, EventBusName=bus)
    [wanted] = properties["Targets"]
    ours = [one for one in targets["Targets"] if name_of(one["Arn"]) == scenes.subject.bar.function]
    if not ours or len(ours) != len(targets["Targets"]):
        raise Wrong(f"the rule {name} has {len(targets['Targets'])} targets, not only ours")
    for part in ("InputTransformer", "Input", "RetryPolicy"):
        if part in wanted and ours[0].get(part) != wanted[part]:
            raise Wrong(f"{part} of the rule {name} is not this clone's")
    kept = name_of(ours[0].get("DeadLetterConfig", {}).get("Arn", ""))
    if kept != scenes.subject.table("dead-letters"):
        raise Wrong(f"what the rule {name} cannot deliver is not kept")


@checks("failed-calls-kept")
def failed_calls_kept(scenes: Scenes) -> str:
    lambdas = scenes.subject.client("lambda")
    try:
        found = lambdas.get_function_event_invoke_config(FunctionName=scenes.subject.bar.function)
    except lambdas.exceptions.ResourceNotFoundException:
        if scenes.subject.is_emulator:
            raise EmulatorDiffers("it keeps no EventInvokeConfig that a stack makes") from None
        raise Wrong("calls that fail are not kept: there is no EventInvokeConfig") from None
    target = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    if name_of(target) != scenes.subject.table("dead-letters"):
        raise Wrong("calls that fail go elsewhere")
    return f"a call that fails is made {found['MaximumRetryAttempts']} times more, then kept"


@checks("dead-letters-queue")
def dead_letters_queue(scenes: Scenes) -> str:
    attributes = scenes.subject.client("sqs").get_queue_attributes(
        QueueUrl=scenes.subject.dead_letters_url, AttributeNames=["All"]
    )["Attributes"]
    if attributes["MessageRetentionPeriod"] != str(14 * 24 * 3600):
        raise Wrong(f"dead letters are kept for {attributes['MessageRetentionPeriod']} s")
    statements = json.loads(attributes.get("Policy") or '{"Statement": []}')["Statement"]
    if len(statements) != 1:
        raise Wrong(f"the queue's policy has {len(statements)} statements, not one")
    [one], condition = statements, {"ArnLike": {"aws:SourceArn": _any_rule(scenes.subject)}}
    is_ours = (
        one["Effect"] == "Allow"
        and one["Principal"] == {"Service": "events.amazonaws.com"}
        and one["Action"] in ("sqs:SendMessage", ["sqs:SendMessage"])
        and one.get("Condition") == condition
    )
    if not is_ours:
        raise Wrong("others than this account's rules may put dead letters into the queue")
    return "of AWS's services only this account's rules may fill it, and it keeps for 14 days"


def _any_rule(subject: Subject) -> str:
    partition = subject.machine["stateMachineArn"].split(":")[1]
    return f"arn:{partition}:events:{subject.bar.region}:{subject.account}:rule/*"


# What happens


def _listener(scenes: Scenes) -> str:
    """Makes a rule and a queue that receive all events of the
    rehearsal shop; returns the queue's URL.
    """
    subject, name = scenes.subject, scenes.subject.prefix + scenes.mark
    queues, events = subject.client("sqs"), subject.client("events")
    url = queues.create_queue(QueueName=name)["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    rule = events.put_rule(
        Name=name,
        EventBusName=subject.bus,
        State="ENABLED",
        EventPattern=json.dumps({"source": [SOURCE], "detail": {"eventId": [scenes.shop]}}),
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn["QueueArn"],
                "Condition": {"ArnEquals": {"aws:SourceArn": rule["RuleArn"]}},
            }
        ],
    }
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    events.put_targets(
        Rule=name, EventBusName=subject.bus, Targets=[{"Id": "verify", "Arn": arn["QueueArn"]}]
    )
    # On AWS it may take a while before a new rule matches anything.
    subject.wait(
        lambda: _hears(scenes, url), "that a rule of our own hears of an event", _RULE_SECONDS
    )
    return url


def _hears(scenes: Scenes, url: str) -> bool:
    _put(scenes, [_entry(scenes, _NOBODYS, {"eventId": scenes.shop})])
    pause(scenes.subject.settle / 4)
    return bool(
        scenes.subject.client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=1)
        .get("Messages")
    )


def _entry(scenes: Scenes, detail_type: str, detail: dict) -> dict:
    return {
        "EventBusName": scenes.subject.bus,
        "Source": SOURCE,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
    }


def _told(scenes: Scenes) -> list[dict]:
    """Returns all envelopes that were announced so far."""
    told = scenes.once("told", list)
    queues, url = scenes.subject.client("sqs"), scenes.once("listener", lambda: _listener(scenes))
    while messages := queues.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
    ).get("Messages", []):
        for message in messages:
            told.append(json.loads(message["Body"]))
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return told


@checks("announced-in-order")
def announced_in_order(scenes: Scenes) -> str:
    order, kinds = _heard_order(scenes), [name.value for name in _ANNOUNCED]

    def of_order() -> list[dict]:
        return [one for one in _told(scenes) if one["detail"].get("orderId") == order]

    def missing() -> list[str]:
        there = {one["detail-type"] for one in of_order()}
        return [name for name in kinds if name not in there]

    with contextlib.suppress(Wrong):
        scenes.subject.wait(lambda: not missing(), "that all is announced")
    if lost := missing():
        raise Wrong(f"that these are announced did not happen: {', '.join(lost)}")
    # A queue keeps no order, but each event has the time at which the bus took it.
    first = {
        name: min(one["time"] for one in of_order() if one["detail-type"] == name) for name in kinds
    }
    if list(first.values()) != sorted(first.values()):
        raise Wrong(f"announced out of order: {', '.join(sorted(first, key=first.get))}")
    counts = Counter(one["detail-type"] for one in of_order())
    doubled = sum(count - 1 for count in counts.values())
    return f"{len(counts)} kinds of events in order, {doubled} of them delivered twice"


def _heard_order(scenes: Scenes) -> str:
    """Returns the id of an order that was made while we listened."""

    def make() -> str:
        scenes.once("listener", lambda: _listener(scenes))
        order = scenes.walk_up()
        scenes.press(order, "make")
        scenes.press(order, "complete")
        scenes.await_order(order, "COMPLETED")
        return order

    return scenes.once("heard order", make)


@checks("journey-stored")
def journey_stored(scenes: Scenes) -> str:
    order = scenes.made.fact("order")
    scenes.made.fact("collected")
    stored = scenes.subject.wait(
        lambda: (rows := scenes.journey(order)) and "AllEventsStored" in json.dumps(rows) and rows,
        "that an order's journey is complete",
    )
    return f"the stream told all: {len(stored)} rows of the journey, complete"


@checks("twice-is-once")
def twice_is_once(scenes: Scenes) -> str:
    order = _heard_order(scenes)
    envelopes = scenes.subject.wait(
        lambda: [one for one in _told(scenes) if one["detail"].get("orderId") == order],
        "that an order is announced",
    )
    pause(scenes.subject.settle)
    before = scenes.order(order), len(scenes.journey(order)), _figures(scenes)
    entries = [_entry(scenes, one["detail-type"], one["detail"]) for one in envelopes[:5]]
    for _ in range(2):
        _put(scenes, entries)
    pause(scenes.subject.settle)
    after = scenes.order(order), len(scenes.journey(order)), _figures(scenes)
    if after != before:
        parts = ("the order", "the journey", "the figures")
        changed = [what for what, old, new in zip(parts, before, after, strict=True) if old != new]
        raise Wrong(f"events delivered twice changed {' and '.join(changed)}")
    return f"{len(entries)} events were delivered twice more; nothing changed"


def _figures(scenes: Scenes) -> list[dict]:
    answer = scenes.subject.client("dynamodb").query(
        TableName=scenes.subject.table("metrics"),
        KeyConditionExpression="shop_id = :shop",
        ExpressionAttributeValues={":shop": {"S": scenes.shop}},
        ConsistentRead=True,
    )
    return [
        {name: sorted(value.get("SS", [])) or value for name, value in item.items()}
        for item in answer["Items"]
    ]


def _put(scenes: Scenes, entries: list[dict]) -> None:
    answer = scenes.subject.client("events").put_events(Entries=entries)
    if answer["FailedEntryCount"]:
        codes = {one.get("ErrorCode") for one in answer["Entries"]} - {None}
        raise NotChecked(f"the bus did not take our events: {', '.join(codes)}")


@checks("malformed-is-harmless")
def malformed_is_harmless(scenes: Scenes) -> str:
    others = [one for one in _after_malformed(scenes) if not one.why.startswith(_SET_ASIDE)]
    if others:
        raise Wrong(f"the function failed on a malformed event: {others[0].why}")
    if (answer := scenes.browser().open("/healthz")).status_code != 200:
        raise Wrong(f"after malformed events /healthz answers {answer.status_code}")
    return "malformed events were no failures; the alarm unknown-events may ring"


@checks("unreadable-kept")
def unreadable_kept(scenes: Scenes) -> str:
    kept = {one.about for one in _after_malformed(scenes) if one.why.startswith(_SET_ASIDE)}
    if lost := {name.value for name, _ in _malformed(scenes)} - kept:
        raise Wrong(f"the function kept no dead letter of a malformed {', '.join(sorted(lost))}")
    return f"the function itself put {len(kept)} malformed events among the dead letters"


def _malformed(scenes: Scenes) -> list[tuple[DetailType, dict]]:
    return [
        (DetailType.ORDER_COMPLETED, {"eventId": scenes.shop}),
        (DetailType.NEW_ORDER, {"eventId": scenes.shop, "orderId": 7, "version": "x"}),
        (
            DetailType.MANAGER_WAITING_COMPLETION,
            {"eventId": scenes.shop, "raw_command": "raise SystemExit", "command": "os.abort"},
        ),
    ]


def _after_malformed(scenes: Scenes) -> list[dead_letters.DeadLetter]:
    """Returns the dead letters of malformed events, which it removes from the queue."""
    return scenes.once("malformed", lambda: _send_malformed(scenes))


def _send_malformed(scenes: Scenes) -> list[dead_letters.DeadLetter]:
    sent = [*_malformed(scenes), (_NOBODYS, {"eventId": scenes.shop})]
    _put(scenes, [_entry(scenes, str(name), detail) for name, detail in sent])
    queue, found = dead_letters.DeadLetterQueue(scenes.subject.bar), {}

    def all_are_there() -> bool:
        found.update((one.id, one) for one in queue.read() if one.shop == scenes.shop)
        return {one.about for one in found.values()} >= {str(name) for name, _ in sent[:-1]}

    try:
        with contextlib.suppress(Wrong):
            scenes.subject.wait(all_are_there, "that malformed events are kept")
        for letter in found.values():
            queue.delete(letter)
    finally:
        queue.give_back()
    return list(found.values())


@checks("dead-letter-redriven")
def dead_letter_redriven(scenes: Scenes) -> str:
    _redriven_letter(scenes)
    rows = scenes.subject.wait(
        lambda: [one for one in scenes.journey(scenes.made.fact("order")) if _redriven(one)],
        "that a redriven event is in the journey",
    )
    return f"the function did the work of a dead letter; {len(rows)} row of the journey"


@checks("dead-letter-dated")
def dead_letter_dated(scenes: Scenes) -> str:
    kept_at = _redriven_letter(scenes).kept_at
    apart = abs(kept_at - datetime.now(UTC))
    if apart > _LONGEST_RUN:
        raise Wrong(f"a dead letter of this run is dated {apart} from now")
    return "a dead letter that was read says when it was kept"


def _redriven_letter(scenes: Scenes) -> dead_letters.DeadLetter:
    """Returns a dead letter in Lambda's form that we wrote and delivered again."""
    return scenes.once("dead letter", lambda: _redrive(scenes))


def _redrive(scenes: Scenes) -> dead_letters.DeadLetter:
    order = scenes.made.fact("order")
    scenes.made.fact("collected")
    payload = {
        "command": "webapp.consumers.registry.dispatch",
        "consumer": "recorded",
        "event": {
            "detail-type": DetailType.ORDER_COLLECTED.value,
            "source": SOURCE,
            "time": scenes.began_at.isoformat(timespec="seconds"),
            "detail": {
                "eventId": scenes.shop,
                "orderId": order,
                "userId": "verify",
                "version": _LATER_VERSION,
                "Message": "scripts/verify",
            },
        },
    }
    scenes.subject.client("sqs").send_message(
        QueueUrl=scenes.subject.dead_letters_url,
        MessageBody=json.dumps(
            {
                "version": "1.0",
                "requestContext": {"condition": "RetriesExhausted"},
                "requestPayload": payload,
                "responsePayload": {"errorMessage": "scripts/verify"},
            }
        ),
    )
    queue = dead_letters.DeadLetterQueue(scenes.subject.bar)
    try:
        ours = scenes.subject.wait(
            lambda: [one for one in queue.read() if one.order == order],
            "that a dead letter can be read",
        )
        for letter in ours:
            try:
                dead_letters.deliver(scenes.subject.bar, letter)
            except dead_letters.CannotRedrive as refused:
                raise Wrong(f"a dead letter cannot be delivered again: {refused}") from None
            finally:
                queue.delete(letter)
    finally:
        queue.give_back()
    return ours[0]


def _redriven(row: dict) -> bool:
    return row["event_key"]["S"].startswith(f"{_LATER_VERSION:06d}#")


@checks("failed-call-becomes-dead-letter")
def failed_call_becomes_dead_letter(scenes: Scenes) -> str:
    if not scenes.subject.is_patient:
        raise NotChecked("it takes four minutes; --patient waits for it")
    scenes.subject.client("lambda").invoke(
        FunctionName=scenes.subject.bar.function,
        InvocationType="Event",
        Payload=json.dumps(
            {"consumer": f"of-{scenes.mark}", "event": {"detail": {"eventId": scenes.shop}}}
        ),
    )
    queue = dead_letters.DeadLetterQueue(scenes.subject.bar)
    try:
        ours = scenes.subject.wait(
            lambda: [one for one in queue.read() if scenes.mark in one.consumer],
            "that a call which fails becomes a dead letter",
            _DEAD_LETTER_SECONDS,
        )
        for letter in ours:
            queue.delete(letter)
    finally:
        queue.give_back()
    return f"after its tries it was kept: {ours[0].why}"


@checks("clock-fires")
def clock_fires(scenes: Scenes) -> str:
    order = scenes.forgotten_drink.fact("order")
    scenes.subject.tell("waiting for the clock's next minute")
    scenes.subject.wait(
        lambda: scenes.order(order)["state"]["S"] == "COLLECTED",
        "that the clock clears a drink from the board",
        _MINUTE_AND_MORE,
    )
    return "the next minute's sweep cleared a drink that nobody had collected"
