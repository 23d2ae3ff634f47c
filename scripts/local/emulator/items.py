"""DynamoDB's items and indexes, as rows of the store instead of MiniStack's dicts.

MiniStack keeps a table as a dict; its items are `table["items"]`, partition → sort key → item. Here
that is a mapping that reads and writes rows, so that start, memory and each call cost the same
however many orders are finished. Each read makes a new object, so that nobody can change a row by
changing what was read. The members of the indexes are rows too, in the order of their keys.

Patched in ministack.services.dynamodb: `_tables`, `_ttl_settings` and `_stream_records` (as dicts
that know the store), `_set_item`, `_remove_item`, `_index_item`, `_index_members`, `get_state`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, error_response_json
from ministack.services import dynamodb

from scripts.local.emulator.keys import Keys
from scripts.local.emulator.store import NotKeptError, Store, expiry

READERS = (
    "_get_item",
    "_query",
    "_scan",
    "_batch_get_item",
    "_transact_get_items",
)
WRITERS = (
    "_put_item",
    "_update_item",
    "_delete_item",
    "_batch_write_item",
    "_transact_write_items",
    "_execute_statement",
    "_batch_execute_statement",
    "_execute_transaction",
)
DERIVED = ("items", "ItemCount", "TableSizeBytes", dynamodb._INDEX_MEMBERS)
"""The parts of a table that are not its definition."""
EXPIRED_AT_ONCE = 500
_BYTES_EACH = 200
"""MiniStack's guess at the size of an item, in bytes."""

_store: Store
_expressions = threading.local()


def keep_in(store: Store) -> None:
    global _store
    _store = store
    dynamodb._tables.__class__ = Tables
    dynamodb._ttl_settings.__class__ = TimesToLive
    dynamodb._set_item = _set_item
    dynamodb._remove_item = _remove_item
    dynamodb._index_item = lambda *_, **__: None  # put() writes the index rows.
    dynamodb._index_members = Members
    dynamodb._update_counts = lambda table: None  # The items are counted when somebody asks.
    dynamodb.get_state = _definitions
    # A transaction that was not kept must run when its caller sends it again.
    store.after_rollback.append(dynamodb._txn_idempotency.clear)
    for name in READERS:
        setattr(dynamodb, name, _alone(getattr(dynamodb, name)))
    for name in WRITERS:
        setattr(dynamodb, name, _as_one_change(getattr(dynamodb, name)))


def _alone(handler: Callable) -> Callable:
    @wraps(handler)
    def call(*arguments: Any) -> tuple:
        with _store.lock:
            return handler(*arguments)

    return call


def _as_one_change(handler: Callable) -> Callable:
    """Runs a handler under the lock, and undoes its changes when it fails.

    Executions write from threads of their own. Without the lock, two conditions could hold where
    only one may.
    """

    @wraps(handler)
    def call(*arguments: Any) -> tuple:
        try:
            with _store.together():
                return handler(*arguments)
        except NotKeptError as error:
            return not_kept(error)

    return call


def not_kept(error: Exception) -> tuple:
    return error_response_json("ServiceUnavailable", f"The change was not kept: {error}", 503)


# Tables


class Tables(AccountRegionScopedDict):
    """MiniStack's tables, each with its rows."""

    __slots__ = ()

    def __setitem__(self, key: str, value: dict) -> None:
        self._put(self._scoped(key), value)

    def set_scoped(self, account_id: str, region: str, key: str, value: dict) -> None:
        self._put((account_id, region, key), value)

    def update(self, other: AccountRegionScopedDict) -> None:
        for key, value in other._data.items():
            self._put(key, value)

    def _put(self, key: tuple[str, str, str], value: dict) -> None:
        self._data[key] = value if isinstance(value, Table) else Table(key, value)

    def pop(self, key: str, *default: Any) -> Any:
        return self.pop_scoped(*self._scoped(key), *default)

    def pop_scoped(self, account_id: str, region: str, key: str, *default: Any) -> Any:
        table = self._data.pop((account_id, region, key), *default)
        if isinstance(table, Table):
            table.delete()
        return table

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def clear(self) -> None:
        for key in list(self._data):
            self.pop_scoped(*key)


class Table(dict):
    """A table's definition, with its items and their number."""

    def __init__(self, key: tuple[str, str, str], definition: dict) -> None:
        super().__init__({n: value for n, value in definition.items() if n not in DERIVED})
        self.key = key
        row = _store.one(
            "SELECT id FROM tables WHERE account = ? AND region = ? AND name = ?", *key
        )
        if row:
            (self.id,) = row
        else:
            (last,) = _store.one("SELECT max(id) FROM tables")
            self.id = (last or 0) + 1
            _store.write("put table", self.id, *key)
        self._keys: Keys | None = None
        super().__setitem__("items", Items(self))
        if definition.get("items") and not isinstance(definition["items"], Items):
            self["items"] = definition["items"]

    @property
    def keys_of_items(self) -> Keys:
        if not self._keys:
            self._keys = Keys(self)
        return self._keys

    @property
    def ttl_attribute(self) -> str:
        setting = dynamodb._ttl_settings._data.get(self.key) or {}
        enabled = setting.get("TimeToLiveStatus") == "ENABLED"
        return setting.get("AttributeName", "") if enabled else ""

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "items":
            # MiniStack replaces all items at once when it restores a table or a transaction failed.
            _store.write("delete items", self.id)
            _store.write("delete entries", self.id)
            for bucket in value.values():
                for item in bucket.values():
                    self["items"].put(item)
        elif name not in DERIVED:
            self._keys = None
            super().__setitem__(name, value)

    def __getitem__(self, name: str) -> Any:
        if name in ("ItemCount", "TableSizeBytes"):
            return self.get(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        if name in ("ItemCount", "TableSizeBytes"):
            (count,) = _store.one("SELECT count(*) FROM items WHERE table_id = ?", self.id)
            return count * (_BYTES_EACH if name == "TableSizeBytes" else 1)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        if name == dynamodb._INDEX_MEMBERS:
            # This is how MiniStack says that the indexes have changed; they are listed anew on
            # first use.
            self._keys = None
            self["items"].entries_are_old = True
            return None
        return super().pop(name, *default)

    def delete(self) -> None:
        _store.write("delete items", self.id)
        _store.write("delete entries", self.id)
        _store.write("delete table", self.id)


class TimesToLive(AccountRegionScopedDict):
    """Sets the expiry of a table's rows when the table begins to let its items expire."""

    __slots__ = ()

    def __setitem__(self, key: str, value: dict) -> None:
        super().__setitem__(key, value)
        self._expire(self._scoped(key))

    def set_scoped(self, account_id: str, region: str, key: str, value: dict) -> None:
        super().set_scoped(account_id, region, key, value)
        self._expire((account_id, region, key))

    def _expire(self, key: tuple[str, str, str]) -> None:
        table = dynamodb._tables._data.get(key)
        if table:
            table["items"].expire_by(table.ttl_attribute)

    def all_items(self) -> list:
        """Returns nothing, because only MiniStack's own reaper asks.

        Each minute it would read every item of every table. `remove_expired` does its work.
        """
        return []


def remove_expired() -> None:
    """Removes expired items like MiniStack's reaper, but announces no changes."""
    with _store.lock:
        for table in dynamodb._tables.all_values():
            expired = _store.all(
                "SELECT item FROM items WHERE table_id = ? AND expires <= ? LIMIT ?",
                table.id,
                time.time(),
                EXPIRED_AT_ONCE,
            )
            for (text,) in expired:
                table["items"].remove(table.keys_of_items.of_item(json.loads(text)))


def _definitions() -> dict:
    """Returns MiniStack's state without the items."""
    names = ("tags", "ttl_settings", "pitr_settings", "resource_policies")
    tables = AccountRegionScopedDict()
    for key, table in dynamodb._tables._data.items():
        tables._data[key] = {n: value for n, value in table.items() if n not in DERIVED}
    return {"tables": tables} | {name: getattr(dynamodb, "_" + name) for name in names}


# Items


class Items:
    """The items of a table by partition, as MiniStack reads and writes them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.entries_are_old = False

    def get(self, partition: str, default: Any = None) -> Partition:
        return Partition(self, partition)

    __getitem__ = get
    setdefault = get

    def __contains__(self, partition: str) -> bool:
        return len(Partition(self, partition)) > 0

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        read = _reading(self)
        if read is not None:
            return list(dict.fromkeys(partition for partition, _ in read))
        return list(dict.fromkeys(partition for partition, _ in map(self.values_of, self.all())))

    def values(self) -> list[Partition]:
        return [Partition(self, partition) for partition in self.keys()]

    def items(self) -> list[tuple[str, Partition]]:
        return [(partition, Partition(self, partition)) for partition in self.keys()]

    def __len__(self) -> int:
        sql = "SELECT count(DISTINCT partition) FROM items WHERE table_id = ?"
        return _store.one(sql, self.table.id)[0]

    def __delitem__(self, partition: str) -> None:
        bucket = Partition(self, partition)
        sorts = bucket.keys()
        for sort in sorts:
            bucket.pop(sort)

    def __deepcopy__(self, memo: dict) -> dict:
        return {partition: dict(bucket.items()) for partition, bucket in self.items()}

    def all(self) -> Iterator[dict]:
        rows = _store.all("SELECT item FROM items WHERE table_id = ?", self.table.id)
        return (json.loads(text) for (text,) in rows)

    def values_of(self, item: dict) -> tuple:
        return self.table.keys_of_items.values_of_item(item)

    def read(self, key: tuple[str, str]) -> dict | None:
        row = _store.one(
            "SELECT item FROM items WHERE table_id = ? AND partition = ? AND sort = ?",
            self.table.id,
            *key,
        )
        return json.loads(row[0]) if row else None

    def put(self, item: dict) -> dict | None:
        """Writes an item and its index rows; returns the item that it replaces."""
        keys, table_id = self.table.keys_of_items, self.table.id
        key = keys.of_item(item)
        old = self.read(key)
        text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
        _store.write("put item", table_id, *key, text, expiry(item, self.table.ttl_attribute))
        before, after = set(keys.entries(old or {})), set(keys.entries(item))
        for entry in before - after:
            _store.write("delete entry", table_id, *entry, *key)
        for entry in after - before:
            _store.write("put entry", table_id, *entry, *key)
        return old

    def remove(self, key: tuple[str, str]) -> dict | None:
        old = self.read(key)
        if old is not None:
            _store.write("delete item", self.table.id, *key)
            for entry in self.table.keys_of_items.entries(old):
                _store.write("delete entry", self.table.id, *entry, *key)
        return old

    def list_anew(self) -> None:
        """Lists all items in the indexes again, after the indexes have changed."""
        self.entries_are_old = False
        _store.write("delete entries", self.table.id)
        keys = self.table.keys_of_items
        for item in self.all():
            for entry in keys.entries(item):
                _store.write("put entry", self.table.id, *entry, *keys.of_item(item))

    def expire_by(self, attribute: str) -> None:
        for item in self.all():
            key = self.table.keys_of_items.of_item(item)
            _store.write("put expiry", expiry(item, attribute), self.table.id, *key)


class Partition:
    """The items of one partition by sort key."""

    def __init__(self, items: Items, partition: str) -> None:
        self._items = items
        self._partition = partition

    def _key(self, sort: str) -> tuple[str, str]:
        keys = self._items.table.keys_of_items
        return keys.partition(self._partition), keys.sort(sort) if keys.sort_name else sort

    def get(self, sort: str, default: Any = None) -> Any:
        read = _reading(self._items)
        if read is not None and (self._partition, sort) in read:
            return read[self._partition, sort]
        item = self._items.read(self._key(sort))
        return default if item is None else item

    def __getitem__(self, sort: str) -> dict:
        item = self.get(sort)
        if item is None:
            raise KeyError(sort)
        return item

    def __setitem__(self, sort: str, item: dict) -> None:
        self._items.put(item)

    def __contains__(self, sort: str) -> bool:
        return self.get(sort) is not None

    def pop(self, sort: str, default: Any = None) -> Any:
        item = self._items.remove(self._key(sort))
        return default if item is None else item

    def keys(self) -> list[str]:
        return [sort for sort, _ in self.items()]

    def values(self) -> list[dict]:
        return [item for _, item in self.items()]

    def items(self) -> list[tuple[str, dict]]:
        read = _reading(self._items)
        if read is not None:
            return [(sort, item) for (p, sort), item in read.items() if p == self._partition]
        keys = self._items.table.keys_of_items
        rows = _store.all(
            "SELECT item FROM items WHERE table_id = ? AND partition = ? ORDER BY sort",
            self._items.table.id,
            keys.partition(self._partition),
        )
        items = [json.loads(text) for (text,) in rows]
        return [(keys.values_of_item(item)[1], item) for item in items]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        keys = self._items.table.keys_of_items
        sql = "SELECT count(*) FROM items WHERE table_id = ? AND partition = ?"
        return _store.one(sql, self._items.table.id, keys.partition(self._partition))[0]

    def __deepcopy__(self, memo: dict) -> dict:
        return dict(self.items())


class Members:
    """The members of a table's indexes: index → partition of the index → keys of the items."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, index: str) -> Callable | None:
        known = index in self._table.keys_of_items.indexes
        return IndexMembers(self._table, index) if known else None


class IndexMembers:
    def __init__(self, table: Table, index: str) -> None:
        self._table = table
        self._index = index

    def get(self, partition: str | tuple, default: Iterable = ()) -> list[tuple]:
        items: Items = self._table["items"]
        if items.entries_are_old:
            items.list_anew()
        read = _reading(items)
        if read is not None:
            return list(read)
        keys = self._table.keys_of_items
        values = list(partition) if isinstance(partition, tuple) else [partition]
        rows = _store.all(
            """SELECT item FROM entries CROSS JOIN items USING (table_id, partition, sort)
            WHERE table_id = ? AND index_name = ? AND index_partition = ?""",
            self._table.id,
            self._index,
            keys.index_partition(self._index, values),
        )
        return [keys.values_of_item(json.loads(text)) for (text,) in rows]


def _set_item(table: Table, partition: str, sort: str, item: dict) -> dict | None:
    return table["items"].put(item)


def _remove_item(table: Table, partition: str, sort: str) -> dict | None:
    return table["items"].get(partition).pop(sort)


# What a query has already read (queries.py)


def reading(items: Items, read: dict[tuple, dict] | None) -> None:
    """Limits what this thread sees of a table's items; None ends the limit."""
    _expressions.read = None if read is None else (items, read)


def _reading(items: Items) -> dict[tuple, dict] | None:
    read = getattr(_expressions, "read", None)
    return read[1] if read and read[0] is items else None
