"""Runs the bar until Ctrl-C: what scripts/serve becomes once the environment is set up."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from scripts import options
from scripts.environment import step
from scripts.local.stack import ROLES, LocalStack, is_setting
from scripts.machine import StackError, raise_descriptor_limit, write_privately

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

HEALTH_SECONDS = 2  # Only a look at two processes.
TRIM_SECONDS = 60

_told = ""


def main() -> NoReturn:
    chosen = options.parse_serve(sys.argv[1:])
    sys.stdout.reconfigure(errors="replace")
    raise_descriptor_limit()
    os.umask(0o077)  # The data folder holds sessions and keys.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # As under nohup.
        signal.signal(signal.SIGHUP, _interrupt)
    settings = {name.lower(): value or None for name, value in os.environ.items() if is_setting(name)}
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
    code = 0
    try:
        stack.start()
        run(stack, is_shared or not chosen.host.startswith("127."))
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
    if code == 0:
        print(f"Stopped. Everything is kept in {chosen.data}.")
    sys.exit(code)


def _interrupt(*_) -> NoReturn:
    raise KeyboardInterrupt


def run(stack: LocalStack, is_reachable_by_phones: bool) -> NoReturn:
    announce(stack, is_reachable_by_phones)
    jobs = start_jobs(stack)
    try:
        while True:
            signal.pause()
    finally:
        jobs.shutdown(wait=False)


def start_jobs(stack: LocalStack) -> BackgroundScheduler:
    # Late: the address is printed sooner.
    from apscheduler.schedulers.background import BackgroundScheduler

    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    jobs = BackgroundScheduler(
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    )
    jobs.add_job(keep_alive, "interval", seconds=HEALTH_SECONDS, args=[stack])
    jobs.add_job(stack.trim_logs, "interval", seconds=TRIM_SECONDS)
    jobs.start()
    return jobs


def keep_alive(stack: LocalStack) -> None:
    """Start again what has died; while that fails, say so once."""
    global _told
    try:
        for name in stack.revive():
            print(f"{name} had stopped; it runs again.", flush=True)
        _told = ""
    except StackError as error:
        if str(error) != _told:
            print(f"{error} Trying again until it works.", flush=True)
        _told = str(error)


def announce(stack: LocalStack, is_reachable_by_phones: bool) -> None:
    write_privately(stack.data / "sign-in-links.json", json.dumps(stack.links, indent=2) + "\n")
    print(f"\nReady: {stack.base_url}/ (Ctrl-C stops it)")
    print("\nSign in, each link once and within 15 minutes:")
    for role in ROLES:
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
    sys.stdout.flush()


def print_qr_code(url: str) -> None:
    import qrcode

    code = qrcode.QRCode(border=2)
    code.add_data(url)
    code.print_ascii(invert=True)


def lan_address() -> str:
    """This machine's address in its network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing, it only picks the way out. The address is reserved for documentation.
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


if __name__ == "__main__":
    main()
