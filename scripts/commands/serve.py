"""Runs the bar until Ctrl-C: scripts/serve continues here once the environment is set up."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

from domain.people import StaffRole
from scripts import options
from scripts.environment import step
from scripts.local import bar_clock, folder
from scripts.local.stack import LocalStack, is_setting
from scripts.local.troubles import KEEPING, PROCESS, ClockWatch, Once, Watch
from scripts.machine import StackError, raise_descriptor_limit, write_on_whatever_happens

HEALTH_SECONDS = 2  # Each check is cheap: it only looks at two processes.
DEAD_LETTER_SECONDS = 10
TRIM_SECONDS = 60


def main() -> NoReturn:
    chosen = options.parse_serve(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    write_on_whatever_happens()
    raise_descriptor_limit()
    os.umask(0o077)  # The data folder holds sessions and keys.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Under nohup, SIGHUP stays ignored.
        signal.signal(signal.SIGHUP, _interrupt)
    settings = {
        name.lower(): value or None for name, value in os.environ.items() if is_setting(name)
    }
    is_shared = chosen.host in ("0.0.0.0", "::")
    stack = LocalStack(
        chosen.data,
        chosen.host,
        chosen.port,
        public_host=chosen.name or (lan_address() if is_shared else None),
        tls=chosen.tls and tuple(chosen.tls),
        behind_proxy=chosen.behind_proxy or "",
        progress=step,
        **settings,
    )
    stack.notices += options.notices_about(chosen, os.environ)
    code = 0
    try:
        stack.start()
        run(stack, not options.is_loopback(chosen.host))
    except StackError as error:
        print(error, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
    try:
        stack.stop()
    except KeyboardInterrupt:
        stack.kill()
        sys.exit("Stopped at once; the last seconds may not be saved.")
    if code == 0 and stack.unkept:
        print(
            f"Stopped. Not everything is kept in {chosen.data}: {stack.unkept}. The end of"
            f" {stack.data / 'emulator.log'} says more; start again to see what is there.",
            file=sys.stderr,
        )
        code = 1
    elif code == 0:
        print(f"Stopped. Everything is kept in {chosen.data}.")
    sys.exit(code)


def _interrupt(*_) -> NoReturn:
    raise KeyboardInterrupt


def say(line: str) -> None:
    print(line, flush=True)


def run(stack: LocalStack, is_reachable_by_phones: bool) -> NoReturn:
    announce(stack, is_reachable_by_phones)
    rounds = Rounds(stack)
    with rounds.going():
        while True:
            signal.pause()


class Rounds:
    """The jobs that are repeated while the bar runs."""

    def __init__(self, stack: LocalStack, say: Callable[[str], None] = say):
        self._stack, self._say = stack, say
        self._watch, self._processes = Watch(say), Watch(say)
        self._missing, self._odd = Once(say), Once(say)
        self._set_aside = 0
        self._clock = ClockWatch(stack.data / bar_clock.FILE)

    @contextlib.contextmanager
    def going(self) -> Iterator[None]:
        """Runs each job in a thread of its own; its pause does not depend on the
        machine's clock.
        """
        over = threading.Event()

        def again_and_again(job: Callable[[], None], seconds: float) -> None:
            while not over.wait(seconds):
                try:
                    job()
                except Exception as error:
                    # The next round may succeed, and no job may end while the bar runs.
                    self._odd.hear(f"A look at the bar failed ({error!r}). It is tried again.")

        for job, seconds in (
            (self.keep_alive, HEALTH_SECONDS),
            (self.look_for_troubles, HEALTH_SECONDS),
            (self.count_dead_letters, DEAD_LETTER_SECONDS),
            (self.trim_logs, TRIM_SECONDS),
        ):
            threading.Thread(target=again_and_again, args=(job, seconds), daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def keep_alive(self) -> None:
        """Restarts processes that have died; reports a failing restart only once."""
        try:
            for name in self._stack.revive():
                self._say(f"{name} had stopped; it runs again.")
            self._processes.forget()
        except (StackError, OSError) as error:
            self._processes.hear({PROCESS: f"{error} Trying again until it works."})

    def look_for_troubles(self) -> None:
        """Reports trouble with disk, folder, emulator and clock, and the end of the trouble."""
        try:
            self._watch.hear(self._stack.troubles())
            self._missing.hear(self._stack.missing)
            if line := self._clock.step():
                self._say(line)
            with contextlib.suppress(OSError):  # A full disk is already reported.
                self._stack.clock.write_down()
        except OSError as error:
            self._watch.hear({KEEPING: f"The data folder cannot be looked at ({error.strerror})."})

    def count_dead_letters(self) -> None:
        """Reports when there are more dead letters than before."""
        count = self._stack.dead_letters()
        if count is None:
            return
        if count > self._set_aside:
            self._say(
                f"Set aside, as it could not be read or delivered: {count} (all orders go on)."
                " scripts/dead-letters list says what and why."
            )
        self._set_aside = count

    def trim_logs(self) -> None:
        """Keeps the logs small; a log that cannot be trimmed counts as a trouble of the folder."""
        with contextlib.suppress(OSError):
            self._stack.trim_logs()


def announce(stack: LocalStack, is_reachable_by_phones: bool) -> None:
    try:
        folder.put(stack.data / "sign-in-links.json", stack.links)
    except StackError as error:
        say(f"The links are only here: {error}")
    print(f"\nReady: {stack.base_url}/ (Ctrl-C stops it)")
    print("\nSign in, each link once and within 15 minutes:")
    for role in StaffRole:
        print(f"  {role:<8} {stack.links[role]}")
    if is_reachable_by_phones:
        print("\nFrom a phone on the same Wi-Fi, open the address above or scan it here:\n")
        print_qr_code(f"{stack.base_url}/")
    else:
        print("\nFor phones on the same Wi-Fi, start it with --host 0.0.0.0.")
    if stack.base_url.startswith("http:"):
        print(
            "Without https, cookies go without the marks Secure and __Host-;"
            " --tls CERT KEY serves https."
        )
    if stack.developer_url:
        print(f"Texts that are not sent from here: {stack.developer_url} (this machine only)")
    print("Fresh sign-in links: scripts/staff link --role ROLE")
    print("An account with a password: scripts/staff add-admin EMAIL")
    for line in stack.warnings():
        print(line)
    sys.stdout.flush()


def print_qr_code(url: str) -> None:
    import qrcode

    code = qrcode.QRCode(border=2)
    code.add_data(url)
    code.print_ascii(invert=True)


def lan_address() -> str:
    """Returns this machine's address in its network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # This sends nothing; it only makes the system choose its own address. The target is an
            # address reserved for documentation.
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


if __name__ == "__main__":
    main()
