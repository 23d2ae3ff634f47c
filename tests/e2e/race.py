"""One of several processes that want the same thing at the same moment.

python -m tests.e2e.race shop makes the shop they race in;
python -m tests.e2e.race JOB PROCESS THREADS says "ready", begins when a line comes in, and prints
what came of it. Each has the environment of a running bar, and its own connections and caches.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

from domain.errors import Refusal
from domain.shops import Shop
from webapp.bootstrap import build_services
from webapp.services.all_services import Services
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.intake.ports import CustomerSession
from webapp.services.limits import limits
from webapp.settings import Settings

SHOP = "race"
SCANS = 10
LIMIT = limits.Limit("race", 7, timedelta(days=300), "")
_ONE_CUSTOMER = "one customer"


def make_shop(services: Services) -> None:
    """A shop with one code's worth of scans."""
    day = 86_400
    shop = replace(
        Shop(id=SHOP), window_seconds=day, code_seconds=day, scans_per_code=SCANS, capacity=100
    )
    services.shops.create(shop)
    _browser(services, _ONE_CUSTOMER)


def _browser(services: Services, customer_id: str) -> CustomerSession:
    """A customer's browser that has just scanned the code, so that it has a pass."""
    session = services.customer_sessions.create(
        _secret(customer_id), customer_id, services.now() + timedelta(days=1)
    )
    shop = services.shop(SHOP)
    code = qr_codes.current_code(services, shop).qr_code.text
    passes.scan_code(services, shop, code, session)
    return services.customer_sessions.get(_secret(customer_id), services.now())


def _secret(customer_id: str) -> str:
    return f"secret of {customer_id}"


def _claim_alone(services: Services, name: str) -> Callable[[], str]:
    """A customer of their own, with a pass of their own, who claims a place."""
    session = _browser(services, name)
    return lambda: claims.claim_order(services, services.shop(SHOP), session).id


def _claim_with_one_pass(services: Services, name: str) -> Callable[[], str]:
    """One customer whose pass is used by all at once."""
    session = services.customer_sessions.get(_secret(_ONE_CUSTOMER), services.now())
    return lambda: claims.claim_order(services, services.shop(SHOP), session).id


def _take_of_limit(services: Services, _name: str) -> Callable[[], str]:
    def take() -> str:
        limits.take_of(services, LIMIT, "everybody")
        return "taken"

    return take


JOBS = {"claims": _claim_alone, "one pass": _claim_with_one_pass, "limit": _take_of_limit}


def main(job: str, process: str, threads: int) -> None:
    services = build_services(Settings.from_environment())
    tries = [JOBS[job](services, f"{job}-{process}-{number}") for number in range(threads)]
    start = Barrier(threads)

    def run(act: Callable[[], str]) -> str:
        start.wait()
        try:
            return act()
        except Refusal as refused:
            return type(refused).__name__

    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        print(json.dumps(list(pool.map(run, tries))), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "shop":
        make_shop(build_services(Settings.from_environment()))
    else:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
