"""Simulates a rush: many phones at a gateway whose Lambda runs only a few calls at once.

The function's own code answers, and the phones react as browsers do. Time is simulated and nobody
sleeps, so a busy machine changes only the processor seconds of a call:

- a call takes its processor time, stretched to what the function's memory buys, plus 4 ms for each
  call of AWS; when no started environment is free, a cold start comes first;
- when the account's limit of concurrent calls is reached, the HTTP API answers 503 at once; events
  come again after one second, and then after twice as long each time (Lambda keeps them for hours);
- a person loads a refused page again after a few seconds; a refused file or form is sent again only
  if the page does so.
"""

from __future__ import annotations

import base64
import gzip
import heapq
import itertools
import logging
import os
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from random import Random
from types import ModuleType
from urllib.parse import urlencode, urlsplit

MEMORY_MB = 768
MB_OF_A_PROCESSOR = 1769
AWS_CALL_SECONDS = 0.004
COLD_SECONDS = 1.0
"""Lambda places, loads and imports the package in this time; docs/package.md has our part of it."""
ROUND_TRIP_SECONDS = 0.08
TAP_AFTER_SECONDS = (3, 9)
LOAD_AGAIN_SECONDS = (3, 7)
GIVES_UP_AFTER = 5
EVENTS_OF_A_PLACE = 5
EVENTS_OF_AN_ORDER = 14
"""Calls for events and not for pages: outbox, workflow, screens, journey (docs/cost.md)."""
PAGES_LATER = 5
"""The pages that a phone and a tablet request until the drink is collected."""
EVENT_SECONDS = 0.06
REFUSED = (429, 503)

PHONES, WITHIN_SECONDS = 40, 10
RUSHES = {"rush": WITHIN_SECONDS, "at_a_whistle": 2}
"""The rushes that are tried with ten calls at once, in seconds: a
queue that scans, and the end of a talk.
"""
QUOTAS = (10, 50, 100, 1000)


@dataclass(frozen=True)
class Call:
    """One request of a phone; `kind` is its name in the counts."""

    kind: str
    method: str = "GET"
    path: str = ""
    form: tuple = ()


Step = Call | list[Call] | float
Walk = Generator[Step, object, None]


@dataclass
class Answer:
    status: int
    headers: dict = field(default_factory=dict)
    text: str = ""


class Lambda:
    """Runs walks against each other in simulated time.

    ask: answers a call, and returns how many seconds the function worked.
    """

    def __init__(self, most: int, ask: Callable[[Call, object], tuple[Answer, float]]):
        self._most, self._ask = most, ask
        self._running, self._warm = 0, 0
        self.now = 0.0
        self.refused: Counter[str] = Counter()
        self.peak = 0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), act))

    def run(self) -> None:
        while self._agenda:
            self.now, _, act = heapq.heappop(self._agenda)
            act()

    def start(self, moment: float, walk: Walk, who: object = None) -> None:
        self.at(moment, lambda: self._go_on(walk, who, None))

    def event(self, moment: float, wait: float = 1.0) -> None:
        """Makes an asynchronous call, which comes again later when the limit is reached."""

        def invoke() -> None:
            if self._running >= self._most:
                self.refused["events, which came again"] += 1
                self.event(self.now + wait, min(wait * 2, 300))
            else:
                self._occupy(EVENT_SECONDS)

        self.at(moment, invoke)

    def _go_on(self, walk: Walk, who: object, said: object) -> None:
        try:
            step = walk.send(said)
        except StopIteration:
            return
        if isinstance(step, float):
            self.at(self.now + step, lambda: self._go_on(walk, who, None))
            return
        calls = step if isinstance(step, list) else [step]
        answers: dict[int, Answer] = {}

        def answered(place: int, answer: Answer) -> None:
            answers[place] = answer
            if len(answers) == len(calls):
                in_order = [answers[one] for one in range(len(calls))]
                self._go_on(walk, who, in_order if isinstance(step, list) else in_order[0])

        for place, call in enumerate(calls):
            self._call(call, who, lambda answer, place=place: answered(place, answer))

    def _call(self, call: Call, who: object, answered: Callable[[Answer], None]) -> None:
        def arrive() -> None:
            if self._running >= self._most:
                self.refused[call.kind] += 1
                answer, seconds = Answer(503), 0.0
            else:
                answer, work = self._ask(call, who)
                seconds = self._occupy(work)
            back = self.now + seconds + ROUND_TRIP_SECONDS / 2
            self.at(back, lambda: answered(answer))

        self.at(self.now + ROUND_TRIP_SECONDS / 2, arrive)

    def _occupy(self, work: float) -> float:
        """Occupies an environment for this work, plus a cold start
        when none is warm; returns the seconds.
        """
        seconds = work
        if self._warm:
            self._warm -= 1
        else:
            seconds += COLD_SECONDS
        self._running += 1
        self.peak = max(self.peak, self._running)
        self.at(self.now + seconds, self._free)
        return seconds

    def _free(self) -> None:
        self._running -= 1
        self._warm += 1


@dataclass
class Seen:
    """What the people of a rush have seen."""

    first_page: list[float] = field(default_factory=list)
    menu: list[float] = field(default_factory=list)
    calls_before_tap: list[int] = field(default_factory=list)
    counted: Counter = field(default_factory=Counter)


def phone(function: Lambda, seen: Seen, dice: Random, shown: Callable[[], str]) -> Walk:
    """Scans, takes a place, and loads the order's page with all its files."""
    arrived = function.now
    page = yield from _page(Call("pages", path=shown()), seen, dice)
    if page is None:
        return
    calls = yield from _files(page, seen)
    seen.first_page.append(function.now - arrived)
    seen.calls_before_tap.append(1 + calls)
    yield dice.uniform(*TAP_AFTER_SECONDS)
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)[1]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    claim = Call("places", "POST", action, (("csrf_token", token),))
    answer, is_sure = (yield claim), "data-sure" in page.text
    for turn in itertools.count():
        if answer.status not in REFUSED:
            break
        if not is_sure:
            seen.counted["people who saw the gateway's error"] += 1
        if turn == GIVES_UP_AFTER:
            seen.counted["people who gave up"] += 1
            return
        yield 0.6 * 2.0**turn if is_sure else dice.uniform(*LOAD_AGAIN_SECONDS)
        answer = yield claim
    for number in range(EVENTS_OF_A_PLACE):
        function.event(function.now + 0.1 * (number + 1))
    page = yield from _page(Call("pages", path=answer.headers["location"]), seen, dice)
    if page is None:
        return
    yield from _files(page, seen)
    seen.menu.append(function.now - arrived)


def _page(call: Call, seen: Seen, dice: Random) -> Walk:
    for turn in range(GIVES_UP_AFTER + 1):
        if turn:
            yield dice.uniform(*LOAD_AGAIN_SECONDS)
        answer = yield call
        if answer.status not in REFUSED:
            return answer
        seen.counted["people who saw the gateway's error"] += 1
    seen.counted["people who gave up"] += 1
    return None


def _files(page: Answer, seen: Seen) -> Walk:
    """Requests all files of a page at once; returns how many calls that took."""
    missing = re.findall(r'(?:href|src)="([^"]*/static/dist/[^"]+)"', page.text)
    count, is_asked_again = 0, "createScriptURL" in page.text
    for turn in range(8):
        if not missing:
            break
        if turn:
            if not is_asked_again:
                seen.counted["pages without style or script"] += 1
                break
            yield 0.4 * 2.0 ** (turn - 1)
        answers = yield [Call("files", path=path) for path in missing]
        count += len(missing)
        pairs = zip(missing, answers, strict=True)
        missing = [path for path, answer in pairs if answer.status in REFUSED]
    return count


class Door:
    """Calls the function's own handler in this process, as Lambda does."""

    def __init__(self) -> None:
        from botocore.endpoint import Endpoint

        _give_zappa_its_settings()
        from webapp.entry import handler

        self._handler = handler
        self._calls = 0
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        make_request = Endpoint.make_request

        def counted(endpoint, *arguments, **named):
            self._calls += 1
            return make_request(endpoint, *arguments, **named)

        Endpoint.make_request = counted

    def ask(self, call: Call, who: dict) -> tuple[Answer, float]:
        path = urlsplit(call.path).path
        headers = {"host": "bar.example", "accept-encoding": "gzip"}
        if call.form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "body": urlencode(call.form),
            "isBase64Encoded": False,
            "cookies": [f"{name}={value}" for name, value in who["cookies"].items()],
            "requestContext": {
                "stage": "$default",
                "http": {"method": call.method, "path": path, "sourceIp": who["address"]},
            },
        }
        self._calls, began = 0, time.thread_time()
        given = self._handler(event, None)
        processor = time.thread_time() - began
        seconds = processor * MB_OF_A_PROCESSOR / MEMORY_MB + self._calls * AWS_CALL_SECONDS
        self.seconds[call.kind].append(seconds)
        for cookie in given["cookies"]:
            name, _, value = cookie.partition(";")[0].partition("=")
            who["cookies"][name] = value
        headers = {name.lower(): value for name, value in given["headers"].items()}
        body = given["body"].encode()
        if given["isBase64Encoded"]:
            body = base64.b64decode(body)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(given["statusCode"], headers, body.decode()), seconds


def _give_zappa_its_settings() -> None:
    import boto3
    from zappa.cli import ZappaCLI

    cli = ZappaCLI()
    cli.api_stage = "prod"
    cli.load_settings("zappa_settings.json", session=boto3.Session(region_name="us-east-1"))
    module = ModuleType("zappa_settings")
    exec(cli.get_zappa_settings_string(), module.__dict__)
    sys.modules["zappa_settings"] = module


def rush(stack) -> dict[str, float]:
    """Measures 40 phones at ten concurrent calls, within ten and
    two seconds, and what quotas carry.
    """
    # As on AWS, the function has its own keys, and pages read from IoT Core.
    os.environ.update(stack.function_environment | {"LIVE_RELAY": ""})
    from webapp.bootstrap import build_services
    from webapp.services.intake.qr_codes import current_code
    from webapp.settings import Settings

    services = build_services(Settings.from_environment())

    def shown() -> str:
        code = current_code(services, services.shop("main")).qr_code.text
        return f"/main/scan/{code}"

    figures: dict[str, float] = {}
    with _quiet():
        door = Door()
        _walk_through(door.ask, 10, 2, 1, shown)  # The first phones only warm this process up.
        door.seconds.clear()
        for name, within in RUSHES.items():
            seen, function = _walk_through(door.ask, 10, PHONES, within, shown)
            figures |= _told(name, seen, function)
    work = {kind: statistics.median(taken) for kind, taken in door.seconds.items()}
    figures |= {f"{kind}_ms_median": round(seconds * 1000) for kind, seconds in work.items()}
    for quota in QUOTAS:
        figures[f"phones_in_ten_seconds_at_{quota}"] = _most_phones(quota, work)
        figures[f"orders_an_hour_at_{quota}"] = _most_orders(quota, work)
    return figures


@contextmanager
def _quiet() -> Iterator[None]:
    """Hides the lines that Zappa prints for each request."""
    logging.disable(logging.INFO)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        yield
    logging.disable(logging.NOTSET)


def _told(name: str, seen: Seen, function: Lambda) -> dict[str, float]:
    return {
        f"{name}_calls_of_a_first_page": max(seen.calls_before_tap),
        f"{name}_first_page_s_median": round(statistics.median(seen.first_page), 2),
        f"{name}_first_page_s_worst": round(max(seen.first_page), 2),
        f"{name}_menus_of_{PHONES}": len(seen.menu),
        f"{name}_menu_s_worst": round(max(seen.menu, default=0), 1),
        f"{name}_errors_seen": seen.counted["people who saw the gateway's error"],
        f"{name}_gave_up": seen.counted["people who gave up"],
        f"{name}_without_style_or_script": seen.counted["pages without style or script"],
        f"{name}_calls_at_once": function.peak,
        f"{name}_calls_refused": function.refused.total(),
    }


def _walk_through(
    ask: Callable, most: int, phones: int, within: float, shown: Callable[[], str]
) -> tuple[Seen, Lambda]:
    dice = Random(1)
    function, seen = Lambda(most, ask), Seen()
    for number in range(phones):
        who = {"cookies": {}, "address": f"203.0.113.{number % 250 + 1}"}
        walk = phone(function, seen, dice, shown)
        function.start(dice.uniform(0, within), walk, who)
    function.run()
    return seen, function


def _most_phones(quota: int, work: dict[str, float]) -> int:
    """Returns how many people may scan within ten seconds while at most 1 % of pages
    are refused.
    """

    def carries(count: int) -> bool:
        dice, function = Random(2), Lambda(quota, lambda call, _: (Answer(200), work[call.kind]))
        for _ in range(count):
            function.start(dice.uniform(0, WITHIN_SECONDS), _order(function, dice, 0))
        function.run()
        return _refused_pages(function) <= 0.01 * count * 3

    return _most(carries)


def _most_orders(quota: int, work: dict[str, float]) -> int:
    """Returns how many orders an hour may come evenly while at most 1 % of pages are refused."""

    def carries(an_hour: int) -> bool:
        dice, function = Random(2), Lambda(quota, lambda call, _: (Answer(200), work[call.kind]))
        moment, count = 0.0, 0
        while moment < 300:
            moment += dice.expovariate(an_hour / 3600)
            count += 1
            function.start(moment, _order(function, dice, PAGES_LATER))
        function.run()
        return _refused_pages(function) <= 0.01 * count * (3 + PAGES_LATER)

    return _most(carries)


def _most(carries: Callable[[int], bool]) -> int:
    carried = 0
    for count in (lead * 10**zeros for zeros in range(1, 5) for lead in (1, 2, 3, 5, 7)):
        if not carries(count):
            break
        carried = count
    return carried


def _refused_pages(function: Lambda) -> int:
    return function.refused["pages"] + function.refused["places"]


def _order(function: Lambda, dice: Random, pages_later: int) -> Walk:
    for number in range(EVENTS_OF_AN_ORDER):
        first = dice.uniform(*TAP_AFTER_SECONDS) + 0.1 * number
        is_soon = number < EVENTS_OF_A_PLACE
        function.event(function.now + (first if is_soon else dice.uniform(20, 240)))
    yield Call("pages")
    yield dice.uniform(*TAP_AFTER_SECONDS)
    yield Call("places")
    yield [Call("pages"), Call("files")]
    for _ in range(pages_later):
        yield dice.uniform(10, 60)
        yield Call("pages")
