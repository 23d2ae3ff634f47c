"""Queries by keys, as AWS wants them: its emulators let pass what AWS refuses.

A span whose end lies before its beginning, a page that begins outside its span, a page of nothing
and a key that no item can have: people's words and changed settings make all four, and each of
them means that there is nothing to find.
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
"""Bytes of a sort key. A partition key may have twice as many; none of ours comes near that."""
_MOST_DIGITS = 38
"""Of a number, in DynamoDB."""
LARGEST_PAGE = 1000
"""More than a page's megabyte holds; DynamoDB takes no number of more than 31 bits."""

BEGIN_OF_TIME = datetime(2000, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(2999, 12, 31, tzinfo=UTC)
"""Nothing is stored before or after."""

Place = Mapping[str, dict[str, Any]]
"""The keys of an item, in DynamoDB's JSON."""


def within_time(moment: datetime) -> datetime:
    """The moment, or the end of time that is nearer to it: a day less or more of it is one, too."""
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
    """The items of a part whose sort key lies from first to last, both taken in.

    after: the last one that was seen; where it lies before the span, all of the span comes after
    it. most: of all pages together; 0 and less is none.
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
    """What DynamoDB would find under keys that no item can have, and that it refuses to look for.

    None when the keys are possible ones. Raises NotFound for a write of such an item.
    keys_of: the names of a table's keys.
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
    """Whether an item can have these keys (in DynamoDB's JSON): not empty, not endless."""
    return all(_may_be_key(*next(iter(value.items()))) for value in values.values())


def _may_be_key(kind: str, value: str) -> bool:
    if kind == "N":
        return len(value.lstrip("-").replace(".", "")) <= _MOST_DIGITS
    # A half of a character pair cannot be sent; here it only has a length.
    return 1 <= len(value.encode("utf-8", "surrogatepass")) <= _LONGEST_KEY
