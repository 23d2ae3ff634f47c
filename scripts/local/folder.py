"""The data folder: whether it belongs to a bar, whether it can keep one, and its small files.

A folder is refused before anything in it is changed. Every error is a StackError of one line that
says what to do.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from scripts.machine import StackError, write_privately

FORMAT = 1
"""Increases when the version before can no longer read this version's folder."""
MARKER = "bar.json"
LOCK = "lock"
# Remove after 2.0: before 1.0 a folder had no MARKER, so any other of these files counted.
_OURS = {MARKER, "secret-key", "aws", "ports.json", "deployed.json", "running.json"}
"""A folder with one of these files belongs to a bar."""
_OF_NOBODY = re.compile(
    # Files that a system, a shell or the team puts into the folder, perhaps before the bar does.
    r"lock|lost\+found|\..*|Thumbs\.db|desktop\.ini|System Volume Information"
    r"|.*\.(log|out|err|pid|pem|crt|cer|key)",
    re.IGNORECASE,
)
# Remove after 2.0: before 1.0 snapshot.json held everything.
_OF_THE_STORE = re.compile(r"store\.db|copy-.*\.db|changes-.*\.log|snapshot\.json")
"""From each of these files some of the bar's data can be restored."""
_NOT_SYNCED = {
    "9p",
    "afpfs",
    "afs",
    "cifs",
    "davfs",
    "drvfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "fuse.vmhgfs-fuse",
    "glusterfs",
    "fuse.glusterfs",
    "ncpfs",
    "nfs",
    "nfs4",
    "prl_fs",
    "smb3",
    "smbfs",
    "sshfs",
    "vboxsf",
    "vmhgfs",
    "webdav",
}
"""These file systems may lose a write that was synced, and may ignore locks."""
_IN_MEMORY = {"ramfs", "tmpfs"}
_ROOM_TO_START = 1_000_000
_SHORTEST_KEY = 20
ENDING_SECONDS = 20
"""How many seconds the processes of a killed launcher may take to notice it and to end."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OF_THE_DISK = (
    *_FULL,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENOENT,
    errno.ENAMETOOLONG,
    errno.ELOOP,
)


def check(folder: Path) -> list[str]:
    """Returns what a person should know about the folder. Raises
    StackError when it must not be used.
    """
    kind = file_system_of(folder)
    if kind in _NOT_SYNCED:
        raise StackError(
            f"The data folder {folder} is on a network or shared disk ({kind}), which can lose"
            " what the bar has promised to keep. Choose one on this machine's own disk with --data."
        )
    try:
        names = sorted(one.name for one in folder.iterdir())
    except FileNotFoundError:
        names = []
    except NotADirectoryError:
        raise StackError(f"{folder} is a file. Choose a folder with --data.") from None
    except OSError as error:
        raise not_writable(folder, error) from None
    foreign = [name for name in names if not _OF_NOBODY.fullmatch(name)]
    if foreign and not _OURS & set(names):
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise StackError(
            f"The folder {folder} is no bar's: it holds {shown}. Choose a new or empty one with"
            " --data."
        )
    _check_marker(folder)
    _check_store(folder)
    if kind in _IN_MEMORY:
        return [
            f"The data folder {folder} is in this machine's memory ({kind}): all is gone when the"
            " machine stops."
        ]
    return []


def _check_marker(folder: Path) -> None:
    marker = read_object(folder / MARKER)
    number = marker.get("format", FORMAT)
    if not isinstance(number, int) or number > FORMAT:
        raise StackError(
            f"The data folder {folder} was used by a newer version of this software (format"
            f" {number}; this one knows {FORMAT}). Update, or choose another folder with --data."
        )
    place = marker.get("place")
    is_copy = place and folder.exists() and place != folder.stat().st_ino
    if is_copy and _in_use_when_copied(folder):
        raise StackError(
            f"The data folder {folder} is a copy of one that was in use, so it may be half of one"
            " moment and half of another. Stop the bar there and copy again; if it ended in a"
            f" crash, delete {folder / LOCK} and start again."
        )


def _check_store(folder: Path) -> None:
    """Raises StackError when the kept data are gone, because the bar would silently begin anew."""
    try:
        kept = [one.name for one in (folder / "aws").iterdir()]
    except OSError:
        kept = []
    is_there = any(_OF_THE_STORE.fullmatch(name) for name in kept)
    if os.path.lexists(folder / "deployed.json") and not is_there:
        raise StackError(
            f"A bar has run in {folder}, but all that it kept in {folder / 'aws'} is gone. Put a"
            " copy of it in its place; to begin anew, choose a new folder with --data."
        )


def _in_use_when_copied(folder: Path) -> bool:
    try:
        return bool((folder / LOCK).read_text().strip())
    except (OSError, ValueError):
        return False


def claim(folder: Path) -> IO[str]:
    """Makes the folder and locks it for this process; free_again releases it.

    Only one bar may use a data folder. The lock ends at the latest with the process.
    """
    was_there = os.path.lexists(folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open(folder / LOCK, "a+")
    except FileExistsError:
        raise StackError(f"{folder} is a file. Choose a folder with --data.") from None
    except (OSError, ValueError) as error:
        raise not_writable(folder, error) from None
    _lock_it(lock, folder)
    try:
        _find_room(folder)
        write_privately(
            folder / MARKER, json.dumps({"format": FORMAT, "place": folder.stat().st_ino})
        )
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
    except OSError as error:
        with contextlib.suppress(OSError):
            lock.close()
        if not was_there:
            with contextlib.suppress(OSError):
                (folder / LOCK).unlink()
                folder.rmdir()
        raise not_writable(folder, error) from None
    return lock


def _lock_it(lock: IO[str], folder: Path) -> None:
    """Takes the lock. A killed launcher's processes hold it until they end, so this
    waits for them.
    """
    deadline = time.monotonic() + ENDING_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            lock.seek(0)
            process = lock.read().strip()
            is_ending = process.isdigit() and not _is_there(int(process))
            if is_ending and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            lock.close()
        except OSError as error:
            lock.close()
            raise not_writable(folder, error) from None
        if is_ending:
            raise StackError(
                f"The data folder {folder} is in use by what an earlier scripts/serve (process"
                f" {process}) left behind, and does not end. End its processes “webapp.local” and"
                " “scripts.local.emulator”, or choose another folder with --data."
            )
        raise StackError(
            f"The data folder {folder} is in use by another scripts/serve (process {process})."
            " Stop that one, or choose another folder with --data."
        )


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def free_again(lock: IO[str]) -> None:
    """Releases the folder after an ordinary end, so that a copy of it counts as complete."""
    with contextlib.suppress(OSError):
        lock.seek(0)
        lock.truncate()
    with contextlib.suppress(OSError):
        lock.close()


def _find_room(folder: Path) -> None:
    probe = folder / f".room-{os.getpid()}"
    try:
        with open(probe, "wb") as file:
            file.write(bytes(_ROOM_TO_START))
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def not_writable(place: Path, error: Exception) -> StackError:
    """Returns an error that says what to do about a file or folder that could not be written."""
    what, remedy = what_and_remedy(place, error)
    if remedy != _TAKE_AWAY:
        remedy += ", or choose another folder with --data"
    return StackError(f"{what}. {remedy}.")


_TAKE_AWAY = "Take it away and try again"


def what_and_remedy(place: Path, error: Exception) -> tuple[str, str]:
    """Returns why a file or folder could not be written, and what
    a person can do; without full stops.
    """
    number = getattr(error, "errno", None)
    if number in _FULL:
        return f"The disk that holds {place} is full", "Free some space on it"
    if number == errno.EROFS:
        return f"{place} is on a disk that can only be read", "Make it writable"
    if number == errno.EISDIR:
        name = getattr(error, "filename2", None) or getattr(error, "filename", None) or place
        return f"{name} is a folder, where a file belongs", _TAKE_AWAY
    reason = getattr(error, "strerror", None) or str(error)
    return f"{place} cannot be written to ({reason})", "Change its rights"


def put(file: Path, content: Mapping) -> None:
    """Writes one of the small files as JSON. Raises StackError."""
    put_text(file, json.dumps(content, indent=2) + "\n")


def put_text(file: Path, text: str) -> None:
    """Writes one of the small files. Raises StackError."""
    try:
        write_privately(file, text)
    except OSError as error:
        raise not_writable(file, error) from None


def read_object(file: Path) -> dict:
    """Returns the content of a small JSON file; an empty dict when it is spoiled or missing."""
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def is_spoiled(file: Path) -> bool:
    """Returns whether there is a file that holds no JSON object."""
    return os.path.lexists(file) and not read_object(file)


def secret_key(folder: Path) -> str:
    """Returns the bar's own secret, made at its first start.
    Raises StackError for a spoiled one.
    """
    file = folder / "secret-key"
    if not os.path.lexists(file):
        put_text(file, secrets.token_urlsafe(32))
    try:
        text = file.read_text().strip()
        wrong = "" if len(text) >= _SHORTEST_KEY else "is too short" if text else "is empty"
    except ValueError:
        wrong = "is no text"
    except OSError as error:
        wrong = f"cannot be read ({error.strerror})"
    if wrong or not text.isprintable():
        raise StackError(
            f"The secret key in {file} {wrong or 'is no text'}. Put it back from a copy; or delete"
            " it and start again: a new one is made, and whoever ordered scans again."
        )
    return text


# File systems


def file_system_of(folder: Path) -> str:
    """Returns the kind of file system that the folder is or would be on; "" when it is unknown."""
    try:
        real = os.path.realpath(folder)
    except OSError:
        return ""
    best, found = "", ""
    for place, kind in _mounts():
        if (real + "/").startswith(place.rstrip("/") + "/") and len(place) >= len(best):
            best, found = place, kind
    return found


def _mounts() -> list[tuple[str, str]]:
    """Returns mount points and their file systems; of two at one place the later one counts."""
    try:
        if sys.platform == "darwin":
            said = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5).stdout
            return re.findall(r" on (.+) \(([\w.]+)", said)
        lines = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except (OSError, subprocess.SubprocessError):
        return []
    fields = [line.split(" ") for line in lines]
    return [(_unescaped(one[1]), one[2].lower()) for one in fields if len(one) > 2]


def _unescaped(place: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place)
