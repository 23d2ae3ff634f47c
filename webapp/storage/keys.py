"""Makes queries by keys in the form that AWS accepts, because its emulators accept more.

AWS refuses four things: a span that ends before it begins, a page that begins outside its span, a
page of no items, and a key that no item can have. What people type and changed settings can lead to
each of them, and each means that there is nothing to find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.indexes import Index
from pynamodb.models import Model

from domain.errors import NotFound

_LONGEST_KEY = 1024
"""The most bytes of a sort key. A partition key may have twice as many, and none of ours comes
near."""
_MOST_DIGITS = 38
"""The most digits of a number in DynamoDB."""
LARGEST_PAGE = 1000
"""The most items of a page: more than its megabyte can hold. DynamoDB refuses a number of more than
31 bits."""

BEGIN_OF_TIME = datetime(2000, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(2999, 12, 31, tzinfo=UTC)
"""Nothing is stored before or after these moments."""

Place = Mapping[str, dict[str, Any]]
"""The keys of an item, in DynamoDB's JSON."""


def within_time(moment: datetime) -> datetime:
    """Returns the moment, or the nearer end of time when it lies outside.

    A day can still be added to the result or taken off.
    """
    return min(max(moment, BEGIN_OF_TIME), END_OF_TIME)


def query_span(
    source: type[Model] | Index,
    part: str,
    key: Attribute,
    first: str | datetime,
    last: str | datetime,
    *,
    after: Place | None = None,
    newest_first: bool = False,
    most: int | None = None,
    page_size: int | None = None,
    is_consistent: bool = False,
) -> Iterator[Any]:
    """Returns the items of a partition whose sort key lies from first to last, both included.

    after: the last item of the page before. When it lies before the span, the page begins with the
        span.
    most: the number of items of all pages together; 0 or less means none.
    """
    low, high = key.serialize(first), key.serialize(last)
    if low > high or (most is not None and most < 1):
        return iter(())
    if after is not None:
        place = after[key.attr_name]["S"]
        if place < low if newest_first else place > high:
            return iter(())
        if not low <= place <= high:
            after = None
    wanted = page_size or most
    if wanted is not None:
        page_size = min(max(wanted, 1), LARGEST_PAGE)
    return source.query(
        part,
        range_key_condition=key.between(first, last),
        consistent_read=is_consistent,
        scan_index_forward=not newest_first,
        last_evaluated_key=dict(after) if after else None,
        limit=most,
        page_size=page_size,
    )


def answer_to_impossible_keys(
    operation: str, arguments: Mapping[str, Any], keys_of: Callable[[str], set[str]]
) -> dict | None:
    """Returns the empty answer to a call with impossible keys, because DynamoDB refuses the call.

    No item can have such keys. Returns None when the keys are possible. Raises NotFound for a write
    of such an item.
    keys_of: returns the names of a table's keys.
    """
    if operation in ("GetItem", "DeleteItem") and not may_be_keys(arguments["Key"]):
        return {}
    if operation == "Query":
        asked = {**arguments["ExpressionAttributeValues"], **arguments.get("ExclusiveStartKey", {})}
        return None if may_be_keys(asked) else {"Items": [], "Count": 0, "ScannedCount": 0}
    writes = (
        [arguments]
        if operation in ("PutItem", "UpdateItem")
        else [write for part in arguments.get("TransactItems", ()) for write in part.values()]
    )
    for write in writes:
        item = write.get("Key") or write["Item"]
        if not may_be_keys({name: item[name] for name in keys_of(write["TableName"])}):
            raise NotFound("There is nothing of that name here.")
    return None


def may_be_keys(values: Mapping[str, Mapping[str, Any]]) -> bool:
    """Returns True when an item can have these keys (DynamoDB's JSON): not empty, not too long."""
    return all(_may_be_key(*next(iter(value.items()))) for value in values.values())


def _may_be_key(kind: str, value: str) -> bool:
    if kind == "N":
        return len(value.lstrip("-").replace(".", "")) <= _MOST_DIGITS
    # Half of a surrogate pair cannot be sent to DynamoDB. Here only its length counts.
    return 1 <= len(value.encode("utf-8", "surrogatepass")) <= _LONGEST_KEY
