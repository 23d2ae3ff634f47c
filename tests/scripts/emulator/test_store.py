"""What was answered is in the store after every damage, and what failed is not."""

from __future__ import annotations

import itertools
import json
import shutil
from contextlib import closing

import pytest

from scripts.local.emulator import store as stores
from scripts.local.emulator.store import NotKeptError, StoreError, open_store


def put(store, *names):
    for name in names:
        store.write("put state", "bar", "orders", name, json.dumps(name))
        store.commit()


def names(store):
    return [json.loads(text) for (text,) in store.all("SELECT value FROM states ORDER BY key")]


@pytest.fixture
def folder(tmp_path):
    """A bar that ended as after a power cut: no file was closed in order."""
    store = open_store(tmp_path / "running")
    store._copying.join()
    put(store, "a", "b")
    store.copy()
    store._copying.join()
    put(store, "c", "d")
    shutil.copytree(tmp_path / "running", tmp_path / "aws")
    store.close()
    return tmp_path / "aws"


def truncate(path):
    path.write_bytes(path.read_bytes()[:5000])


def garble(path):
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


def null(path):
    path.write_text("null")


def remove(path):
    path.unlink()


def make_a_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = [truncate, garble, empty, null, remove, make_a_folder]


@pytest.mark.parametrize("spoil", DAMAGES)
def test_a_damaged_store_is_replaced_by_the_copy_with_all_later_changes(folder, spoil):
    (folder / "store.db-wal").unlink()
    spoil(folder / "store.db")
    store = open_store(folder)
    assert names(store) == ["a", "b", "c", "d"]
    assert "was damaged" in store.missing and "What was done later" in store.missing
    assert "\n" not in store.missing
    aside = list(folder.glob("damaged-*/store.db"))
    assert spoil is remove or (len(aside) == 1 and str(aside[0].parent) in store.missing)
    store.close()


@pytest.mark.parametrize("spoil", DAMAGES)
def test_when_the_newest_copy_is_damaged_too_the_one_before_takes_its_place(folder, spoil):
    spoil(folder / "store.db")
    spoil(sorted(folder.glob("copy-*.db"))[-1])
    store = open_store(folder)
    assert names(store) == ["a", "b", "c", "d"]
    store.close()


@pytest.mark.parametrize("spoil", [truncate, garble, empty, remove])
def test_a_lost_journal_of_sqlite_is_made_good_from_the_log_of_changes(folder, spoil):
    spoil(folder / "store.db-wal")
    store = open_store(folder)
    assert names(store) == ["a", "b", "c", "d"]
    store.close()


def test_a_torn_line_of_the_log_loses_nothing(folder):
    log = sorted(folder.glob("changes-*.log"))[-1]
    log.write_bytes(log.read_bytes()[:-9])
    store = open_store(folder)
    assert names(store) == ["a", "b", "c", "d"]
    # The next damage is made good as well: there is a copy that needs the torn line no more.
    store._copying.join()
    put(store, "e")
    store.close()
    empty(folder / "store.db")
    store = open_store(folder)
    assert names(store) == ["a", "b", "c", "d", "e"]
    store.close()


def test_changes_behind_a_gap_are_named_and_put_aside(folder):
    for path in [folder / "store.db", *sorted(folder.glob("copy-*.db"))[1:]]:
        empty(path)
    first = sorted(folder.glob("changes-*.log"))[0]
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(lines[0] + b"00000000 []\n")
    store = open_store(folder)
    assert names(store) == ["a"]
    assert "is missing" in store.missing
    assert list(folder.glob("*.unread"))
    store.close()


def zero_the_middle(path):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20] = bytes(20)
    path.write_bytes(content)


def break_the_last_line(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], b"00000000" + lines[-1][8:]]))


TWO = {
    "store.db": lambda folder: [folder / "store.db"],
    "store.db-wal": lambda folder: [folder / "store.db-wal"],
    "all logs": lambda folder: list(folder.glob("changes-*.log")),
    "the last log": lambda folder: sorted(folder.glob("changes-*.log"))[-1:],
    "all copies": lambda folder: list(folder.glob("copy-*.db")),
    "the last copy": lambda folder: sorted(folder.glob("copy-*.db"))[-1:],
}


@pytest.mark.parametrize("spoil", [remove, zero_the_middle, break_the_last_line])
@pytest.mark.parametrize("two", list(itertools.combinations(TWO, 2)), ids=" and ".join)
def test_of_two_damages_at_once_nothing_is_lost_without_a_word(folder, two, spoil):
    for which in two:
        for path in TWO[which](folder):
            if path.exists():
                spoil(path)
    try:
        store = open_store(folder)
    except StoreError as refused:
        assert "\n" not in str(refused)
        return
    assert names(store) == ["a", "b", "c", "d"] or "missing" in store.missing
    store.close()


def test_a_store_that_is_older_than_its_copies_is_put_aside_for_the_newest(folder):
    for path in [*folder.glob("store.db-*"), *folder.glob("changes-*.log")]:
        path.unlink()
    shutil.copy(sorted(folder.glob("copy-*.db"))[0], folder / "store.db")
    store = open_store(folder)
    assert names(store) == ["a", "b"]
    assert "it is older than copy-000000000002.db" in store.missing
    store.close()


@pytest.mark.parametrize(
    "name", ["copy-000000000002 (1).db", "changes-000000000002 copy.log", "copy-of-mine.db"]
)
def test_what_somebody_put_beside_the_store_changes_nothing(folder, name):
    (folder / name).write_text("mine")
    store = open_store(folder)
    assert names(store) == ["a", "b", "c", "d"] and not store.missing
    store.close()
    assert (folder / name).read_text() == "mine"


def test_without_any_copy_a_damaged_store_is_refused_in_one_line(folder):
    for path in folder.glob("c*"):
        path.unlink()
    truncate(folder / "store.db")
    with pytest.raises(StoreError, match="choose another with --data") as refused:
        open_store(folder)
    assert "\n" not in str(refused.value)
    assert (folder / "store.db").exists()


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(folder, monkeypatch):
    contents = {path: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(stores, "FORMAT", stores.FORMAT - 1)
    with pytest.raises(StoreError, match="newer version"):
        open_store(folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == contents


def test_only_two_copies_are_kept_and_the_changes_since_the_older(folder):
    store = open_store(folder)
    for name in "efg":
        put(store, name)
        store.copy()
        store._copying.join()
    copies = [stores._number_of(path) for path in stores._copies(folder)]
    assert len(copies) == stores.COPIES_KEPT
    assert min(map(stores.starts_after, stores.logs_in(folder))) == copies[0]
    store.close()


class Full:
    """A disk on which nothing more can be written."""

    def __init__(self, store, monkeypatch):
        self.monkeypatch, self.append = monkeypatch, store._log.append
        monkeypatch.setattr(store._log, "append", self.refuse)

    def refuse(self, commit):
        self.append(commit)  # Written in part; the rest finds no room.
        raise OSError(28, "No space left on device")


def test_a_commit_that_fails_leaves_nothing_and_tells_everybody_who_waits(tmp_path, monkeypatch):
    store = open_store(tmp_path)
    put(store, "kept")
    forgotten, announced = [], []
    store.after_rollback.append(lambda: forgotten.append(True))
    with monkeypatch.context() as full_disk:
        Full(store, full_disk)
        store.write("put state", "bar", "orders", "lost", '"lost"')
        store.after_commit(lambda: announced.append(True))
        turn = store.open_turn
        assert names(store) == ["kept", "lost"]
        store.commit()
        with pytest.raises(NotKeptError):
            turn.kept.result(0)
    assert (names(store), forgotten, announced) == (["kept"], [True], [])
    assert "No space left" in store.trouble
    store.try_again()
    store.commit()
    assert store.trouble is None
    put(store, "later")
    store.close()
    empty(tmp_path / "store.db")
    store = open_store(tmp_path)
    assert names(store) == ["kept", "later"]
    store.close()


def no_room(file):
    raise OSError(28, "No space left on device")


def test_a_small_change_that_still_finds_room_does_not_end_the_trouble(tmp_path, monkeypatch):
    store = open_store(tmp_path)
    with monkeypatch.context() as full_disk:
        Full(store, full_disk)
        store.write("put state", "bar", "orders", "large", '"large"')
        store.commit()
    put(store, "small")
    assert names(store) == ["small"] and "No space left" in store.trouble
    with monkeypatch.context() as full_disk:
        full_disk.setattr(stores.os, "fsync", no_room)
        store.try_again()
        store.commit()
    assert "No space left" in store.trouble and not list(tmp_path.glob("room*"))
    store.try_again()
    store.commit()
    assert store.trouble is None
    store.close()


def test_a_change_that_fails_in_the_middle_takes_back_its_own_part_alone(tmp_path):
    store = open_store(tmp_path)
    store.write("put state", "bar", "orders", "other", '"other"')
    announced = []
    store.after_commit(lambda: announced.append("other"))
    with pytest.raises(ZeroDivisionError), store.together():
        store.write("put state", "bar", "orders", "half", '"half"')
        store.after_commit(lambda: announced.append("half"))
        raise ZeroDivisionError
    store.commit()
    assert announced == ["other"]
    store.close()
    store = open_store(tmp_path)
    assert names(store) == ["other"]
    store.close()


def test_all_of_one_turn_share_a_commit(tmp_path):
    store = open_store(tmp_path)
    asked = []
    store.commit_soon = lambda: asked.append(True)
    for name in "abc":
        store.write("put state", "bar", "orders", name, f'"{name}"')
    first = store.open_turn
    store.commit()
    assert first.kept.done() and len(asked) == 1
    assert store.one("SELECT commits FROM progress") == (1,)
    store.close()


@pytest.mark.parametrize("name", ["lock", "newest-log"])
def test_a_folder_in_the_place_of_a_file_is_one_line(folder, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()
    with pytest.raises(StoreError, match=f"{name} is a folder, where a file belongs. Take it away"):
        with closing(stores.lock_folder(folder, seconds=0)):
            open_store(folder)


def test_two_emulators_cannot_use_one_folder(tmp_path):
    with stores.lock_folder(tmp_path), pytest.raises(StoreError, match="Another emulator"):
        stores.lock_folder(tmp_path, seconds=0)


def test_what_follows_a_commit_is_done_though_something_before_it_fails(tmp_path):
    with closing(open_store(tmp_path)) as store:
        done = []
        store.after_commit(lambda: 1 / 0)
        store.after_commit(lambda: done.append(1))
        put(store, "a")
        put(store, "b")
        assert (done, names(store), store.trouble) == ([1], ["a", "b"], None)


def test_what_a_kill_left_of_a_copy_takes_no_room_after_the_next_start(folder):
    left = [folder / f"copy.new{end}" for end in ("", "-journal", "-wal", "-shm")]
    for path in left:
        path.write_bytes(b"half of it")
    with closing(open_store(folder)) as store:
        assert [path for path in left if path.exists()] == []
        left[1].write_bytes(b"of a copy that failed")
        store.copy()
        store._copying.join()
        assert not left[1].exists()
        assert names(store) == ["a", "b", "c", "d"]
