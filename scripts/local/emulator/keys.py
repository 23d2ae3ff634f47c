"""Writes DynamoDB's keys so that SQLite sorts them as DynamoDB does.

Every key is a text. A string stays unchanged, because SQLite compares texts byte by byte, which is
the order of their code points. A number is written so that its texts sort like numbers, and bytes
are written as hex.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

NO_SORT_KEY = "__no_sort__"
"""MiniStack's sort key for tables without one."""

_LAST_CHARACTER = chr(0x10FFFF)
_OFFSET = 500
"""Above every exponent of a DynamoDB number, -130 to 125."""
_NINES = str.maketrans("0123456789", "9876543210")


class Entry(NamedTuple):
    """The place of an item in an index."""

    index: str
    partition: str
    sort: str


def encode(key_type: str, value: str | bytes) -> str:
    """Returns the text for a key's value as MiniStack holds it: a string, digits, or base64."""
    if key_type == "N":
        return _of_number(value)
    if key_type == "B":
        return (value if isinstance(value, bytes) else base64.b64decode(value)).hex()
    return value


def _of_number(digits: str) -> str:
    """Writes sign, exponent and digits in this order.

    A negative number's digits are inverted, so that the larger amount sorts first, and end in a
    character above all digits, so that -1.23 comes before -1.2.
    """
    try:
        number = Decimal(digits)
    except (InvalidOperation, TypeError):
        return "?" + str(digits)
    if not number:
        return "1"
    sign, figures, exponent = number.as_tuple()
    text = "".join(map(str, figures)).lstrip("0")
    size = f"{len(text) + exponent + _OFFSET:03}"
    text = text.rstrip("0")
    return f"0{size.translate(_NINES)}{text.translate(_NINES)}~" if sign else f"2{size}{text}"


def after_prefix(prefix: str) -> str | None:
    """Returns the first text after all that begin with the prefix; None when there is none."""
    prefix = prefix.rstrip(_LAST_CHARACTER)
    if not prefix:
        return None
    following = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if following == 0xD800 else following)


def raw(attribute: Mapping | None) -> str | bytes:
    """Returns what MiniStack uses as the value of a key's attribute."""
    for key_type in ("S", "N", "B"):
        if attribute and key_type in attribute:
            return attribute[key_type]
    return ""


class Keys:
    """The keys of one table and of its indexes, read from its definition."""

    def __init__(self, table: Mapping) -> None:
        types = {
            one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]
        }
        self.partition_name: str = table["pk_name"]
        self.sort_name: str | None = table["sk_name"]
        self.partition_type: str = types.get(self.partition_name, "S")
        self.sort_type: str = types.get(self.sort_name or "", "S")
        self._types = types
        self.indexes: dict[str, tuple[list[str], list[str]]] = {}
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for index in table.get(kind) or []:
                names: dict[str, list[str]] = {"HASH": [], "RANGE": []}
                for part in index["KeySchema"]:
                    names[part["KeyType"]].append(part["AttributeName"])
                self.indexes[index["IndexName"]] = names["HASH"], names["RANGE"]

    def partition(self, value: str | bytes) -> str:
        return encode(self.partition_type, value)

    def sort(self, value: str | bytes) -> str:
        return encode(self.sort_type, value)

    def of_item(self, item: Mapping) -> tuple[str, str]:
        partition = self.partition(raw(item.get(self.partition_name)))
        if not self.sort_name:
            return partition, NO_SORT_KEY
        return partition, self.sort(raw(item.get(self.sort_name)))

    def values_of_item(self, item: Mapping) -> tuple[str | bytes, str | bytes]:
        """Returns the item's keys as MiniStack holds them."""
        sort = raw(item.get(self.sort_name)) if self.sort_name else NO_SORT_KEY
        return raw(item.get(self.partition_name)), sort

    def type_of(self, name: str) -> str:
        return self._types.get(name, "S")

    def entries(self, item: Mapping) -> Iterator[Entry]:
        """Yields the item's places in the indexes that it has all keys for."""
        for index, (hashes, ranges) in self.indexes.items():
            if all(name in item for name in hashes + ranges):
                partition = self.index_partition(index, [raw(item[name]) for name in hashes])
                sort = self.index_sort(index, [raw(item[name]) for name in ranges])
                yield Entry(index, partition, sort)

    def index_partition(self, index: str, values: list[str | bytes]) -> str:
        return self._joined(self.indexes[index][0], values)

    def index_sort(self, index: str, values: list[str | bytes]) -> str:
        return self._joined(self.indexes[index][1], values)

    def _joined(self, names: list[str], values: list[str | bytes]) -> str:
        texts = [encode(self.type_of(n), value) for n, value in zip(names, values, strict=True)]
        if len(texts) == 1:
            return texts[0]
        # An index with several keys of a kind is read whole, so its texts need no order.
        return json.dumps(texts) if texts else ""
