"""The whole bar on this machine: AWS emulator, function, CloudFormation stack and web process.

The launcher uses it for scripts/serve, and the tests use it like this:

    with LocalStack(data=folder, choose_seconds=2) as stack:
        stack.base_url, stack.endpoint_url, stack.links["barista"], stack.environment

The environment has the deployer's keys, which may do everything. The web process runs with the
function's own keys, as on Lambda, so that a right that its role lacks is missing here, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen
from types import MappingProxyType
from typing import IO

from domain.people import StaffRole
from scripts.environment import ROOT, python_of
from scripts.local import deployment, folder
from scripts.local.bar_clock import FILE, VARIABLE, ClockKeeper, boot
from scripts.local.certificate import warnings_about
from scripts.local.troubles import ask_status, at_the_start, place_of, troubles_of
from scripts.machine import (
    SECRET_HEADER,
    StackError,
    answers,
    emulator_environment,
    end,
    free_port,
    is_running,
    last_words,
    listeners,
    plain_environment,
    url_host,
)

SETTINGS = (
    "CHOOSE_SECONDS",
    "MAKE_SECONDS",
    "CODE_WINDOW_SECONDS",
    "CODE_SECONDS",
    "SCANS_PER_CODE",
    "SHOP_CAPACITY",
    "EXTENSIONS",
)
OF_EXTENSIONS = "EXTENSION_"
"""The prefix of the extensions' variables; the extensions know the rest of the names."""
LARGEST_LOG = 20_000_000
LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "localhost"}
"""The address at which this machine reaches a server that listens on all addresses."""
DEAD_LETTERS = "serverlesspresso-dead-letters"


def is_setting(name: str) -> bool:
    """Returns whether a person sets the bar up with this variable."""
    return name in SETTINGS or name.startswith(OF_EXTENSIONS)


class LocalStack:
    """One bar on this machine. Settings are those of scripts/serve in lower case: choose_seconds=2.

    live_relay: False makes pages read from the emulator's IoT Core themselves, as they do on AWS.
    tls: a certificate and its key; the pages are then served over https.
    behind_proxy: the address of a proxy that is trusted to name the client. Then public_host may be
        the whole address of the proxy, such as https://bar.example.
    """

    def __init__(
        self,
        data: Path | str,
        host: str = "127.0.0.1",
        port: int = 0,
        public_host: str | None = None,
        progress: Callable[[str], AbstractContextManager] | None = None,
        live_relay: bool = True,
        tls: tuple[Path, Path] | None = None,
        behind_proxy: str = "",
        **settings: int | str | None,
    ) -> None:
        self.data = Path(data)
        self.host = host
        self._port = port
        self._public_host = public_host
        self._tls = tls
        self._behind_proxy = behind_proxy
        self._step = progress or (lambda label: contextlib.nullcontext())
        self._settings = {
            name.upper(): str(value) for name, value in settings.items() if value is not None
        }
        unknown = {name for name in self._settings if not is_setting(name)}
        if unknown:
            raise TypeError(f"Unknown settings: {', '.join(sorted(unknown))}")
        self._live_relay = live_relay
        self._deployer_keys = {
            "AWS_ACCESS_KEY_ID": "deployer",
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        }
        self._function_keys = {
            "AWS_ACCESS_KEY_ID": "ASIA" + secrets.token_hex(8).upper(),
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
            "AWS_SESSION_TOKEN": secrets.token_urlsafe(60),
        }
        # The processes of this start recognise each other by these secrets.
        self._secrets = {
            name: secrets.token_urlsafe(30)
            for name in ("BAR_SECRET", "EVENTS_SECRET", "DEVELOPER_KEY")
        }
        self._emulator: Popen | None = None
        self._web: Popen | None = None
        # Sign-in links by role. Each link works once; link() makes a new one.
        self.links: dict[str, str] = {}
        # One line for each thing that a person should know although the bar runs.
        self.notices: list[str] = []
        self.missing = ""
        self.unkept = ""
        self._lock: IO[str] | None = None
        self._listeners: list[socket.socket] = []
        self._log_begins: dict[str, int] = {}
        self._change = threading.Lock()  # Held while a process is started or stopped.
        self._stopping = threading.Event()

    def __enter__(self) -> LocalStack:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    # The life of the stack

    def start(self) -> None:
        try:
            self._start()
        except OSError as error:
            if error.errno in folder.OF_THE_DISK:
                raise folder.not_writable(self.data, error) from None
            raise StackError(f"The bar could not start: {error}.") from error

    def _start(self) -> None:
        self._check_certificate()
        self.notices += folder.check(self.data)
        self._lock = folder.claim(self.data)
        self.place = place_of(self.data)
        self.clock = ClockKeeper(self.data / FILE, boot=boot())
        self.notices += at_the_start(self.clock.ahead(), self.data / FILE, time.time())
        self.clock.write_down()
        # The launcher holds the sockets, so that connections wait while the web process restarts.
        self._listeners = listeners(self.host, self._port)
        self.port = self._listeners[0].getsockname()[1]
        self._ports = self._choose_ports()
        self.endpoint_url = f"http://127.0.0.1:{self._ports['emulator']}"
        scheme = "https" if self._tls else "http"
        self.base_url = f"{scheme}://{url_host(self._public_host or self.host)}:{self.port}"
        if "://" in (self._public_host or ""):
            self.base_url = self._public_host.rstrip("/")
        self.environment = self._make_environment()
        self.function_environment = self.environment | self._function_keys
        # The keys of an earlier start are no longer valid.
        (self.data / "running.json").unlink(missing_ok=True)
        with self._change:
            with self._step("AWS emulator"):
                self._start_emulator()
                self._clients = deployment.make_clients(
                    self.endpoint_url, *self._deployer_keys.values()
                )
                self._wait_for_emulator()
            with self._step("Tables, rules and workflow"):
                self._deploy()
            with self._step("Web pages"):
                self._start_web()
                links = self._start_making_links(StaffRole)
                self._wait_for_web()
                self.links = dict(zip(StaffRole, finish_making_links(links), strict=True))
        folder.put(self.data / "running.json", {"environment": self.environment})

    def stop(self) -> None:
        """Stops the web process first, then the emulator, which saves everything as it goes.

        Afterwards `unkept` says why not everything is kept; it is "" when everything is.
        """
        self._stopping.set()
        with self._change:
            try:
                self._stop_listening()
                end(self._web, seconds=5)
                self.unkept = self._end_emulator()
            finally:
                self.kill()
                self._web = self._emulator = None
                if self._lock:
                    if self.unkept:
                        self._lock.close()
                    else:
                        folder.free_again(self._lock)
                    self._lock = None

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    def _end_emulator(self) -> str:
        """Returns why not everything is kept; "" when the emulator said so and then ended well."""
        emulator = self._emulator
        if emulator is None:
            return ""
        if not is_running(emulator):
            return "the AWS emulator had ended by itself"
        trouble = self._trouble_at_the_end()
        end(emulator, seconds=20)
        if emulator.returncode < 0:
            return "the AWS emulator did not end by itself within 20 seconds"
        if emulator.returncode:
            words = last_words(self.data / "emulator.log", self._log_begins.get("emulator.log", 0))
            # When the disk cannot be written to, the log says nothing.
            return words or trouble or f"the AWS emulator ended with code {emulator.returncode}"
        return trouble

    def _trouble_at_the_end(self) -> str:
        """Gives the emulator a last chance to keep everything; returns what prevents it, or ""."""
        status = self.status()
        if status and status.get("kept") is False:
            # The emulator tries again each second.
            deadline = time.monotonic() + 3
            while (status := self.status()) and status.get("kept") is False:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
        if not status:
            return "the AWS emulator does not answer"
        kept = status.get("kept") is True
        return "" if kept else str(status.get("trouble") or "it does not say why").rstrip(".")

    def status(self) -> dict | None:
        """Returns the emulator's status; None while it does not answer."""
        return ask_status(self.endpoint_url, self._secrets["BAR_SECRET"])

    def troubles(self) -> dict[str, str]:
        """Returns what is wrong now; see troubles.troubles_of."""
        status = self.status()
        if status and status.get("missing"):
            self.missing = str(status["missing"])
        return troubles_of(self.data, self.place, status)

    def kill(self) -> None:
        """Ends both processes at once, without saving."""
        self._stopping.set()
        for process in (self._web, self._emulator):
            if is_running(process):
                process.kill()
                process.wait()

    def trim_logs(self) -> None:
        """Keeps the last part of each log and one part before it; the processes go on appending."""
        for log_file in self.data.glob("*.log"):
            if not log_file.name.endswith(".old.log") and log_file.stat().st_size > LARGEST_LOG:
                try:
                    shutil.copyfile(log_file, log_file.with_suffix(".old.log"))
                except OSError:
                    # On a full disk, space is worth more than the earlier part.
                    log_file.with_suffix(".old.log").unlink(missing_ok=True)
                os.truncate(log_file, 0)

    def revive(self) -> list[str]:
        """Restarts processes that have died; returns the names of the restarted ones."""
        revived = []
        with self._change:
            if self._stopping.is_set():
                return []
            if not is_running(self._emulator):
                self._start_emulator()
                self._wait_for_emulator()
                self._deploy()
                revived.append("The AWS emulator")
            if not is_running(self._web):
                self._start_web()
                self._wait_for_web()
                revived.append("The web process")
        return revived

    # Questions from callers

    def link(self, role: str, shop: str = "main", name: str = "") -> str:
        """Returns a fresh sign-in link."""
        return finish_making_links(self._start_making_links([role], shop, name))[0]

    @property
    def developer_url(self) -> str:
        """The address where only this machine reads unsent text messages; "" when it cannot."""
        if self._behind_proxy:
            # Behind a proxy nobody can tell which client is this machine, so the page answers
            # nobody.
            return ""
        if not (self.host in LOOPBACK_OF or self.host.startswith("127.") or self.host == "::1"):
            return ""
        scheme = "https" if self._tls else "http"
        host = url_host(LOOPBACK_OF.get(self.host, self.host))
        return f"{scheme}://{host}:{self.port}/developer/texts/{self._secrets['DEVELOPER_KEY']}"

    @property
    def internal_ports(self) -> dict[str, int]:
        """The ports of the emulator and the function's entry, which only the bar uses."""
        return dict(self._ports)

    @property
    def web_process_id(self) -> int:
        """The process that answers pages and runs the function."""
        return self._web.pid

    @property
    def emulator_process_id(self) -> int:
        """The process that stands for AWS."""
        return self._emulator.pid

    def kill_emulator(self) -> None:
        """Kills the emulator for tests, as a crash would."""
        self._emulator.kill()
        self._emulator.wait()

    def dead_letters(self) -> int | None:
        """Returns how many changes and events were set aside; None while it is unknown."""
        from botocore.exceptions import BotoCoreError, ClientError

        names = ["ApproximateNumberOfMessages"]
        try:
            queues = self._clients("sqs")
            url = queues.get_queue_url(QueueName=DEAD_LETTERS)["QueueUrl"]
            told = queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)
            return int(told["Attributes"][names[0]])
        except (BotoCoreError, ClientError, KeyError, ValueError):
            return None

    def warnings(self) -> list[str]:
        """Returns one line for each thing that a person should know although the bar
        has started.
        """
        if self._tls:
            name = self._public_host or self.host
            return [*self.notices, *warnings_about(self._tls[0], name)]
        return self.notices

    # Parts

    def _check_certificate(self) -> None:
        if self._tls:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                    # Without this, Python would ask in the terminal for the key's password.
                    *self._tls,
                    password=lambda: "",
                )
            except (OSError, ValueError) as error:
                certificate, key = self._tls
                why = getattr(error, "strerror", None) or error
                raise StackError(
                    f"{certificate} and {key} cannot be used as certificate and key ({why})."
                    " Give --tls a PEM certificate and its own key, without a password."
                ) from None

    def _choose_ports(self) -> dict[str, int]:
        """Returns ports for the emulator and the function's entry: the last ones, if
        they are free.
        """
        file = self.data / "ports.json"
        if folder.is_spoiled(file):
            self.notices.append(f"{file} could not be read and is made anew.")
        last = folder.read_object(file)
        ports: dict[str, int] = {}
        for name in ("emulator", "events"):
            wanted = last.get(name)
            is_good = type(wanted) is int and 1024 <= wanted <= 65535
            taken = {self.port, *ports.values()}
            port = free_port(wanted if is_good and wanted not in taken else 0)
            while port in taken:
                port = free_port()
            ports[name] = port
        folder.put(file, ports)
        return ports

    def _make_environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **self._deployer_keys,
            **self._secrets,
            "AWS_DEFAULT_REGION": deployment.REGION,
            "PUBLIC_URL": self.base_url,
            "SECRET_KEY": folder.secret_key(self.data),
            "DATA_DIR": str(self.data),
            VARIABLE: str(self.data / FILE),
            "LIVE_RELAY": "1" if self._live_relay else "",
            **self._settings,
        }

    def _process_environment(self) -> dict[str, str]:
        # Settings come only from our arguments, so the caller's own variables must have no effect.
        inherited = {k: v for k, v in plain_environment().items() if not is_setting(k)}
        return inherited | self.environment

    def _function_credentials(self) -> str:
        return json.dumps({"role": deployment.FUNCTION_ROLE_ARN, **self._function_keys})

    def _start_emulator(self) -> None:
        self._emulator = self._spawn(
            [python_of("ministack"), "-m", "scripts.local.guarded", "scripts.local.emulator"],
            "emulator.log",
            emulator_environment(self._ports["emulator"], self.data / "aws")
            | self._deployer_keys
            | {
                "FUNCTION_CREDENTIALS": self._function_credentials(),
                "BAR_SECRET": self._secrets["BAR_SECRET"],
                "PAGE_ORIGIN": self.base_url,
                VARIABLE: str(self.data / FILE),
                "RIGHTS_LOG": os.environ.get("RIGHTS_LOG", ""),
                "METER_LOG": os.environ.get("METER_LOG", ""),
            },
        )

    def _wait_for_emulator(self) -> None:
        url = f"{self.endpoint_url}/_ministack/ready"
        secret = {SECRET_HEADER: self._secrets["BAR_SECRET"]}
        self._wait_for(url, self._emulator, "The AWS emulator", "emulator.log", secret)

    def _deploy(self) -> None:
        secret = self._secrets["EVENTS_SECRET"]
        events_url = f"http://127.0.0.1:{self._ports['events']}/{secret}"
        record = self.data / "deployed.json"
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            deployment.deploy(self._clients, events_url, self.environment, self._settings, record)
        except (BotoCoreError, ClientError, KeyError, TypeError) as error:
            said = " ".join(str(error).split()).rstrip(".")
            raise StackError(
                f"The AWS emulator did not take the bar's tables and rules ({said}). More is at the"
                f" end of {self.data / 'emulator.log'}."
            ) from error

    def _start_web(self) -> None:
        sockets = [one.fileno() for one in self._listeners]
        arguments = ["--events-port", str(self._ports["events"])]
        arguments += ["--sockets", *map(str, sockets)]
        if self._tls:
            arguments += ["--tls", *map(str, self._tls)]
        if self._behind_proxy:
            arguments += ["--behind-proxy", self._behind_proxy]
        self._web = self._spawn(
            [
                sys.executable,
                "-m",
                "scripts.local.guarded",
                "webapp.local",
                *arguments,
            ],
            "web.log",
            self._process_environment() | self._function_keys,
            sockets,
        )

    def _wait_for_web(self) -> None:
        local = LOOPBACK_OF.get(self.host, self.host)
        url = f"{'https' if self._tls else 'http'}://{url_host(local)}:{self.port}/healthz"
        self._wait_for(url, self._web, "The web process", "web.log")

    def _spawn(
        self, command: list, log_name: str, env: dict[str, str], sockets: Iterable[int] = ()
    ) -> Popen:
        try:
            log = open(self.data / log_name, "ab")
        except OSError as error:
            raise folder.not_writable(self.data / log_name, error) from None
        with log:
            self._log_begins[log_name] = log.tell()
            # In a session of its own, the process gets no Ctrl-C; the launcher stops all in order.
            return subprocess.Popen(
                command,
                env=env,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # The processes inherit the lock, so that the next launcher waits until they have
                # ended.
                pass_fds=[*sockets, *([self._lock.fileno()] if self._lock else [])],
            )

    def _wait_for(
        self,
        url: str,
        process: Popen,
        name: str,
        log_name: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        seconds: int = 60,
    ) -> None:
        deadline = time.monotonic() + seconds
        while is_running(process) and time.monotonic() < deadline and not self._stopping.is_set():
            if answers(url, headers):
                return
            time.sleep(0.03)
        what = f"did not answer within {seconds} s" if is_running(process) else "stopped at once"
        log = self.data / log_name
        words = last_words(log, self._log_begins.get(log_name, 0))
        why = f": {words}. More is" if words else "; the reason is"
        raise StackError(f"{name} {what}{why} at the end of {log}.")

    def _start_making_links(
        self, roles: Iterable[str], shop: str = "main", name: str = ""
    ) -> Popen:
        """Starts making links in a process of its own: the models keep the first endpoint they use.

        It imports what it needs while the web process starts, and continues when its input closes.
        """
        command = [sys.executable, "-m", "scripts.local.sign_in_links", "--wait"]
        command += ["--shop", shop, "--name", name]
        for role in roles:
            command += ["--role", role]
        return subprocess.Popen(
            command,
            env=self._process_environment(),
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def finish_making_links(process: Popen) -> list[str]:
    links, errors = process.communicate()
    if process.returncode:
        reason = (errors.strip().splitlines() or ["no reason given"])[-1]
        raise StackError(f"No sign-in link could be made: {reason}")
    return links.split()
