"""The whole bar on this machine: AWS emulator, function, CloudFormation stack and web process.

The launcher uses it for scripts/serve, the tests use it like this:

    with LocalStack(data=folder, choose_seconds=2) as stack:
        stack.base_url, stack.endpoint_url, stack.links["barista"], stack.environment

The environment holds the deployer's keys, which may do anything. The web process runs with the
function's own, as Lambda would hand them to it: what its role lacks shows here too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
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

from scripts.environment import ROOT, python_of
from scripts.local import deployment
from scripts.machine import (
    StackError,
    answers,
    checked_port,
    emulator_environment,
    end,
    free_port,
    is_running,
    plain_environment,
    url_host,
    write_privately,
)

ROLES = ("admin", "barista", "display")
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
"""What the variables of extensions begin with; the extensions know the rest."""
LARGEST_LOG = 20_000_000
LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "localhost"}
"""Where this machine finds what listens on all addresses."""


def is_setting(name: str) -> bool:
    """True for a variable by which a person sets the bar up."""
    return name in SETTINGS or name.startswith(OF_EXTENSIONS)


class LocalStack:
    """Settings are the five of scripts/serve in lower case, such as choose_seconds=2.

    live_relay=False: pages read from the emulator's IoT Core themselves, as they do on AWS.
    tls: a certificate and its key; the pages are then served over https.
    behind_proxy: the address of a proxy that is believed when it says who asks. public_host may
    then be the whole address that the proxy is reached at, such as https://bar.example.
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
        # What the parts of this start know each other by.
        self._secrets = {
            name: secrets.token_urlsafe(30)
            for name in ("BAR_SECRET", "EVENTS_SECRET", "DEVELOPER_KEY")
        }
        self._emulator: Popen | None = None
        self._web: Popen | None = None
        # Sign-in links by role; each works once, link() makes a fresh one.
        self.links: dict[str, str] = {}
        self._open_files = contextlib.ExitStack()
        self._change = threading.Lock()  # Held by whoever starts or stops a process.
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
        self._check_certificate()
        self._claim_folder()
        self.port = checked_port(self.host, self._port)
        self._ports = self._choose_ports()
        self.endpoint_url = f"http://127.0.0.1:{self._ports['emulator']}"
        scheme = "https" if self._tls else "http"
        self.base_url = f"{scheme}://{url_host(self._public_host or self.host)}:{self.port}"
        if "://" in (self._public_host or ""):
            self.base_url = self._public_host.rstrip("/")
        self.environment = self._make_environment()
        self.function_environment = self.environment | self._function_keys
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
                links = self._start_making_links(ROLES)
                self._wait_for_web()
                self.links = dict(zip(ROLES, finish_making_links(links), strict=True))
        write_privately(self.data / "running.json", json.dumps({"environment": self.environment}))
        self.save()
        self._wait_for_first_snapshot()

    def stop(self) -> None:
        """Stop the web process first, then the emulator, which saves everything as it goes."""
        self._stopping.set()
        with self._change:
            try:
                end(self._web, seconds=5)
                end(self._emulator, seconds=20)
            finally:
                self.kill()
                self._web = self._emulator = None
                self._open_files.close()

    def kill(self) -> None:
        """End both processes at once, without saving."""
        self._stopping.set()
        for process in (self._web, self._emulator):
            if is_running(process):
                process.kill()
                process.wait()

    def save(self) -> None:
        """Ask the emulator for a snapshot; it writes one when something has changed."""
        if is_running(self._emulator):
            self._emulator.send_signal(signal.SIGUSR1)

    def trim_logs(self) -> None:
        """Keep each log's last part and one part before it; the processes go on appending."""
        for log_file in self.data.glob("*.log"):
            if not log_file.name.endswith(".old.log") and log_file.stat().st_size > LARGEST_LOG:
                shutil.copyfile(log_file, log_file.with_suffix(".old.log"))
                os.truncate(log_file, 0)

    def revive(self) -> list[str]:
        """Start again what has died. Returns the names of what was started."""
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

    # What callers ask for

    def link(self, role: str, shop: str = "main", name: str = "") -> str:
        """A fresh sign-in link."""
        return finish_making_links(self._start_making_links([role], shop, name))[0]

    @property
    def developer_url(self) -> str:
        """Where this machine alone reads the texts that are not sent; "" when it cannot."""
        if not (self.host in LOOPBACK_OF or self.host.startswith("127.") or self.host == "::1"):
            return ""
        scheme = "https" if self._tls else "http"
        host = url_host(LOOPBACK_OF.get(self.host, self.host))
        return f"{scheme}://{host}:{self.port}/developer/texts/{self._secrets['DEVELOPER_KEY']}"

    @property
    def internal_ports(self) -> dict[str, int]:
        """Where the emulator and the function's entry listen, for the bar alone."""
        return dict(self._ports)

    @property
    def web_process_id(self) -> int:
        """The process that answers pages and runs the function."""
        return self._web.pid

    def kill_emulator(self) -> None:
        """For tests: end the emulator as a crash would."""
        self._emulator.kill()
        self._emulator.wait()

    # Parts

    def _claim_folder(self) -> None:
        """Only one stack may use a data folder. The lock ends with this process."""
        try:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._open_files.enter_context(open(self.data / "lock", "a+"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.seek(0)
            lock.truncate()
            lock.write(str(os.getpid()))
            lock.flush()
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"The data folder {self.data} is in use by another scripts/serve"
                f" (process {lock.read()}). Stop that one, or choose another folder with --data."
            ) from None
        except OSError as error:
            raise StackError(
                f"The data folder {self.data} cannot be written to ({error.strerror})."
                " Choose another with --data, or change its rights."
            ) from None

    def _check_certificate(self) -> None:
        if self._tls:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*self._tls)
            except OSError as error:
                certificate, key = self._tls
                raise StackError(
                    f"{certificate} and {key} cannot be used as certificate and key"
                    f" ({error.strerror or error}). Give --tls a PEM certificate and its own key."
                ) from None

    def _choose_ports(self) -> dict[str, int]:
        """For the emulator and the function's entry: last time's, when they are still free."""
        file = self.data / "ports.json"
        try:
            last = json.loads(file.read_text())
        except (OSError, ValueError):
            last = {}
        ports = {name: free_port(last.get(name, 0)) for name in ("emulator", "events")}
        file.write_text(json.dumps(ports))
        return ports

    def _make_environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **self._deployer_keys,
            **self._secrets,
            "AWS_DEFAULT_REGION": deployment.REGION,
            "PUBLIC_URL": self.base_url,
            "SECRET_KEY": self._secret_key(),
            "DATA_DIR": str(self.data),
            "LIVE_RELAY": "1" if self._live_relay else "",
            **self._settings,
        }

    def _process_environment(self) -> dict[str, str]:
        # Settings come from our arguments only; the caller's own are none of this stack's.
        inherited = {k: v for k, v in plain_environment().items() if not is_setting(k)}
        return inherited | self.environment

    def _function_credentials(self) -> str:
        return json.dumps({"role": deployment.FUNCTION_ROLE_ARN, **self._function_keys})

    def _secret_key(self) -> str:
        file = self.data / "secret-key"
        if not file.exists():
            write_privately(file, secrets.token_urlsafe(32))
        return file.read_text()

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
                "RIGHTS_LOG": os.environ.get("RIGHTS_LOG", ""),
                "METER_LOG": os.environ.get("METER_LOG", ""),
            },
        )

    def _wait_for_emulator(self) -> None:
        url = f"{self.endpoint_url}/_ministack/ready"
        secret = {"X-Bar-Secret": self._secrets["BAR_SECRET"]}
        self._wait_for(url, self._emulator, "The AWS emulator", "emulator.log", secret)

    def _wait_for_first_snapshot(self) -> None:
        """A crash before it would come back without the shop that the web process has made."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not (self.data / "aws" / "snapshot.json").exists():
            time.sleep(0.01)

    def _deploy(self) -> None:
        secret = self._secrets["EVENTS_SECRET"]
        events_url = f"http://127.0.0.1:{self._ports['events']}/{secret}"
        record = self.data / "deployed.json"
        deployment.deploy(self._clients, events_url, self.environment, self._settings, record)

    def _start_web(self) -> None:
        ports = ["--port", str(self.port), "--events-port", str(self._ports["events"])]
        if self._tls:
            ports += ["--tls", *map(str, self._tls)]
        if self._behind_proxy:
            ports += ["--behind-proxy", self._behind_proxy]
        self._web = self._spawn(
            [
                sys.executable, "-m", "scripts.local.guarded", "webapp.local", "--host", self.host,
                *ports,
            ],
            "web.log",
            self._process_environment() | self._function_keys,
        )

    def _wait_for_web(self) -> None:
        local = LOOPBACK_OF.get(self.host, self.host)
        url = f"{'https' if self._tls else 'http'}://{url_host(local)}:{self.port}/healthz"
        self._wait_for(url, self._web, "The web process", "web.log")

    def _spawn(self, command: list, log_name: str, env: dict[str, str]) -> Popen:
        with open(self.data / log_name, "ab") as log:
            # A session of its own: Ctrl-C in the terminal reaches only us; we stop them in order.
            return subprocess.Popen(
                command,
                env=env,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_for(
        self, url: str, process: Popen, name: str, log_name: str,
        headers: Mapping[str, str] = MappingProxyType({}), seconds: int = 60,
    ) -> None:
        deadline = time.monotonic() + seconds
        while is_running(process) and time.monotonic() < deadline and not self._stopping.is_set():
            if answers(url, headers):
                return
            time.sleep(0.03)
        what = f"did not answer within {seconds} s" if is_running(process) else "stopped at once"
        raise StackError(f"{name} {what}; the reason is at the end of {self.data / log_name}.")

    def _start_making_links(
        self, roles: Iterable[str], shop: str = "main", name: str = ""
    ) -> Popen:
        """In a process of its own: the models keep the first endpoint that they meet.

        It imports what it needs while the web process starts, and goes on when its input closes.
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
