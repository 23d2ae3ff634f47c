"""Processes, ports and private files on this machine."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import resource
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from subprocess import Popen
from types import MappingProxyType
from typing import TextIO

SECRET_HEADER = "X-Bar-Secret"
"""The header with which the bar's own processes identify themselves to the emulator;
webapp/local.py defines it for the web process.
"""
MOST_DESCRIPTORS = (65_536, 10_240)
"""The limits to try in turn: the one that we want, and the highest that macOS allows."""
BACKLOG = 1024
"""How many connections wait while the process that answers them is started again."""


class StackError(Exception):
    """The text is one line that says what is wrong and what to do."""


def plain_environment() -> dict[str, str]:
    """Returns the caller's environment without AWS settings and
    with no proxy for local addresses.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, [env.get(name), "127.0.0.1", "localhost", ".localhost"]))
    return env


def emulator_environment(port: int, folder: Path) -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    env = {
        name: value
        for name, value in plain_environment().items()
        if name in kept or name.lower() == "no_proxy"
    }
    return env | {
        # With AUTH, the emulator enforces roles and policies as AWS does.
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(folder),
        "PERSIST_STATE": "1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        # The emulator has many short threads, and each would leave memory that no other thread can
        # use.
        "MALLOC_ARENA_MAX": "2",
        # Without this, the emulator removes containers of this machine's Docker at every start.
        "DOCKER_HOST": "unix:///nonexistent",
    }


def is_running(process: Popen | None) -> bool:
    return process is not None and process.poll() is None


def end(process: Popen | None, seconds: float) -> None:
    if not is_running(process):
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Unfailing:
    """Ignores write errors, because a closed terminal or a full disk must not end the bar."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def write_on_whatever_happens() -> None:
    """Makes output that cannot be written raise no error from now on."""
    sys.stdout, sys.stderr = Unfailing(sys.stdout), Unfailing(sys.stderr)


def raise_descriptor_limit() -> None:
    """Lets this process and its children open as many files as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in MOST_DESCRIPTORS:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or most <= soft:
            return
        # macOS says that there is no limit, but it refuses high numbers.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return


def answers(url: str, headers: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Returns whether a process of this machine answers at the URL with 200.

    The certificate is not checked: only our own processes are asked, and it is for another name.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    request = urllib.request.Request(url, headers=dict(headers))
    try:
        with opener.open(request, timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def listeners(host: str, port: int) -> list[socket.socket]:
    """Returns sockets that listen on all addresses of a host, on the same port (a free one for 0).

    The sockets keep connections waiting until a process accepts them. Raises StackError.
    """
    try:
        return _listening(host, port)
    except socket.gaierror:
        raise StackError(
            f"{host} is not an address; use --host 127.0.0.1, or 0.0.0.0 for the whole network."
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StackError(
                f"Port {port} is in use. Stop what uses it, or choose another,"
                f" such as --port {port + 1}."
            ) from None
        if error.errno == errno.EACCES:
            raise StackError(
                f"Port {port} needs special rights; choose one above 1023, such as --port 8000."
            ) from None
        raise StackError(
            f"{host} is not an address of this machine; use --host 127.0.0.1,"
            " or 0.0.0.0 for the whole network."
        ) from None


def _listening(host: str, port: int) -> list[socket.socket]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((one[0], one[4]) for one in found):
            where = (address[0], port, *address[2:])
            opened.append(socket.create_server(where, family=family, backlog=BACKLOG))
            port = opened[0].getsockname()[1]
    except OSError:
        for one in opened:
            one.close()
        raise
    return opened


def free_port(wanted: int = 0) -> int:
    try:
        return try_port("127.0.0.1", wanted)
    except (OSError, OverflowError):
        return try_port("127.0.0.1", 0)


def try_port(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)
        return listener.getsockname()[1]


def url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def write_privately(file: Path, text: str) -> None:
    """Writes a file with secrets, which only the owner can read from the first moment on.

    After a power cut the file is the whole old one or the whole new one. Raises OSError.
    """
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        new.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    sync(file.parent)


def sync(path: Path) -> None:
    """Makes a file's content, or a folder's list of names, survive a power cut. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


_FRAME = re.compile(r"\s|Traceback|During handling|The above exception|[~^|+ -]*$")
_KIND = re.compile(r"^(?:[\w.]+\.)?(?:SystemExit|[A-Z]\w*(?:Error|Exception)): ")
_LONGEST_WORDS = 300


def last_words(log: Path, beginning: int = 0) -> str:
    """Returns the last meaningful line of a log after the position beginning, or ""."""
    try:
        with open(log, "rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(beginning, end - 100_000))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line for line in lines if line.strip() and not _FRAME.match(line)]
    words = _of_json(said[-1]) if said else ""
    return _KIND.sub("", words)[:_LONGEST_WORDS].rstrip(" .")


def _of_json(line: str) -> str:
    """Returns the exception of a JSON log line, because it says more than the message."""
    try:
        told = json.loads(line)
        exception = str(told.get("exception") or "").strip().splitlines()
        return exception[-1] if exception else str(told["message"])
    except (ValueError, KeyError, AttributeError):
        return line
