"""Robots that use the bar's own pages.

They are browsers without JavaScript, so that a rehearsal also proves that the pages work without
it. APScheduler sets the pace; `--speed` shortens the robots' own waits only, never the bar's
deadlines.
"""

from __future__ import annotations

import logging
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import NoReturn

import mechanicalsoup
import requests
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from tqdm import tqdm

from domain.orders import ON_THE_BOARD, OrderState
from scripts import options

MOST_AT_ONCE = 200
LOOK_SECONDS = 2
SHORTEST_WAIT = 0.05
THINK_SECONDS = (8, 60)
MAKE_SECONDS = (10, 30)
COLLECT_SECONDS = (10, 60)
WALKS_AWAY_AFTER = 3
"""A customer gives up after this many scans that meet a full bar or a used-up QR code."""
OVER = frozenset(OrderState) - ON_THE_BOARD
NAMES = ("Ada", "Bit", "Cron", "Dot", "Echo", "Fern", "Gizmo", "Hex", "Ion", "Jot")


class Stopped(Exception):
    """The rehearsal is over; every robot stops."""


class Fault(Exception):
    """The bar gave an answer that it should never give; the text says where and how."""


class PhoneNeeded(Fault):
    """Robots have no phones, and nobody should pay for text messages of a rehearsal."""

    def __init__(self) -> None:
        super().__init__(
            "This shop asks its customers for a phone number, which robots do not have. Rehearse"
            " in a copy of it: scripts/shop copy ID --name NAME --rehearsal"
        )


class Pace:
    """The clock and the random numbers of all robots."""

    def __init__(self, speed: float, seed: int | None):
        self.speed = speed
        self.dice = Random(seed)
        self._stop = threading.Event()

    def wait(self, seconds: float) -> None:
        if self._stop.wait(max(seconds / self.speed, SHORTEST_WAIT)):
            raise Stopped

    def between(self, span: tuple[float, float]) -> float:
        return self.dice.uniform(*span)

    def stop(self) -> None:
        self._stop.set()


class Visitor:
    """A browser with its own cookies."""

    def __init__(self):
        self._browser = mechanicalsoup.StatefulBrowser(user_agent="coffee-bar-robot")

    def open(self, url: str) -> None:
        self._check(self._browser.open(url, timeout=30))

    def press(self, form: str, **fields: str) -> int:
        """Sends a form of the open page; returns the status of the answer."""
        self._browser.select_form(form)
        for name, value in fields.items():
            self._browser[name] = value
        return self._check(self._browser.submit_selected(timeout=30))

    def has(self, selector: str) -> bool:
        return self._browser.page.select_one(selector) is not None

    def all(self, selector: str) -> list:
        return self._browser.page.select(selector)

    def attribute(self, selector: str, name: str) -> str:
        element = self._browser.page.select_one(selector)
        return element.get(name, "") if element else ""

    def text(self, selector: str) -> str:
        element = self._browser.page.select_one(selector)
        return element.get_text(" ", strip=True) if element else ""

    def url_of(self, selector: str) -> str:
        return self._browser.absolute_url(self.attribute(selector, "href"))

    @property
    def url(self) -> str:
        return self._browser.url

    @property
    def title(self) -> str:
        return self.text("h1")

    def sign_in(self, link: str) -> None:
        self.open(link)
        if not self.has("form"):
            raise Fault(f"{self.title or 'The sign-in link does not work'}.")
        self.press("form")

    @staticmethod
    def _check(answer) -> int:
        if answer.status_code >= 500:
            raise Fault(f"{answer.request.method} {answer.request.url}: {answer.status_code}")
        return answer.status_code


class Television:
    """The screen that every robot customer looks at."""

    def __init__(self, link: str):
        self._visitor = Visitor()
        self._visitor.sign_in(link)
        self._board = self._visitor.url
        self._look = threading.Lock()

    def code(self) -> str | None:
        """Returns the address in the QR code that is shown now; None when none is shown."""
        with self._look:
            self._visitor.open(self._board)
            found = self._visitor.has("#code-panel a.when-open")
            return self._visitor.url_of("#code-panel a.when-open") if found else None


class Customer:
    """Scans, takes a place, chooses, and waits for the drink."""

    def __init__(self, pace: Pace, television: Television, cancel_share: float):
        self._pace = pace
        self._television = television
        self._cancel_share = cancel_share
        self._visitor = Visitor()
        self.waited: float | None = None

    def visit(self) -> str:
        """Makes one visit; returns in a few words how it ended."""
        refusal = self._get_place()
        if refusal:
            return refusal
        self._await(lambda state: state != "CLAIMED")
        if self._state() != "ADMITTED":
            return self._visitor.title
        self._pace.wait(self._pace.between(THINK_SECONDS))
        if self._pace.dice.random() < self._cancel_share:
            return self._change_mind()
        started = time.monotonic()
        self._choose()
        self._await(lambda state: state == "COMPLETED" or state in OVER)
        if self._state() in ("COMPLETED", "COLLECTED"):
            self.waited = time.monotonic() - started
            return "Served"
        return self._visitor.title

    def _get_place(self) -> str:
        """Returns "" when the customer has a place, or else the bar's last answer."""
        said = "No code on the screen"
        for _ in range(WALKS_AWAY_AFTER):
            code = self._television.code()
            if code:
                self._visitor.open(code)
                if not self._visitor.has("#get-my-place"):
                    said = self._visitor.title
                elif self._visitor.press("form:has(#get-my-place)") < 400 and self._state():
                    return ""
                else:
                    said = self._visitor.title
                if self._visitor.has("#number-form"):
                    raise PhoneNeeded
            self._pace.wait(self._pace.between((20, 60)))
        return said

    def _choose(self) -> None:
        dice = self._pace.dice
        drinks = [one["value"] for one in self._visitor.all("#menu [name=drink]:not([disabled])")]
        if not drinks:
            raise Fault(f"No drink to choose on {self._visitor.url}: {self._visitor.title}")
        drink = dice.choice(drinks)
        suits = self._visitor.attribute(f'#menu [name=drink][value="{drink}"]', "data-groups")
        options = {
            group: dice.choice(found)
            for group in suits.split()
            if (
                found := [
                    one["value"]
                    for one in self._visitor.all(f'#menu [name="{group}"]:not([disabled])')
                ]
            )
        }
        self._visitor.press("#menu", drink=drink, **options)
        self._visitor.open(self._visitor.url.removesuffix("/submit"))

    def _change_mind(self) -> str:
        self._visitor.press("form:has(#cancel-order)")
        return "Changed their mind"

    def _await(self, is_so: Callable[[str], bool]) -> None:
        while not is_so(self._state()):
            self._pace.wait(LOOK_SECONDS)
            self._visitor.open(self._visitor.url)

    def _state(self) -> str:
        return self._visitor.attribute("#order-panel", "data-state")


class Barista:
    """Takes the oldest order, makes it, and clears collected orders."""

    def __init__(self, pace: Pace, link: str, cancel_share: float):
        self._pace = pace
        self._cancel_share = cancel_share
        self._visitor = Visitor()
        self._visitor.sign_in(link)
        self._board = self._visitor.url
        self._collect_at: dict[str, float] = {}
        self.done = Counter()

    def work(self) -> None:
        """Looks at the board once and does what it asks for."""
        self._visitor.open(self._board)
        if not self._visitor.has("#barista-board"):
            raise Fault(f"{self._visitor.title or 'The board is gone'} ({self._board})")
        self._clear_collected()
        make = self._form("make")
        if not make:
            return
        order = make.removesuffix("/make")
        if self._pace.dice.random() < self._cancel_share:
            self._cancel(order)
        elif self._visitor.press(f'form[action="{make}"]') < 400:
            self._pace.wait(self._pace.between(MAKE_SECONDS))
            self._visitor.open(self._board)
            done = f'form[action="{order}/complete"]'
            if self._visitor.has(done) and self._visitor.press(done) < 400:
                self._count("Made")
        else:
            self._count("Somebody else was first")

    def _clear_collected(self) -> None:
        ready = [form["action"] for form in self._visitor.all('form[action$="/collected"]')]
        for action in ready:
            wait = self._pace.between(COLLECT_SECONDS) / self._pace.speed
            due = self._collect_at.setdefault(action, time.monotonic() + wait)
            if due <= time.monotonic() and self._visitor.has(f'form[action="{action}"]'):
                self._visitor.press(f'form[action="{action}"]')
                self._visitor.open(self._board)
        self._collect_at = {action: self._collect_at[action] for action in ready}

    def _cancel(self, order: str) -> None:
        if not self._visitor.has(f'form[action="{order}/cancel"]'):
            return
        self._visitor.press(f'form[action="{order}/cancel"]')
        if self._visitor.has("#reasons") and self._visitor.press("#reasons") < 400:
            self._count("Cancelled")

    def _form(self, action: str) -> str:
        return self._visitor.attribute(f'#waiting form[action$="/{action}"]', "action")

    def _count(self, what: str) -> None:
        self.done[what] += 1


# The two crews


def main() -> NoReturn:
    chosen = options.parse_robots(sys.argv[1:])
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    pace = Pace(chosen.speed, chosen.seed)
    finished = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: finished.set())
    crew = {"customers": run_customers, "baristas": run_baristas}[chosen.crew]
    try:
        faults = crew(chosen, pace, finished)
    except (Fault, requests.ConnectionError) as error:
        sys.exit(f"The rehearsal could not begin: {error}")
    for fault in faults:
        print(f"Fault: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


def run_customers(chosen, pace: Pace, finished: threading.Event) -> list[str]:
    television = Television((chosen.link or make_links(chosen, "display"))[0])
    results, waited, faults = Counter(), [], []
    jobs = new_scheduler()
    bar = tqdm(total=chosen.count, unit="customer", disable=None)
    come = 0
    change = threading.Lock()

    def arrive() -> None:
        nonlocal come
        with change:
            come += 1
            if chosen.count is None or come < chosen.count:
                pause = pace.dice.expovariate(chosen.per_hour * chosen.speed / 3600)
                jobs.add_job(arrive, "date", run_date=datetime.now() + timedelta(seconds=pause))
        customer = Customer(pace, television, chosen.cancel)
        try:
            result = customer.visit()
        except Stopped:
            return
        except PhoneNeeded as error:
            faults[:] = [str(error)]
            finished.set()
            return
        except (Fault, requests.RequestException) as error:
            result = "Fault"
            faults.append(str(error))
        with change:
            results[result] += 1
            if customer.waited is not None:
                waited.append(customer.waited)
            bar.update()
            bar.set_postfix_str(f"{results['Served']} served")
            if results.total() == chosen.count:
                finished.set()

    jobs.add_job(arrive)
    run_until(finished, jobs, pace)
    bar.close()
    report(results)
    if waited:
        print(
            f"Waited from order to ready: median {statistics.median(waited):.1f} s,"
            f" longest {max(waited):.1f} s."
        )
    return faults


def run_baristas(chosen, pace: Pace, finished: threading.Event) -> list[str]:
    links = chosen.link or make_links(chosen, "barista", chosen.count)
    crew = [Barista(pace, link, chosen.cancel) for link in links]
    faults: list[str] = []
    bar = tqdm(unit="drink", disable=None)
    jobs = new_scheduler()

    def work(barista: Barista) -> None:
        before = barista.done["Made"]
        try:
            barista.work()
        except Stopped:
            return
        except (Fault, requests.RequestException) as error:
            faults.append(str(error))
        bar.update(barista.done["Made"] - before)

    for barista in crew:
        seconds = max(LOOK_SECONDS / chosen.speed, SHORTEST_WAIT)
        jobs.add_job(work, "interval", seconds=seconds, args=[barista])
    if chosen.minutes:
        end = datetime.now() + timedelta(minutes=chosen.minutes)
        jobs.add_job(finished.set, "date", run_date=end)
    run_until(finished, jobs, pace)
    bar.close()
    report(sum((barista.done for barista in crew), Counter()))
    return faults


def new_scheduler() -> BackgroundScheduler:
    return BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(MOST_AT_ONCE)},
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
    )


def run_until(finished: threading.Event, jobs: BackgroundScheduler, pace: Pace) -> None:
    jobs.start()
    finished.wait()
    pace.stop()
    jobs.shutdown(wait=True)


def report(results: Counter) -> None:
    for result, count in results.most_common():
        print(f"{count:>6}  {result}")


def make_links(chosen, role: str, count: int = 1) -> list[str]:
    from domain.errors import NotFound
    from webapp.bootstrap import build_services
    from webapp.services.staff.sign_in import create_link
    from webapp.settings import Settings

    services = build_services(Settings.from_environment())
    names = [f"{NAMES[place % len(NAMES)]} (robot)" for place in range(count)]
    try:
        return [create_link(services, chosen.shop, role, name) for name in names]
    except NotFound:
        sys.exit(f"There is no shop called {chosen.shop} here.")


if __name__ == "__main__":
    main()
