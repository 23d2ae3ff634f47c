"""What the bar on this machine keeps: one SQLite database, and no answer before its commit.

All changes in one turn of the emulator's event loop share one commit, and every answer of that turn
waits for it. SQLite syncs its journal at each commit, so that answered changes survive a kill and a
power cut. A commit that fails undoes all changes of the turn, and its callers are told.

Beside the database there are copies of it, made now and then, and the changes since (changelog.py).
A damaged database is put aside; the newest readable copy takes its place, and the changes are
applied again. This module needs only the standard library; other modules know what the rows mean.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from scripts.local.emulator.changelog import (
    NEWEST,
    ChangeLog,
    commits_after,
    gone,
    last_commit_after,
    logs_beyond,
    logs_in,
    new_commit,
    starts_after,
)
from scripts.local.emulator.keys import Keys
from scripts.machine import sync

FORMAT = 1
"""The version of the tables below; a bar refuses a store with a newer version."""

_COPY = re.compile(r"copy-\d{12}\.db")
COPIES_KEPT = 2
SECONDS_BETWEEN_COPIES = 600
ROOM_OF_SOME_ORDERS = 256 * 1024
LOG_BYTES_BETWEEN_COPIES = 32_000_000
KILOBYTES_OF_PAGES = 4_000
"""Held in memory; the system caches the file's pages anyway."""

SCHEMA = """
CREATE TABLE progress (commits INTEGER NOT NULL);
INSERT INTO progress VALUES (0);
CREATE TABLE tables (
    id INTEGER PRIMARY KEY, account TEXT, region TEXT, name TEXT, UNIQUE (account, region, name)
);
CREATE TABLE items (
    table_id INTEGER, partition TEXT, sort TEXT, item TEXT, expires REAL,
    PRIMARY KEY (table_id, partition, sort)
);
CREATE INDEX expiring ON items (table_id, expires) WHERE expires IS NOT NULL;
CREATE TABLE entries (
    table_id INTEGER, index_name TEXT, index_partition TEXT, index_sort TEXT,
    partition TEXT, sort TEXT,
    PRIMARY KEY (table_id, index_name, index_partition, index_sort, partition, sort)
) WITHOUT ROWID;
CREATE TABLE changes (id INTEGER PRIMARY KEY, table_id INTEGER, at REAL, record TEXT);
CREATE INDEX changes_of_table ON changes (table_id, id);
CREATE TABLE positions (consumer TEXT PRIMARY KEY, table_id INTEGER, next_change INTEGER);
CREATE TABLE parked (
    id INTEGER PRIMARY KEY, consumer TEXT, at REAL, tries INTEGER, record TEXT
);
CREATE TABLE deliveries (id INTEGER PRIMARY KEY, at REAL, target TEXT, payload TEXT);
CREATE TABLE states (
    service TEXT, store TEXT, key TEXT, value TEXT, PRIMARY KEY (service, store, key)
) WITHOUT ROWID;
"""

STATEMENTS = {
    "count commits": "UPDATE progress SET commits = ?",
    "put table": "INSERT INTO tables VALUES (?, ?, ?, ?)",
    "delete table": "DELETE FROM tables WHERE id = ?",
    "put item": """INSERT INTO items VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET item = excluded.item, expires = excluded.expires""",
    "delete item": "DELETE FROM items WHERE table_id = ? AND partition = ? AND sort = ?",
    "delete items": "DELETE FROM items WHERE table_id = ?",
    "put expiry": "UPDATE items SET expires = ? WHERE table_id = ? AND partition = ? AND sort = ?",
    "put entry": "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)",
    "delete entry": """DELETE FROM entries WHERE table_id = ? AND index_name = ?
        AND index_partition = ? AND index_sort = ? AND partition = ? AND sort = ?""",
    "delete entries": "DELETE FROM entries WHERE table_id = ?",
    "put change": "INSERT INTO changes VALUES (?, ?, ?, ?)",
    "delete changes": "DELETE FROM changes WHERE table_id = ? AND id < ?",
    "delete old changes": "DELETE FROM changes WHERE at < ?",
    "put position": "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
    "delete position": "DELETE FROM positions WHERE consumer = ?",
    "park": "INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?)",
    "delete old parked": "DELETE FROM parked WHERE at < ? AND consumer LIKE ?",
    "unpark": "DELETE FROM parked WHERE id = ?",
    "put delivery": "INSERT INTO deliveries VALUES (?, ?, ?, ?)",
    "delete delivery": "DELETE FROM deliveries WHERE id = ?",
    "put state": "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?)",
    "delete state": "DELETE FROM states WHERE service = ? AND store = ? AND key = ?",
}
"""Everything that changes the store, by its name in the log of changes."""


class StoreError(Exception):
    """The store cannot be used; the message is one line that says what to do."""


class NotKeptError(Exception):
    """The commit failed, and none of its changes remain."""


class Turn:
    """The changes that wait for the next commit."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, tuple]] = []
        self.kept: Future[None] = Future()
        # A caller who leaves cancels its own wait, not the commit that others wait for.
        self.kept.set_running_or_notify_cancel()
        self.error: Exception | None = None


class Store:
    """The open store. A turn that begins calls `commit_soon`,
    which must arrange a call of `commit`.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, missing: str | None) -> None:
        self.folder = folder
        self.path = folder / "store.db"
        self.missing = missing
        """What was lost at the start, in one line."""
        self.lock = threading.RLock()
        """Held for each use of the database, and for several uses that belong together."""
        self.commit_soon: Callable[[], None] = lambda: None
        self.before_commit: list[Callable[[], None]] = []
        """Each call writes the changes that a module still holds in memory."""
        self.after_rollback: list[Callable[[], None]] = []
        """Each call makes a module forget the changes that it holds in memory."""
        self.failures = 0
        """How many commits have failed since the start."""
        self.trouble: str | None = None
        self.unkept_since: float | None = None
        self._after_commit: list[Callable[[], None]] = []
        self._connection = connection
        self._turn: Turn | None = None
        self._commits: int = self.one("SELECT commits FROM progress")[0]
        self._copying: threading.Thread | None = None
        self._copied_at = time.monotonic()
        self._log = ChangeLog(folder, self._commits)

    # Reading and writing

    def all(self, sql: str, *values: object) -> list[tuple]:
        with self.lock:
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> tuple | None:
        with self.lock:
            return self._connection.execute(sql, values).fetchone()

    def some(self, sql: str, *values: object) -> sqlite3.Cursor:
        """Returns the rows one by one; the caller must hold the lock."""
        return self._connection.execute(sql, values)

    def reader(self) -> sqlite3.Connection:
        """Returns a connection for another thread, which sees only committed changes."""
        uri = f"{self.path.resolve().as_uri()}?mode=ro"
        reader = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        reader.execute(f"PRAGMA cache_size = {-KILOBYTES_OF_PAGES // 4}")
        return reader

    def write(self, statement: str, *values: object) -> None:
        """Executes one of STATEMENTS as part of the turn. Raises NotKeptError."""
        with self.lock:
            turn = self._turn or self._begin()
            if turn.error:
                raise NotKeptError(str(turn.error))
            try:
                self._connection.execute(STATEMENTS[statement], values)
            except sqlite3.Error as error:
                turn.error = error
                raise NotKeptError(str(error)) from error
            turn.changes.append((statement, values))

    def begin(self) -> None:
        """Makes sure that there will be a commit, for changes that are written only at a commit."""
        with self.lock:
            if not self._turn:
                self._begin()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keeps everything that is written inside, or nothing of it after an error."""
        with self.lock:
            turn = self._turn or self._begin()
            if turn.error:
                raise NotKeptError(str(turn.error))
            changes, calls = len(turn.changes), len(self._after_commit)
            self._connection.execute("SAVEPOINT together")
            try:
                yield
            except Exception:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO together")
                    del turn.changes[changes:]
                    del self._after_commit[calls:]
                raise
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("RELEASE together")

    def after_commit(self, call: Callable[[], None]) -> None:
        """Calls the function once the turn is committed; never when the commit fails."""
        with self.lock:
            self._after_commit.append(call)

    @property
    def open_turn(self) -> Turn | None:
        return self._turn

    def _begin(self) -> Turn:
        turn = self._turn = Turn()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            turn.error = error
        self.commit_soon()
        return turn

    # Keeping

    def commit(self) -> None:
        """Ends the turn, and tells those who wait for it whether it was kept."""
        with self.lock:
            turn = self._turn
            if not turn:
                return
            line_is_written = False
            try:
                for call in self.before_commit:
                    call()
                if turn.error:
                    raise turn.error
                if turn.changes:
                    self._connection.execute(STATEMENTS["count commits"], (self._commits + 1,))
                    line_is_written = True
                    self._log.append(new_commit(self._commits + 1, turn.changes))
                self._connection.execute("COMMIT")
            except Exception as error:  # The turn ends here whatever the error is.
                self._roll_back(turn, error, line_is_written)
                return
            self._turn = None
            self._commits += bool(turn.changes)
            calls, self._after_commit = self._after_commit, []
        turn.kept.set_result(None)
        for call in calls:
            try:
                call()
            except Exception as error:  # The other calls do not depend on this one.
                print(f"What follows a commit failed: {error!r}", file=sys.stderr, flush=True)

    def _roll_back(self, turn: Turn, error: Exception, line_is_written: bool) -> None:
        self._turn = None
        self._after_commit = []
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if line_is_written:
                self._log.take_back()
            for call in self.after_rollback:
                call()
        finally:
            self.failures += 1
            if isinstance(error, sqlite3.Error | OSError | NotKeptError):
                if not self.trouble:
                    self.unkept_since = time.monotonic()
                    print(f"Nothing can be kept: {error}", file=sys.stderr, flush=True)
                self.trouble = f"Nothing can be kept in {self.folder}: {error}"
            else:
                print(f"A change failed: {error!r}", file=sys.stderr, flush=True)
            turn.kept.set_exception(NotKeptError(str(error)))
        if is_damage(error):
            # The next start finds the damage, and replaces the database by a copy.
            print(f"The store is damaged: {error}", file=sys.stderr, flush=True)
            os._exit(1)

    def try_again(self) -> None:
        """Checks whether changes can be kept again, while they cannot.

        On a full disk a small change may still fit where others did not, so one success does not
        prove that the next change will fit.
        """
        if not self.trouble:
            return
        failures = self.failures
        try:
            _find_room(self.folder)
            self.write("count commits", self._commits)
        except (OSError, NotKeptError):
            return

        def well_again() -> None:
            if self.failures == failures:
                self.trouble = self.unkept_since = None
                print("Changes are kept again.", file=sys.stderr, flush=True)

        self.after_commit(well_again)

    # Copies

    def copy_if_due(self) -> None:
        """Starts a copy in another thread when there are enough changes that damage could lose."""
        age = time.monotonic() - self._copied_at
        enough = self._log.size > LOG_BYTES_BETWEEN_COPIES or age > SECONDS_BETWEEN_COPIES
        if self._log.size and enough and not self.trouble:
            self.copy()

    def copy(self) -> None:
        """Begins a copy. Commits made meanwhile are in the new log of changes."""
        with self.lock:
            if self._copying and self._copying.is_alive():
                return
            old = self._log
            if old.size:
                try:
                    following = ChangeLog(self.folder, self._commits)
                except OSError as error:
                    print(f"No copy could be made: {error}", file=sys.stderr, flush=True)
                    return
                self._log = following
            self._copied_at = time.monotonic()
            self._copying = threading.Thread(
                target=self._copy, args=(old,), name="copy", daemon=True
            )
            self._copying.start()

    def _copy(self, old: ChangeLog) -> None:
        new = self.folder / "copy.new"
        try:
            if old is not self._log:
                old.close()
            _remove_unfinished(self.folder)
            with closing(self.reader()) as source, closing(sqlite3.connect(new)) as target:
                target.execute("PRAGMA synchronous = OFF")
                source.backup(target)
                (number,) = target.execute("SELECT commits FROM progress").fetchone()
            sync(new)
            new.replace(self.folder / f"copy-{number:012}.db")
            sync(self.folder)
            forget_old_copies(self.folder)
        except (OSError, sqlite3.Error) as error:
            with suppress(OSError):
                _remove_unfinished(self.folder)
            print(f"No copy could be made: {error}", file=sys.stderr, flush=True)

    def close(self) -> None:
        with self.lock:
            self.commit()
            if self._copying:
                self._copying.join()
            self._connection.close()
            self._log.close()


# Opening


def open_store(folder: Path) -> Store:
    """Opens the store in a folder; makes one when there is none. Raises StoreError."""
    path = folder / "store.db"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_newer(path)
        _remove_unfinished(folder)
        missing = None
        if not path.exists() and not _copies(folder) and not logs_in(folder):
            _create(path)
        elif why := damage_of(path) or _older_than_a_copy(folder):
            missing = _fall_back(folder, why)
            print(missing, file=sys.stderr, flush=True)
        connection = _connect(path)
        gap = _apply_changes(connection, folder)
        store = Store(folder, connection, missing or gap)
        if gap or not _copies(folder) or _ends_before(folder, store._commits):
            store.copy()
        return store
    except (OSError, sqlite3.Error) as error:
        raise _not_opened(folder, error) from error


def _not_opened(folder: Path, error: Exception) -> StoreError:
    if isinstance(error, IsADirectoryError):
        name = error.filename2 or error.filename
        return StoreError(f"{name} is a folder, where a file belongs. Take it away and try again.")
    return StoreError(
        f"The store in {folder} cannot be opened ({error})."
        " See that its disk has room and that the folder is yours to write."
    )


def refuse_newer(path: Path) -> None:
    if path.is_file():
        with open(path, "rb") as file:
            header = file.read(64)
        version = int.from_bytes(header[60:64], "big")
        if header.startswith(b"SQLite format 3") and version > FORMAT:
            raise StoreError(
                f"{path} was written by a newer version of the bar (format {version}, this one"
                f" reads up to {FORMAT}). Start it with that version; nothing was changed."
            )


def number_of_commits(path: Path) -> int | None:
    """Returns 0 when there is no store yet; None when the number is unknown."""
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT commits FROM progress").fetchone()[0]
    except sqlite3.Error:
        return None


def damage_of(path: Path) -> str | None:
    """Returns why a database cannot be read; None when it can."""
    if not path.exists():
        return "it is not there"
    if not path.is_file():
        return "it is not a file"
    with open(path, "rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        return "it is not a database"
    try:
        with closing(_connect(path)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if answer != "ok":
                return answer.replace("\n", " ")
            connection.execute("SELECT commits FROM progress").fetchone()[0]
            for table, column in (("items", "item"), ("states", "value")):
                if connection.execute(
                    f"SELECT 1 FROM {table} WHERE NOT json_valid({column}) LIMIT 1"
                ).fetchone():
                    return f"a row of {table} cannot be read"
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        return str(error)
    return None


def is_damage(error: Exception) -> bool:
    name = getattr(error, "sqlite_errorname", None) or getattr(
        error.__cause__, "sqlite_errorname", ""
    )
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "no such table" in str(error)


def _fall_back(folder: Path, why: str) -> str:
    """Puts the damaged database aside and the newest copy in its place; returns a line about it."""
    path = folder / "store.db"
    aside = folder / time.strftime("damaged-%Y%m%d-%H%M%S")
    source = next((copy for copy in reversed(_copies(folder)) if not damage_of(copy)), None)
    if not source and not _reaches_back_to_the_beginning(folder):
        raise StoreError(
            f"{path} is damaged ({why}), and no copy of it can be read. Put a copy of the folder"
            " in its place, or choose another with --data."
        )
    said = f"{path} was damaged ({why})"
    aside.mkdir(exist_ok=True)
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if file.exists() or file.is_symlink():
            file.replace(aside / file.name)
            said += f" and lies in {aside}" if file == path else ""
    if source:
        new = folder / "store.new"
        with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(new)) as target:
            copy.backup(target)
        sync(new)
        new.replace(path)
        said += time.strftime(
            "; the copy of %H:%M:%S took its place,", time.localtime(source.stat().st_mtime)
        )
    else:
        _create(path)
        said += "; it was made anew,"
    last = None
    with closing(_connect(path)) as connection:
        for commit in _commits_to_apply(connection, folder):
            last = commit
    at = last.at if last else source.stat().st_mtime if source else time.time()
    until = time.strftime("%H:%M:%S", time.localtime(at))
    return f"{said} with the changes until {until}. What was done later, if anything, is missing."


def _apply_changes(connection: sqlite3.Connection, folder: Path) -> str | None:
    """Applies commits that only the log of changes has; returns what is missing, if anything."""
    count = 0
    connection.execute("BEGIN IMMEDIATE")
    for commit in _commits_to_apply(connection, folder):
        for statement, values in commit.changes:
            connection.execute(STATEMENTS[statement], values)
        connection.execute(STATEMENTS["count commits"], (commit.number,))
        count += 1
    connection.execute("COMMIT")
    if count:
        print(f"{count} commits were taken from the log of changes.", file=sys.stderr, flush=True)
    (number,) = connection.execute("SELECT commits FROM progress").fetchone()
    later = logs_beyond(folder, number)
    for path in later:
        path.rename(path.with_suffix(".unread"))
    if later:
        return (
            f"Changes that followed commit {number} cannot be read and are missing: see"
            f" {folder}/*.unread."
        )
    if name := gone(folder):
        return f"{folder / name} is gone. What was done last, if only that told it, is missing."
    return None


def _older_than_a_copy(folder: Path) -> str | None:
    """Returns why the store is not the newest one although it can be read; None when it is."""
    reached = last_commit_after(folder, number_of_commits(folder / "store.db") or 0)
    newer = [copy for copy in _copies(folder) if _number_of(copy) > reached]
    return next((f"it is older than {copy.name}" for copy in newer if not damage_of(copy)), None)


def _commits_to_apply(connection: sqlite3.Connection, folder: Path) -> Iterator:
    (number,) = connection.execute("SELECT commits FROM progress").fetchone()
    return commits_after(folder, number)


def _ends_before(folder: Path, number: int) -> bool:
    """Returns whether the logs do not lead from the oldest copy to this commit.

    In that case a new copy is needed now.
    """
    oldest = _number_of(_copies(folder)[0])
    return last_commit_after(folder, oldest) < number


def _reaches_back_to_the_beginning(folder: Path) -> bool:
    return any(starts_after(path) == 0 for path in logs_in(folder))


def _create(path: Path) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA user_version = {FORMAT}; BEGIN; {SCHEMA} COMMIT;")
    sync(new)
    new.replace(path)
    sync(path.parent)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        # SQLite's journal grows while a copy reads; afterwards it is cut back to this size.
        connection.execute("PRAGMA journal_size_limit = 16000000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # On a Mac, an ordinary sync stops in the disk's own cache.
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute(f"PRAGMA cache_size = {-KILOBYTES_OF_PAGES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _copies(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _COPY.fullmatch(path.name))


def _remove_unfinished(folder: Path) -> None:
    """Removes the files of a copy that a kill interrupted, because they may be large."""
    for path in folder.glob("copy.new*"):
        path.unlink(missing_ok=True)


def _number_of(copy: Path) -> int:
    return int(copy.stem.partition("-")[2])


def forget_old_copies(folder: Path, kept: int = COPIES_KEPT) -> None:
    """Removes all but the last copies, and the logs whose
    changes the oldest of these copies has.
    """
    copies = _copies(folder)
    old, copies = copies[: len(copies) - kept], copies[len(copies) - kept :] if kept else []
    for path in old:
        path.unlink()
    logs = logs_in(folder)
    oldest = _number_of(copies[0]) if copies else None
    for path, following in itertools.pairwise(logs):
        if oldest is not None and starts_after(following) <= oldest:
            path.unlink()


def _find_room(folder: Path) -> None:
    """Raises OSError when there is no room for a few orders."""
    probe = folder / "room.new"
    try:
        with open(probe, "wb") as file:
            file.write(bytes(ROOM_OF_SOME_ORDERS))
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def lock_folder(folder: Path, seconds: float = 10) -> IO:
    """Locks the folder; waits for an earlier emulator that is still ending. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "lock", "w")
    except OSError as error:
        raise _not_opened(folder, error) from error
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreError(f"Another emulator is using {folder}.") from None
            time.sleep(0.1)


# For benches and tests


def load_items(folder: Path, items: Mapping[str, Iterable[dict]]) -> int:
    """Puts items into the tables of a stopped bar, and announces no changes.

    folder: the emulator's, `aws` in the bar's data folder. The bar must have run there once, so
        that its tables exist.
    items: by table, named as the bar names it, as DynamoDB's JSON.

    Returns how many items were put.
    """
    with closing(lock_folder(folder, seconds=0)), closing(open_store(folder)) as store:
        tables = {name: (id_, Keys(table)) for id_, name, table in _defined_tables(store)}
        connection, count = store._connection, 0
        connection.execute("BEGIN IMMEDIATE")
        for name, these in items.items():
            table_id, keys = tables[name]
            ttl = _ttl_attribute(store, name)
            for item in these:
                key = keys.of_item(item)
                text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
                row = (table_id, *key, text, expiry(item, ttl))
                connection.execute(STATEMENTS["put item"], row)
                for entry in keys.entries(item):
                    connection.execute(STATEMENTS["put entry"], (table_id, *entry, *key))
                count += 1
        # The log does not have these items, so it ends here and the next start makes a copy.
        connection.execute("UPDATE progress SET commits = commits + 1")
        connection.execute("COMMIT")
    for path in (*logs_in(folder), *_copies(folder), folder / NEWEST):
        path.unlink(missing_ok=True)
    return count


def _defined_tables(store: Store) -> Iterator[tuple[int, str, dict]]:
    for id_, account, region, name in store.all("SELECT id, account, region, name FROM tables"):
        key = json.dumps([account, region, name])
        row = store.one(
            "SELECT value FROM states WHERE service = 'dynamodb' AND store = 'tables' AND key = ?",
            key,
        )
        if row:
            yield id_, name, json.loads(row[0])


def _ttl_attribute(store: Store, name: str) -> str:
    for key, value in store.all(
        "SELECT key, value FROM states WHERE service = 'dynamodb' AND store = 'ttl_settings'"
    ):
        setting = json.loads(value)
        if json.loads(key)[-1] == name and setting["TimeToLiveStatus"] == "ENABLED":
            return setting["AttributeName"]
    return ""


def expiry(item: Mapping, attribute: str) -> float | None:
    """Returns when the item may be removed, in seconds since 1970; None for never."""
    try:
        return float(item[attribute]["N"])
    except (KeyError, TypeError, ValueError):
        return None
