"""What AWS would refuse of a request: every call of a test run is held against it.

Emulators take almost anything. The service models say how long a text, how large a number and how
full a list may be, and botocore checks little of it; what AWS's documents say beyond the models
stands here by hand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import regex
from botocore.client import BaseClient
from botocore.model import Shape
from botocore.session import get_session

KB = 1024
Check = Callable[[Any], Iterator[str]]


class RefusedByAws(AssertionError):
    """AWS would not take this request."""


def watch_requests(refused: list[str], monkeypatch) -> None:
    """Refuses in this process what AWS would refuse, and notes it: a caller may swallow errors."""
    call = BaseClient._make_api_call

    def check_and_call(client, operation: str, arguments: Mapping):
        service = client.meta.service_model.service_name
        faults = list(faults_of(service, operation, arguments))
        if faults:
            refused.extend(f"{service}.{operation}: {fault}" for fault in faults)
            raise RefusedByAws(refused[-1])
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", check_and_call)


def faults_of(service: str, operation: str, arguments: Mapping) -> Iterator[str]:
    """What AWS would say against a request, a sentence each."""
    if check := _model_check(service, operation):
        yield from check(arguments)
    if check := DOCUMENTED.get((service, operation)):
        yield from check(arguments)


# By the service models


@cache
def _model_check(service: str, operation: str) -> Check | None:
    shape = _models().get_service_model(service).operation_model(operation).input_shape
    return shape and _check_of(shape, ())


@cache
def _models():
    return get_session()


def _check_of(shape: Shape, above: tuple[str, ...]) -> Check | None:
    """The check of a shape, or None where its model says nothing; made once for each operation."""
    if shape.name in above:
        # DynamoDB's values hold such values; what is within is the documents' to limit.
        return None
    above = (*above, shape.name)
    checks = [_bounds_of(shape)]
    if shape.type_name == "structure":
        members = {name: _check_of(member, above) for name, member in shape.members.items()}
        checks.append(_members_check({name: one for name, one in members.items() if one}))
    elif shape.type_name == "list":
        checks.append(_each_check(_check_of(shape.member, above), iter))
    elif shape.type_name == "map":
        checks.append(_each_check(_check_of(shape.key, above), iter))
        checks.append(_each_check(_check_of(shape.value, above), dict.values))
    found = [check for check in checks if check]
    if not found:
        return None
    return lambda value: (fault for check in found for fault in check(value))


def _bounds_of(shape: Shape) -> Check | None:
    said = shape.metadata
    pattern = said.get("pattern")
    # Java's spelling of characters by pairs of halves, of a role that we do not send.
    matcher = regex.compile(pattern) if pattern and r"\uD800" not in pattern else None
    least, most, allowed = said.get("min"), said.get("max"), said.get("enum")
    if not (matcher or allowed) and least is None and most is None:
        return None
    is_number = shape.type_name in ("integer", "long", "float", "double")

    def check(value) -> Iterator[str]:
        size = value if is_number else len(value)
        if (least is not None and size < least) or (most is not None and size > most):
            yield f"{shape.name} is {size}; AWS takes {least} to {most}"
        if allowed and value not in allowed:
            yield f"{shape.name} is {value!r}; AWS takes {', '.join(allowed)}"
        if matcher and isinstance(value, str) and not matcher.fullmatch(value):
            yield f"{shape.name} is {value[:80]!r}; AWS takes {pattern}"

    return check


def _members_check(checks: Mapping[str, Check]) -> Check | None:
    if not checks:
        return None
    return lambda value: (
        fault
        for name, check in checks.items()
        if value.get(name) is not None
        for fault in check(value[name])
    )


def _each_check(check: Check | None, parts: Callable) -> Check | None:
    if check is None:
        return None
    return lambda value: (fault for part in parts(value) for fault in check(part))


# By AWS's documents: Service, account, and table quotas in Amazon DynamoDB; Calculating PutEvents
# event entry size; AWS IoT Core message broker and protocol limits; Quotas for Step Functions.


def _item_size(item: Mapping) -> int:
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping) -> int:
    [(kind, content)] = value.items()
    if kind in ("S", "B"):
        return len(content.encode() if isinstance(content, str) else content)
    if kind == "N":
        return len(content.lstrip("-").replace(".", "")) // 2 + 2
    if kind in ("SS", "NS", "BS"):
        return sum(_value_size({kind[0]: one}) for one in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(one) for name, one in content.items())
    if kind == "L":
        return 3 + sum(1 + _value_size(one) for one in content)
    return 1


def _values(write: Mapping) -> Iterator[Mapping]:
    yield from write.get("ExpressionAttributeValues", {}).values()
    yield from write.get("Item", {}).values()


_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_PLACEHOLDER = regex.compile(r"[#:]\w+")
_OPERATORS = regex.compile(r"\b(?:AND|OR|NOT|BETWEEN|IN)\b|<>|[<>]=?|=|[+-]|\w+\(")
_MOST_OPERATORS = 300


def _dynamodb(write: Mapping) -> Iterator[str]:
    """One read or write, or one part of a transaction."""
    if "Item" in write and _item_size(write["Item"]) > 400 * KB:
        yield f"the item has {_item_size(write['Item'])} bytes; an item has 400 KB at most"
    for value in _values(write):
        yield from _value_faults(value, 0)
    for name, key in write.get("Key", {}).items():
        if "S" in key and not 1 <= len(key["S"].encode()) <= 2 * KB:
            yield f"the key {name} has {len(key['S'].encode())} bytes; it has 1 to 2048"
    used: set[str] = set()
    for name in _EXPRESSIONS:
        text = write.get(name)
        if text is None:
            continue
        used |= set(_PLACEHOLDER.findall(text))
        if not text.strip() or len(text.encode()) > 4 * KB:
            yield f"{name} has {len(text.encode())} bytes; it has 1 to 4096"
        if len(_OPERATORS.findall(text)) > _MOST_OPERATORS:
            yield f"{name} has more than {_MOST_OPERATORS} operators and functions"
    named, valued = (write.get(f"ExpressionAttribute{kind}", {}) for kind in ("Names", "Values"))
    given = {*named, *valued}
    if given != used:
        yield f"placeholders given but not used, or used but not given: {sorted(given ^ used)}"
    for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if name in write and not write[name]:
            yield f"{name} is empty; leave it out"


def _value_faults(value: Mapping, depth: int) -> Iterator[str]:
    [(kind, content)] = value.items()
    if kind in ("SS", "NS", "BS"):
        if not content:
            yield "a set is empty"
        if len(set(map(str, content))) < len(content):
            yield "a set holds something twice"
    if kind == "N" and len(content.lstrip("-0.").replace(".", "")) > 38:
        yield f"the number {content[:60]} has more than 38 digits"
    if kind in ("M", "L"):
        if depth >= 32:
            yield "a value is nested more than 32 levels deep"
            return
        for part in content.values() if kind == "M" else content:
            yield from _value_faults(part, depth + 1)


def _transaction(arguments: Mapping) -> Iterator[str]:
    writes = [write for part in arguments["TransactItems"] for write in part.values()]
    for write in writes:
        yield from _dynamodb(write)
    # A new item's keys are among its other attributes: what names it twice is our own test's find.
    keys = Counter(
        json.dumps([write["TableName"], write["Key"]], sort_keys=True)
        for write in writes
        if "Key" in write
    )
    yield from (f"two parts of one transaction write {key}" for key, n in keys.items() if n > 1)
    size = sum(_item_size(write.get("Item") or write["Key"]) for write in writes)
    if size > 4 * KB * KB:
        yield "a transaction has 4 MB at most"


def _batch_get(arguments: Mapping) -> Iterator[str]:
    keys = [
        json.dumps([table, key], sort_keys=True)
        for table, asked in arguments["RequestItems"].items()
        for key in asked["Keys"]
    ]
    if len(keys) > 100:
        yield f"{len(keys)} keys in one batch; AWS reads 100"
    if len(set(keys)) < len(keys):
        yield "a key is twice in one batch"


def _batch_write(arguments: Mapping) -> Iterator[str]:
    writes = [one for table in arguments["RequestItems"].values() for one in table]
    if len(writes) > 25:
        yield f"{len(writes)} writes in one batch; AWS does 25"


def _put_events(arguments: Mapping) -> Iterator[str]:
    sizes = [_entry_size(entry) for entry in arguments["Entries"]]
    if sum(sizes) > 256 * KB:
        yield f"the entries have {sum(sizes)} bytes together; they have 256 KB at most"
    for entry in arguments["Entries"]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                yield f"an entry without {name} is not delivered"
        if not isinstance(json.loads(entry.get("Detail") or "null"), dict):
            yield "Detail is not a JSON object"
        if len(entry.get("DetailType", "")) > 128:
            yield "DetailType has 128 characters at most"


def _entry_size(entry: Mapping) -> int:
    texts = [entry.get(name, "") for name in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources", [])
    return sum(len(text.encode()) for text in texts) + (14 if "Time" in entry else 0)


def _iot_publish(arguments: Mapping) -> Iterator[str]:
    topic, payload = arguments["topic"], arguments.get("payload", b"")
    if not 1 <= len(topic.encode()) <= 256:
        yield f"the topic has {len(topic.encode())} bytes; it has 256 at most"
    if topic.count("/") > 7:
        yield f"the topic {topic} has more than 7 slashes"
    if set(topic) & set("+#\0"):
        yield f"the topic {topic} has a wildcard"
    if topic.startswith("$"):
        yield f"the topic {topic} is AWS's own"
    size = len(payload.encode() if isinstance(payload, str) else payload)
    if size > 128 * KB:
        yield f"the payload has {size} bytes; it has 128 KB at most"


def _sns_publish(arguments: Mapping) -> Iterator[str]:
    message, number = arguments.get("Message", ""), arguments.get("PhoneNumber")
    if number is not None and not regex.fullmatch(r"\+[1-9][0-9]{1,14}", number):
        yield "PhoneNumber is not in E.164"
    if not message or len(message.encode()) > 256 * KB or (number and len(message) > 1600):
        yield "Message is empty or too long: 1,600 characters for a text, 256 KB else"


def _start_execution(arguments: Mapping) -> Iterator[str]:
    name = arguments.get("name", "any")
    if not regex.fullmatch(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\p{Cc}\p{Cs}]{1,80}", name):
        yield f"the name {name!r} is empty, too long, or has what AWS does not take"
    yield from _json_text("input", arguments.get("input", "{}"))


def _task_success(arguments: Mapping) -> Iterator[str]:
    yield from _json_text("output", arguments["output"])


def _json_text(name: str, text: str) -> Iterator[str]:
    if len(text.encode()) > 256 * KB:
        yield f"{name} has {len(text.encode())} bytes; it has 256 KB at most"
    try:
        json.loads(text)
    except ValueError:
        yield f"{name} is not JSON"


DOCUMENTED: Mapping[tuple[str, str], Check] = {
    **{
        ("dynamodb", name): _dynamodb
        for name in (
            "GetItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "Query",
            "Scan",
        )
    },
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("dynamodb", "BatchGetItem"): _batch_get,
    ("dynamodb", "BatchWriteItem"): _batch_write,
    ("events", "PutEvents"): _put_events,
    ("iot-data", "Publish"): _iot_publish,
    ("sns", "Publish"): _sns_publish,
    ("stepfunctions", "StartExecution"): _start_execution,
    ("stepfunctions", "SendTaskSuccess"): _task_success,
}
