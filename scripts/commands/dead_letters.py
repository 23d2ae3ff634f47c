"""Reads what could not be delivered, and delivers it again.

Redriving is harmless: it goes through the function's own entry, and every consumer looks at the
order as it is now. A dead letter is deleted only when the function has done its work.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts import options
from scripts.aws.advice import or_exit
from scripts.bar import Bar, chosen_bar
from scripts.machine import StackError
from webapp.cloud.dead_letters import UNREADABLE

SECONDS_IN_HAND = 300
"""For how many seconds a dead letter in work is hidden from others."""

JOBS = {
    "announce": "announce changes, write the journey and tell the workflow",
    "events": "start the order's workflow, update the screens, count it for the figures",
    "recorded": "write an event that was recorded elsewhere to its journey",
    "every-minute": "the minute's repair; the next one has done it",
}
WHY = {
    "NO_PERMISSIONS": "the rule may not call the function; deploy again",
    "RESOURCE_NOT_FOUND": "the rule's function does not exist; deploy again",
    "THROTTLING": "the function was called too often for its concurrency",
    "TIMEOUT": "the function did not answer in time",
    "RetriesExhausted": "the function failed every time",
    "RetryAttemptsExhausted": "the function failed every time",
    UNREADABLE: "this version cannot read it; update, then redrive",
    "EventAgeExceeded": "it waited too long for the function",
    "MaxRecordAgeExceeded": "it waited too long for the function",
}


class CannotRedrive(Exception):
    """The text is one line that says why the dead letter stays."""


@dataclass(frozen=True)
class DeadLetter:
    """One message of the queue, parsed.

    payload: what the function should have been called with; None when only pointers into a stream
        are left (batch), or when the message is not from this bar.
    """

    id: str
    receipt: str
    kept_at: datetime
    consumer: str
    about: str
    why: str
    shop: str = ""
    order: str = ""
    payload: Mapping | None = None
    batch: Mapping | None = None


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/dead-letters", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    helps = {
        "list": "one line for each",
        "show": "all about some, with what the function would be called with",
        "redrive": "call the function again; delete what it then managed",
        "drop": "delete without another try",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text)
        options.add_bar(command)
        if name == "list":
            command.add_argument("--json", action="store_true", help="print one JSON array")
        else:
            command.add_argument("ids", nargs="*", metavar="ID", help="as list shows them")
            command.add_argument("--all", action="store_true", help="all of them")
    chosen = parser.parse_args()
    if chosen.command != "list" and bool(chosen.ids) == chosen.all:
        parser.error("name some by their ID, or all of them with --all")
    with or_exit():
        return run(chosen, chosen_bar(chosen))


def run(chosen: argparse.Namespace, where: Bar) -> int:
    """Carries out the command; returns 1 when something stays that should have been removed."""
    queue = DeadLetterQueue(where)
    letters = queue.read()
    wanted = letters
    try:
        if chosen.command == "list":
            print(json.dumps([as_dict(one) for one in letters]) if chosen.json else table(letters))
            return 0
        if not chosen.all:
            wanted = [the_one(letters, given) for given in chosen.ids]
        return {"show": show, "redrive": redrive, "drop": drop}[chosen.command](queue, wanted)
    finally:
        queue.give_back()


class DeadLetterQueue:
    """The queue of a bar. Messages that were read are hidden from
    others until they are deleted or given back.
    """

    def __init__(self, where: Bar):
        self.bar = where
        self._sqs = where.client("sqs")
        self._held: dict[str, str] = {}
        try:
            name = where.prefix + "dead-letters"
            self._url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except self._sqs.exceptions.QueueDoesNotExist:
            raise StackError(f"There is no queue {name} in {where.region}.") from None

    def read(self) -> list[DeadLetter]:
        """Returns all dead letters, oldest first."""
        found = []
        while messages := self._receive():
            for message in messages:
                letter = understand(message, self.bar.prefix)
                self._held[letter.id] = letter.receipt
                found.append(letter)
        return sorted(found, key=lambda letter: letter.kept_at)

    def _receive(self) -> list[dict]:
        return self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=SECONDS_IN_HAND,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["SentTimestamp"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])

    def delete(self, letter: DeadLetter) -> None:
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
        self._held.pop(letter.id)

    def give_back(self) -> None:
        """Makes the remaining messages visible to others at once."""
        for receipt in self._held.values():
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0
            )


# Parsing


def understand(message: Mapping, prefix: str) -> DeadLetter:
    """Parses a message in one of the four forms in which AWS keeps what it could not deliver."""
    common = {
        "id": message["MessageId"][:8],
        "receipt": message["ReceiptHandle"],
        "kept_at": datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
    }
    attributes = {
        name: value.get("StringValue", "")
        for name, value in message.get("MessageAttributes", {}).items()
    }
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return DeadLetter(**common, consumer="?", about="not ours", why="unknown")
    if "DDBStreamBatchInfo" in body:
        return DeadLetter(**common, **_of_stream(body))
    if "requestPayload" in body:
        condition = body["requestContext"]["condition"]
        said = (body.get("responsePayload") or {}).get("errorMessage", "")
        why = WHY.get(condition, condition) + (f": {said}" if said else "")
        return DeadLetter(**common, **_of_payload(body["requestPayload"]), why=why)
    if "consumer" not in body and "RULE_ARN" in attributes:
        # The body is the event as it was on the bus, before the rule's template was applied.
        consumer = attributes["RULE_ARN"].rsplit("/", 1)[1].removeprefix(prefix)
        body = {"consumer": consumer, "event": body}
    code = attributes.get("ERROR_CODE", "")
    why = WHY.get(code, attributes.get("ERROR_MESSAGE") or code or "unknown")
    return DeadLetter(**common, **_of_payload(body), why=why)


def _of_payload(payload: Mapping) -> dict:
    if "Records" in payload:
        records = payload["Records"]
        about = "changes of a table" if len(records) > 1 else "a change of a table"
        return {"consumer": "announce", "about": about, "payload": payload}
    # An event that the function has set aside may have any shape.
    event = _mapping(payload.get("event"))
    detail = _mapping(event.get("detail"))
    return {
        "consumer": str(payload.get("consumer", "?")),
        "about": str(event.get("detail-type") or "")
        or ("schedule" if "consumer" in payload else "not ours"),
        "shop": str(detail.get("eventId", "")),
        "order": str(detail.get("orderId", "")),
        "payload": payload if "consumer" in payload else None,
    }


def _mapping(part: object) -> Mapping:
    return part if isinstance(part, Mapping) else {}


def _of_stream(body: Mapping) -> dict:
    batch = body["DDBStreamBatchInfo"]
    name = batch["streamArn"].split(":table/")[1].split("/")[0]
    condition = body["requestContext"]["condition"]
    return {
        "consumer": "announce",
        "about": f"{batch['batchSize']} changes of {name}",
        "why": WHY.get(condition, condition),
        "batch": batch,
    }


# Showing


def table(letters: list[DeadLetter]) -> str:
    """Returns one line for each dead letter."""
    if not letters:
        return "There are no dead letters."
    rows = [("ID", "KEPT AT (UTC)", "CONSUMER", "ABOUT", "SHOP", "ORDER", "WHY")]
    rows += [
        (
            one.id,
            f"{one.kept_at:%Y-%m-%d %H:%M}",
            one.consumer,
            one.about,
            one.shop or "-",
            one.order[:8] or "-",
            one.why,
        )
        for one in letters
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def as_dict(letter: DeadLetter) -> dict:
    """Returns the columns of list for programs."""
    return {
        "id": letter.id,
        "kept_at": letter.kept_at.isoformat(),
        "consumer": letter.consumer,
        "about": letter.about,
        "shop": letter.shop,
        "order": letter.order,
        "why": letter.why,
    }


def show(queue: DeadLetterQueue, letters: list[DeadLetter]) -> int:
    for letter in letters:
        print(f"{letter.id}  kept at {letter.kept_at:%Y-%m-%d %H:%M:%S} UTC")
        job = JOBS.get(letter.consumer, "a consumer of this bar")
        print(f"  job      {letter.consumer}: {job}")
        print(f"  about    {letter.about}")
        if letter.order:
            print(f"  order    {letter.order} of shop {letter.shop}")
        print(f"  why      {letter.why}")
        if letter.batch:
            for line in _changes(queue.bar, letter.batch):
                print(f"  change   {line}")
        elif letter.payload and "Records" in letter.payload:
            for record in letter.payload["Records"]:
                print(f"  change   {_change(record)}")
        elif letter.payload:
            print(f"  payload  {json.dumps(letter.payload)}")
    return 0


def _changes(where: Bar, batch: Mapping) -> Iterator[str]:
    """Yields the changes of a batch by key and state.

    It never shows whole items, because they hold task tokens.
    """
    try:
        records = read_records(where, batch)
    except CannotRedrive as error:
        yield str(error)
        return
    yield from map(_change, records)


def _change(record: Mapping) -> str:
    try:
        change = record["dynamodb"]
        keys = " ".join(next(iter(value.values())) for value in change["Keys"].values())
        states = [
            change.get(image, {}).get("state", {}).get("S", "-")
            for image in ("OldImage", "NewImage")
        ]
        return f"{keys}: {' to '.join(states)}"
    except (AttributeError, KeyError, StopIteration, TypeError):
        return "of a shape that nobody knows"


def the_one(letters: list[DeadLetter], given: str) -> DeadLetter:
    """Returns the dead letter whose id is, or begins with, the given text. Raises StackError."""
    found = [letter for letter in letters if letter.id.startswith(given)]
    if len(found) != 1:
        raise StackError(
            f"Several dead letters begin with {given}."
            if found
            else f"There is no dead letter {given}."
        )
    return found[0]


# Delivering again


def redrive(queue: DeadLetterQueue, letters: list[DeadLetter]) -> int:
    stayed = 0
    for letter in letters:
        try:
            deliver(queue.bar, letter)
        except CannotRedrive as error:
            stayed += 1
            print(f"{letter.id}  stays: {error}")
            continue
        queue.delete(letter)
        print(f"{letter.id}  done: {letter.consumer}, {letter.about}")
    if not letters:
        print("There are no dead letters.")
    return 1 if stayed else 0


def drop(queue: DeadLetterQueue, letters: list[DeadLetter]) -> int:
    for letter in letters:
        queue.delete(letter)
        print(f"{letter.id}  dropped: {letter.consumer}, {letter.about}")
    return 0


def deliver(where: Bar, letter: DeadLetter) -> None:
    """Calls the function again with its payload. Raises CannotRedrive."""
    payload = letter.payload
    if letter.batch:
        payload = {"Records": read_records(where, letter.batch)}
    if payload is None:
        raise CannotRedrive("it is nothing that the function was called with; drop it")
    answer = where.client("lambda").invoke(
        FunctionName=where.function, Payload=json.dumps(payload, default=_as_lambda_sends)
    )
    if "FunctionError" in answer:
        said = json.loads(answer["Payload"].read() or b"{}").get("errorMessage", "no reason given")
        raise CannotRedrive(f"the function failed again: {said}")


def _as_lambda_sends(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value)} in a stream's record")


def read_records(where: Bar, batch: Mapping) -> list[dict]:
    """Returns the records that a failed batch only points to, in the form in which Lambda sends
    them.

    Raises CannotRedrive when the stream no longer has them, which happens after a day.
    """
    streams = where.client("dynamodbstreams")
    last = int(batch["endSequenceNumber"])
    records: list[dict] = []
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            records += [
                record | {"eventSourceARN": batch["streamArn"]}
                for record in answer["Records"]
                if int(record["dynamodb"]["SequenceNumber"]) <= last
            ]
            reached = (
                answer["Records"]
                and int(answer["Records"][-1]["dynamodb"]["SequenceNumber"]) >= last
            )
            if reached or len(records) >= batch["batchSize"]:
                return records
            iterator = answer.get("NextShardIterator")
    except (
        streams.exceptions.TrimmedDataAccessException,
        streams.exceptions.ResourceNotFoundException,
    ):
        pass
    if records:
        return records
    raise CannotRedrive(
        "the stream forgets after a day. The sweep has repaired the orders; their journeys and"
        " figures may lack these changes. Drop it"
    )


if __name__ == "__main__":
    sys.exit(main())
