"""Makes queries and scans read only what they need.

MiniStack takes every item of a partition, parses the key condition anew for each, sorts, and then
cuts off a page. Here the condition is parsed once and becomes a range of rows, in the order of the
query, after its start key and up to its limit. MiniStack's own handler then sees only these rows,
so that everything else (errors, filters, projections, pages of 1 MB) stays the same. A request that
is not understood here is read whole. tests/scripts/emulator/test_queries.py compares the two.

Patched in ministack.services.dynamodb: `_query`, `_scan`, `_evaluate_condition`, and with a cache
`_tokenize` and `_condition_syntax_error`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import NamedTuple

from ministack.services import dynamodb

from scripts.local.emulator import items
from scripts.local.emulator.items import Items, Table
from scripts.local.emulator.keys import NO_SORT_KEY, Keys, after_prefix, encode, raw
from scripts.local.emulator.store import Store

SORTABLE = ("S", "N")
COMPARISONS = {"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

_store: Store
_evaluate = dynamodb._evaluate_condition
_met = threading.local()


class NotUnderstood(Exception):
    """This module does not understand the request, so MiniStack
    reads everything and finds any error.
    """


class Rows(NamedTuple):
    """What to select: SQL conditions with their values, and the columns of the order."""

    index: str | None
    conditions: list[str]
    values: list[str]
    order: list[str]
    backward: bool
    limit: int | None


def narrow(store: Store) -> None:
    global _store
    _store = store
    dynamodb._query = _narrowed(dynamodb._query, _rows_of_query)
    dynamodb._scan = _narrowed(dynamodb._scan, _rows_of_scan)
    dynamodb._evaluate_condition = _evaluate_once
    dynamodb._tokenize = lru_cache(maxsize=1000)(dynamodb._tokenize)
    dynamodb._condition_syntax_error = lru_cache(maxsize=1000)(dynamodb._condition_syntax_error)


def _narrowed(handler: Callable, rows_of: Callable[[Table, Mapping], Rows]) -> Callable:
    @wraps(handler)
    def call(data: Mapping) -> tuple:
        with _store.lock:
            table = dynamodb._tables.get(dynamodb._normalize_table_name(data.get("TableName")))
            try:
                rows = rows_of(table, data) if table else None
            except (NotUnderstood, AttributeError, KeyError, TypeError, ValueError):
                rows = None
            if rows is None:
                return handler(data)
            read = _select(table, rows)
            items.reading(table["items"], read)
            _met.items = {id(item) for item in list(read.values())[1:]}
            try:
                return handler(data)
            finally:
                items.reading(table["items"], None)
                _met.items = set()

    return call


def _evaluate_once(
    expression: str, item: dict, values: dict, names: dict, slot: str = "ConditionExpression"
) -> bool:
    """Skips the key condition for rows that were selected by it.

    The first row is still evaluated, because MiniStack finds the condition's errors that way.
    """
    if slot == "KeyConditionExpression" and id(item) in getattr(_met, "items", ()):
        return True
    return _evaluate(expression, item, values, names, slot)


# From a request to rows


def _rows_of_query(table: Table, data: Mapping) -> Rows:
    keys, index = table.keys_of_items, data.get("IndexName")
    hashes, ranges = (
        keys.indexes[index]
        if index
        else ([keys.partition_name], [keys.sort_name] if keys.sort_name else [])
    )
    if len(hashes) != 1 or len(ranges) > 1 or data.get("KeyConditions"):
        raise NotUnderstood
    _check_order(keys, ranges)
    conditions = _key_conditions(data)
    partition_is = conditions.pop(hashes[0])
    if len(partition_is) != 1 or partition_is[0][0] != "=":
        raise NotUnderstood
    prefix = "index_" if index else ""
    found = [f"{prefix}partition = ?"]
    values = [_value(keys, hashes[0], partition_is[0][1])]
    for name, comparisons in conditions.items():
        if [name] != ranges:
            raise NotUnderstood
        for comparison, attribute in comparisons:
            if comparison == "prefix":
                if keys.type_of(name) != "S":
                    raise NotUnderstood
                start = _value(keys, name, attribute)
                found.append(f"{prefix}sort >= ?")
                values.append(start)
                end = after_prefix(start)
                found += [f"{prefix}sort < ?"] if end else []
                values += [end] if end else []
            else:
                found.append(f"{prefix}sort {comparison} ?")
                values.append(_value(keys, name, attribute))
    backward = not data.get("ScanIndexForward", True)
    order = ["index_sort", "partition", "sort"] if index else ["sort"]
    start = data.get("ExclusiveStartKey")
    if start:
        cursor = [_value(keys, keys.partition_name, start[keys.partition_name])]
        cursor.append(
            _value(keys, keys.sort_name, start[keys.sort_name]) if keys.sort_name else NO_SORT_KEY
        )
        if index:
            cursor.insert(0, _value(keys, ranges[0], start[ranges[0]]) if ranges else "")
        elif not keys.sort_name or cursor.pop(0) != values[0]:
            raise NotUnderstood
        marks = ", ".join("?" * len(cursor))
        found.append(f"({', '.join(order)}) {'<' if backward else '>'} ({marks})")
        values += cursor
    return Rows(index, found, values, order, backward, _limit(data))


def _rows_of_scan(table: Table, data: Mapping) -> Rows:
    """Returns the rows of a scan, which MiniStack orders by the texts of the keys."""
    keys = table.keys_of_items
    names = [keys.partition_name, *([keys.sort_name] if keys.sort_name else [])]
    if data.get("IndexName") or data.get("Segment") is not None:
        raise NotUnderstood
    if any(keys.type_of(name) != "S" for name in names):
        raise NotUnderstood
    found, values = [], []
    start = data.get("ExclusiveStartKey")
    if start:
        values = [_value(keys, name, start[name]) for name in names]
        columns = ["partition", "sort"][: len(names)]
        found = [f"({', '.join(columns)}) > ({', '.join('?' * len(names))})"]
    return Rows(None, found, values, ["partition", "sort"], False, _limit(data))


def _limit(data: Mapping) -> int | None:
    limit = data.get("Limit")
    if limit is None:
        return None
    if int(limit) < 1:
        raise NotUnderstood
    return int(limit)


def _check_order(keys: Keys, ranges: list[str]) -> None:
    names = [*ranges, keys.partition_name, *([keys.sort_name] if keys.sort_name else [])]
    if any(keys.type_of(name) not in SORTABLE for name in names):
        raise NotUnderstood


def _value(keys: Keys, name: str, attribute: Mapping) -> str:
    if set(attribute) != {keys.type_of(name)} or keys.type_of(name) not in SORTABLE:
        raise NotUnderstood
    return encode(keys.type_of(name), raw(attribute))


def _key_conditions(data: Mapping) -> dict[str, list[tuple[str, Mapping]]]:
    """Returns the comparisons that each attribute must meet."""
    names, values = data.get("ExpressionAttributeNames", {}), data["ExpressionAttributeValues"]
    found: dict[str, list[tuple[str, Mapping]]] = {}
    for clause in _clauses(dynamodb._tokenize(data["KeyConditionExpression"])[:-1]):
        name, comparisons = _comparisons(clause)
        name = names[name[1]] if name[0] == "NAME_REF" else name[1]
        if name in found:
            raise NotUnderstood
        found[name] = [(comparison, values[ref]) for comparison, ref in comparisons]
    return found


def _clauses(tokens: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Splits a condition at its ANDs.

    Parentheses around it are removed, because PynamoDB puts them around everything.
    """
    depths, depth = [], 0
    for kind, _ in tokens:
        depth += kind == "LPAREN"
        depths.append(depth)
        depth -= kind == "RPAREN"
    begins = tokens and tokens[0][0] == "LPAREN" and min(depths) == 1 and depths.count(1) > 1
    if begins and all(
        d > 1 or i in (0, len(tokens) - 1) or k not in ("LPAREN", "RPAREN")
        for i, (d, (k, _)) in enumerate(zip(depths, tokens, strict=True))
    ):
        return _clauses(tokens[1:-1])
    clauses, is_between = [[]], False
    for depth, (kind, text) in zip(depths, tokens, strict=True):
        word = text.upper() if kind == "IDENT" and depth == 0 else ""
        if word == "AND" and not is_between:
            clauses.append([])
            continue
        is_between = word == "BETWEEN" or (is_between and word != "AND")
        clauses[-1].append((kind, text))
    return clauses if len(clauses) == 1 else [one for each in clauses for one in _clauses(each)]


def _comparisons(clause: list[tuple[str, str]]) -> tuple[tuple, list[tuple[str, str]]]:
    """Returns the name that a clause is about, and its comparisons."""
    kinds = [kind for kind, _ in clause]
    words = [text.lower() if kind == "IDENT" else "" for kind, text in clause]
    if len(clause) == 3 and kinds[1] in COMPARISONS:
        comparison = COMPARISONS[kinds[1]]
        if kinds[0] in ("IDENT", "NAME_REF") and kinds[2] == "VALUE_REF":
            return clause[0], [(comparison, clause[2][1])]
        if kinds[0] == "VALUE_REF" and kinds[2] in ("IDENT", "NAME_REF"):
            return clause[2], [(TURNED[comparison], clause[0][1])]
    is_between = len(clause) == 5 and words[1] == "between" and words[3] == "and"
    if is_between and kinds[2] == kinds[4] == "VALUE_REF":
        return clause[0], [(">=", clause[2][1]), ("<=", clause[4][1])]
    if words[0] == "begins_with" and kinds[1:] == [
        "LPAREN",
        kinds[2] if len(kinds) > 2 else "",
        "COMMA",
        "VALUE_REF",
        "RPAREN",
    ]:
        return clause[2], [("prefix", clause[4][1])]
    raise NotUnderstood


# From rows to items


def _select(table: Table, rows: Rows) -> dict[tuple, dict]:
    """Returns the items of a page by their keys, and one more when the page ends at 1 MB."""
    where, values = ["table_id = ?"], [table.id]
    source = "items"
    if rows.index:
        members: Items = table["items"]
        if members.entries_are_old:
            members.list_anew()
        source = "entries CROSS JOIN items USING (table_id, partition, sort)"
        where.append("index_name = ?")
        values.append(rows.index)
    direction = "DESC" if rows.backward else "ASC"
    order = ", ".join(f"{column} {direction}" for column in rows.order)
    conditions = " AND ".join(where + rows.conditions)
    sql = f"SELECT item FROM {source} WHERE {conditions} ORDER BY {order}"
    if rows.limit:
        sql += f" LIMIT {rows.limit}"
    found: dict[tuple, dict] = {}
    size, unmeasured, length = 0, [], 0
    cursor = _store.some(sql, *values, *rows.values)
    for (text,) in cursor:
        item = json.loads(text)
        found[table.keys_of_items.values_of_item(item)] = item
        unmeasured.append(item)
        length += len(text)
        # An item is never larger than its JSON, so sizes are measured only when the page could be
        # full.
        if length > dynamodb._DDB_PAGE_SIZE_BYTES:
            size += sum(_size(table, rows.index, one) for one in unmeasured)
            unmeasured = []
            if size >= dynamodb._DDB_PAGE_SIZE_BYTES:
                break
    cursor.close()
    return found


def _size(table: Table, index: str | None, item: dict) -> int:
    entry = dynamodb._apply_index_projection(item, table, index) if index else item
    return dynamodb._item_size_bytes(entry)
