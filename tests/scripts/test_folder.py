"""The data folder: what is refused before anything in it is changed, and what is made anew."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import threading

import pytest

from scripts.environment import running_stack, running_stack_or_exit
from scripts.local import folder
from scripts.local.stack import LocalStack
from scripts.machine import StackError, last_words, write_privately


def _contents(place) -> dict:
    return {
        str(one.relative_to(place)): one.read_bytes() if one.is_file() else None
        for one in place.rglob("*")
    }


def _refused(place) -> str:
    """The line with which a start refuses this folder; nothing in it has changed."""
    before = _contents(place) if place.is_dir() else None
    with pytest.raises(StackError) as refusal:
        LocalStack(place).start()
    assert "\n" not in str(refusal.value)
    if before is not None:
        assert {name: value for name, value in _contents(place).items() if name != "lock"} == {
            name: value for name, value in before.items() if name != "lock"
        }
    return str(refusal.value)


@pytest.fixture
def used(tmp_path):
    """A folder that a bar has used and left in an ordinary way."""
    place = tmp_path / "bar"
    lock = folder.claim(place)
    folder.secret_key(place)
    folder.free_again(lock)
    return place


# Whose folder


@pytest.mark.parametrize("name", ["thesis.docx", "src/main.py", "photo.jpg"])
def test_a_folder_of_something_else_is_refused(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    assert f"is no bar's: it holds {name.partition('/')[0]}" in _refused(tmp_path)


@pytest.mark.parametrize("name", ["lost+found", ".DS_Store", "serve.log", "bar.crt", "lock"])
def test_what_a_system_or_a_shell_puts_into_an_empty_folder_does_not_matter(tmp_path, name):
    (tmp_path / name).touch()
    assert folder.check(tmp_path) == []


def test_a_folder_of_an_earlier_version_goes_on(tmp_path):
    (tmp_path / "secret-key").write_text("k" * 40)
    (tmp_path / "notes.txt").write_text("of the team")
    assert folder.check(tmp_path) == []
    folder.free_again(folder.claim(tmp_path))
    assert json.loads((tmp_path / "bar.json").read_text())["format"] == folder.FORMAT


@pytest.mark.parametrize("number", [folder.FORMAT + 1, 99, "next"])
def test_a_folder_of_a_newer_version_is_refused(used, number):
    (used / "bar.json").write_text(json.dumps({"format": number}))
    assert "was used by a newer version" in _refused(used)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "bar").write_text("")
    assert "is a file. Choose a folder with --data." in _refused(tmp_path / "bar")


def test_a_copy_of_a_folder_in_use_is_refused_and_one_of_a_stopped_bar_goes_on(used, tmp_path):
    lock = folder.claim(used)
    shutil.copytree(used, tmp_path / "live")
    folder.free_again(lock)
    shutil.copytree(used, tmp_path / "whole")
    assert "is a copy of one that was in use" in _refused(tmp_path / "live")
    folder.free_again(folder.claim(tmp_path / "whole"))
    # What the line says to do when the bar had crashed.
    (tmp_path / "live" / "lock").unlink()
    assert folder.check(tmp_path / "live") == []


def test_after_a_crash_the_same_folder_goes_on(used):
    folder.claim(used).close()
    assert folder.check(used) == []


def test_a_second_bar_on_the_folder_is_told_who_uses_it(used):
    lock = folder.claim(used)
    assert f"in use by another scripts/serve (process {os.getpid()})" in _refused(used)
    folder.free_again(lock)


def test_a_start_waits_until_the_processes_of_a_killed_one_have_ended(used):
    launcher, left_behind = _killed_launcher(used)
    timer = threading.Timer(0.3, left_behind.kill)
    timer.start()
    folder.free_again(folder.claim(used))
    assert left_behind.wait() == -signal.SIGKILL and launcher.wait() == -signal.SIGKILL


def test_processes_of_a_killed_start_that_do_not_end_are_one_line(used, monkeypatch):
    monkeypatch.setattr(folder, "ENDING_SECONDS", 0)
    launcher, left_behind = _killed_launcher(used)
    assert f"what an earlier scripts/serve (process {launcher.pid}) left behind" in _refused(used)
    left_behind.kill()
    left_behind.wait()


def _killed_launcher(used):
    """A launcher that was killed, and a process of its bar that has not noticed yet."""
    lock = folder.claim(used)
    stack = LocalStack(used)
    stack._lock = lock
    left_behind = stack._spawn(["sleep", "60"], "web.log", dict(os.environ))
    launcher = subprocess.Popen(["sleep", "60"])
    launcher.kill()
    launcher.wait()
    (used / folder.LOCK).write_text(str(launcher.pid))
    lock.close()
    return launcher, left_behind


def test_while_a_bar_starts_nobody_finds_the_keys_of_its_earlier_start(used, monkeypatch):
    folder.put(used / "running.json", {"environment": {"AWS_SECRET_ACCESS_KEY": "of yesterday"}})

    def start_emulator(stack):
        assert not (used / "running.json").exists()
        raise StackError("far enough")

    monkeypatch.setattr(LocalStack, "_start_emulator", start_emulator)
    stack = LocalStack(used)
    with pytest.raises(StackError, match="far enough"):
        stack.start()
    stack.stop()


def test_behind_a_proxy_no_page_for_this_machine_alone_is_named(used):
    for proxy, is_named in (("", True), ("127.0.0.1", False)):
        stack = LocalStack(used, behind_proxy=proxy)
        stack.port = 8000
        assert bool(stack.developer_url) is is_named


@pytest.mark.parametrize("left", [[], ["lock", "cognito-rsa-key.pem", "store.db-wal"], None])
def test_a_bar_whose_store_is_gone_does_not_begin_anew_without_a_word(used, left):
    (used / "deployed.json").write_text('{"inputs": "a", "template": "b"}')
    if left is not None:
        (used / "aws").mkdir()
        for name in left:
            (used / "aws" / name).write_text("")
    assert "all that it kept in" in _refused(used)


@pytest.mark.parametrize(
    "left", ["store.db", "copy-000000000000.db", "changes-000000000000.log", "snapshot.json"]
)
def test_a_bar_of_whose_store_something_is_left_is_for_the_emulator_to_judge(used, left):
    (used / "deployed.json").write_text('{"inputs": "a", "template": "b"}')
    (used / "aws").mkdir()
    (used / "aws" / left).write_text("")
    assert folder.check(used) == []


# Which disk


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p", "vboxsf"])
def test_a_disk_that_does_not_sync_is_refused(tmp_path, monkeypatch, kind):
    mounts = [("/", "ext4"), (str(tmp_path / "share"), kind)]
    monkeypatch.setattr(folder, "_mounts", lambda: mounts)
    assert f"on a network or shared disk ({kind})" in _refused(tmp_path / "share" / "bar")
    assert folder.check(tmp_path / "shared") == []
    assert not (tmp_path / "share").exists()


def test_a_disk_in_memory_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_mounts", lambda: [("/", "tmpfs")])
    [line] = folder.check(tmp_path)
    assert "in this machine's memory" in line


def test_of_two_disks_at_one_place_the_later_one_counts(monkeypatch):
    monkeypatch.setattr(folder, "_mounts", lambda: [("/", "nfs"), ("/a b", "nfs"), ("/a b", "xfs")])
    assert folder.file_system_of("/a b/bar") == "xfs"
    assert folder.file_system_of("/a bar") == "nfs"


@pytest.mark.parametrize(
    "number, said",
    [
        (28, "The disk that holds .* is full. Free some space"),
        (122, "The disk that holds .* is full"),
        (30, "on a disk that can only be read. Make it writable"),
        (13, "cannot be written to \\(Permission denied\\). Change its rights"),
    ],
    ids=["full", "quota", "read-only", "no right"],
)
def test_a_start_where_nothing_can_be_written_is_one_line(used, monkeypatch, number, said):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folder, "write_privately", refuse)
    with pytest.raises(StackError, match=said):
        LocalStack(used).start()


def test_a_start_without_room_is_one_line(used):
    """The file system itself refuses, as a full one does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        for place in (used, used / "new"):
            with pytest.raises(StackError, match="The disk that holds .* is full"):
                folder.claim(place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert sorted(one.name for one in used.iterdir()) == ["bar.json", "lock", "secret-key"]


# The small files


_SPOILED = ["", "[]", "null", "garbage", "{", '"text"', "7", "\udcff", "[" * 100_000]


@pytest.mark.parametrize("text", _SPOILED, ids=lambda text: repr(text[:10]))
@pytest.mark.parametrize("name", ["ports.json", "deployed.json", "running.json", "bar.json"])
def test_a_spoiled_file_is_as_good_as_none(used, name, text):
    file = used / name
    file.write_bytes(text.encode(errors="surrogateescape"))
    (used / "aws").mkdir()
    (used / "aws" / "store.db").write_text("for the emulator to judge")
    assert folder.read_object(file) == {} and folder.is_spoiled(file)
    assert folder.check(used) == []
    folder.put(file, {"a": 1})
    assert folder.read_object(file) == {"a": 1} and not folder.is_spoiled(file)


@pytest.mark.parametrize(
    "name", ["ports.json", "deployed.json", "running.json", "sign-in-links.json"]
)
def test_a_folder_in_the_place_of_a_file_is_one_line(used, name):
    (used / name).mkdir()
    assert folder.read_object(used / name) == {}
    with pytest.raises(StackError, match=f"{name} is a folder, where a file belongs. Take it away"):
        folder.put(used / name, {})
    assert [one.name for one in used.iterdir() if one.name.endswith(".new")] == []


@pytest.mark.parametrize(
    "last",
    [
        {},
        {"emulator": 0},
        {"emulator": -1, "events": 99999},
        {"emulator": "4566"},
        {"emulator": True},
        {"emulator": None, "events": [], "plain": {}},
        {"emulator": 80},
        {"emulator": 23456, "events": 23456, "plain": 23456},
        {"emulator": 8123},
    ],
    ids=repr,
)
def test_ports_that_cannot_be_are_chosen_anew(used, last):
    (used / "ports.json").write_text(json.dumps(last))
    stack = LocalStack(used)
    stack.port = 8123
    ports = stack._choose_ports()
    assert len({8123, *ports.values()}) == 3
    assert all(1024 <= port <= 65535 for port in ports.values())
    assert folder.read_object(used / "ports.json") == ports


def test_last_times_ports_are_used_again(used):
    stack = LocalStack(used)
    stack.port = 8123
    assert stack._choose_ports() == stack._choose_ports()
    assert stack.notices == []


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"short", "is too short"),
        (b"\xff" * 40, "is no text"),
        (b"\x01" * 40, "is no text"),
    ],
    ids=["empty", "blank", "short", "bytes", "control characters"],
)
def test_a_spoiled_secret_key_is_one_line_and_stays(used, content, said):
    (used / "secret-key").write_bytes(content)
    with pytest.raises(StackError, match=f"secret-key {said}. Put it back from a copy; or delete"):
        folder.secret_key(used)
    assert (used / "secret-key").read_bytes() == content


def test_a_folder_in_the_place_of_the_secret_key_is_one_line(used):
    (used / "secret-key").unlink()
    (used / "secret-key").mkdir()
    with pytest.raises(StackError, match="secret-key cannot be read"):
        folder.secret_key(used)


def test_a_secret_key_with_a_line_break_is_the_one_it_was(used):
    key = folder.secret_key(used)
    (used / "secret-key").write_text(key + "\n")
    assert folder.secret_key(used) == key


@pytest.mark.parametrize("text", [*_SPOILED, '{"environment": []}', '{"environment": null}'])
def test_a_spoiled_note_of_what_runs_is_no_bar(used, text):
    (used / "running.json").write_bytes(text.encode(errors="surrogateescape"))
    lock = folder.claim(used)
    assert running_stack(used) is None
    with pytest.raises(SystemExit, match="A bar uses .*running.json cannot be read. If it is"):
        running_stack_or_exit(used)
    folder.free_again(lock)
    with pytest.raises(SystemExit, match="No bar is running"):
        running_stack_or_exit(used)


# Writing and reading


def test_a_private_file_is_synced_with_its_folder_before_it_counts(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number)))
    write_privately(tmp_path / "file", "text")
    assert [stat.S_ISDIR(one.st_mode) for one in synced] == [False, True]
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_a_private_file_that_cannot_be_written_stays_what_it_was(tmp_path, monkeypatch):
    write_privately(tmp_path / "file", "old")

    def refuse(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError):
        write_privately(tmp_path / "file", "new")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize(
    "log, said",
    [
        ("", ""),
        ("Listening\n\n", "Listening"),
        (
            'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    open(1)\n'
            "    ~~~~^^^\n"
            "scripts.x.Refused: no\nscripts.x.OddError: the database is of a newer version.\n",
            "the database is of a newer version",
        ),
        ('{"message": "fault", "exception": "Traceback\\n  File\\nKeyError: 1"}\n', "1"),
        ('{"message": "waiting"}\n', "waiting"),
        ("Another emulator is using it.", "Another emulator is using it"),
    ],
    ids=["nothing", "a line", "a traceback", "a fault of ours", "a line of ours", "no line break"],
)
def test_the_last_words_of_a_log_are_its_last_line_that_says_something(tmp_path, log, said):
    (tmp_path / "log").write_text("before\n" + log)
    assert last_words(tmp_path / "log", len("before\n")) == said


def test_a_process_that_cannot_start_says_why(used):
    stack = LocalStack(used)
    process = stack._spawn(
        ["sh", "-c", "echo It is all wrong. >&2; exit 3"], "web.log", dict(os.environ)
    )
    process.wait()
    with pytest.raises(StackError, match="The web process stopped at once: It is all wrong. More"):
        stack._wait_for("http://127.0.0.1:9/", process, "The web process", "web.log")


def test_a_log_that_is_a_folder_is_one_line(used):
    (used / "web.log").mkdir()
    with pytest.raises(StackError, match="web.log is a folder, where a file belongs"):
        LocalStack(used)._spawn(["true"], "web.log", dict(os.environ))


@pytest.mark.parametrize(
    "where", ["", "a/./b", "~/bar", "ünï côdé", "x" * 300, "a\nb"], ids=lambda one: one[:6]
)
def test_an_odd_path_is_a_folder_or_one_line(tmp_path, where, capsys):
    from scripts import options

    try:
        chosen = options.parse_serve(["--data", where and str(tmp_path / where)])
    except SystemExit as error:
        assert error.code == 2 and "--data" in capsys.readouterr().err
        return
    try:
        folder.free_again(folder.claim(chosen.data))
    except StackError as error:
        assert "\n" not in str(error)
