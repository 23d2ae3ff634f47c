"""The bar that teams have today becomes the present one while people order.

Deployed from a commit of this repository's own history, with Zappa's own command line. Phones and
tablet are browsers without script, so they are the pages' forms that work in both releases. The
tests are one story and run in this order.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
import requests

from scripts.commands.robots import Fault, Visitor
from tests.emulator import Emulator
from tests.team import Team

RELEASE = "68bb703"
STAGE = "dev"
PATIENCE_SECONDS = 90


@pytest.fixture(scope="module")
def names_below_localhost():
    """Browsers find these by themselves; Python's resolver may not."""
    resolve = socket.getaddrinfo

    def found(host, *arguments, **named):
        here = isinstance(host, str) and host.endswith(".localhost")
        return resolve("127.0.0.1" if here else host, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", found)
        yield


@pytest.fixture(scope="module")
def teams(tmp_path_factory, names_below_localhost):
    """The same people with the last release, and with what is here now."""
    folder = tmp_path_factory.mktemp("teams")
    with Emulator(folder) as emulator:
        last = Team(emulator, folder / "last", STAGE)
        last.check_out(RELEASE)
        present = Team(emulator, folder / "present", STAGE)
        present.clone()
        hours = str(6 * 3600)
        for team in (last, present):
            team.deploy_script(
                "init",
                "--stage",
                STAGE,
                "--region",
                "us-east-1",
                "--admin",
                "a@example.com",
                "--yes",
            )
            team.set_variables(
                CODE_SECONDS=hours,
                CODE_WINDOW_SECONDS=hours,
                SCANS_PER_CODE="100",
                CHOOSE_SECONDS="3000",
                MAKE_SECONDS="3000",
            )
        yield last, present


class Phone:
    """One customer, from the scan on."""

    def __init__(self, code: str):
        self._visitor = Visitor()
        _until(lambda: self._visitor.open(code) or self._visitor.has("#get-my-place"))

    def claim(self, then: str = "ADMITTED") -> Phone:
        self._visitor.press("form:has(#get-my-place)")
        self.wait_for(then)
        return self

    def order(self, then: str = "QUEUED") -> Phone:
        drink = self._visitor.attribute("#menu [name=drink]:not([disabled])", "value")
        self._visitor.press("#menu", drink=drink)
        self._visitor.open(self._visitor.url.removesuffix("/submit"))
        self.wait_for(then)
        return self

    def wait_for(self, state: str) -> None:
        _until(lambda: self._visitor.open(self._visitor.url) or self.state == state)

    @property
    def state(self) -> str:
        return self._visitor.attribute("#order-panel", "data-state")

    @property
    def order_id(self) -> str:
        return self._visitor.url.rsplit("/", 1)[1]


class Tablet:
    """The barista's, which stays signed in from one release to the next."""

    def __init__(self, link: str):
        self._visitor = Visitor()
        _until(lambda: self._visitor.sign_in(link) or True)
        self._board = self._visitor.url

    def tap(self, phone: Phone, *actions: str) -> None:
        for action in actions:
            form = f'form[action$="/{phone.order_id}/{action}"]'
            _until(lambda form=form: self._visitor.open(self._board) or self._visitor.has(form))
            assert self._visitor.press(form) < 400
            phone.wait_for(_AFTER[action])


_AFTER = {"make": "MAKING", "complete": "COMPLETED", "collected": "COLLECTED"}


def _until(is_so: Callable[[], bool]) -> None:
    """The emulator ends requests when it changes the function, as AWS does not."""
    end = time.monotonic() + PATIENCE_SECONDS
    said: Exception | None = None
    while time.monotonic() < end:
        try:
            if is_so():
                return
        except (Fault, requests.RequestException) as error:
            said = error
        time.sleep(0.1)
    raise AssertionError(said or "it did not come about")


@pytest.fixture(scope="module")
def story() -> dict:
    """What later tests need of earlier ones."""
    return {}


def test_the_last_release_takes_orders(teams, story):
    last, _ = teams
    last.zappa("deploy", STAGE)
    television = Visitor()
    link = last.link("display")
    _until(lambda: television.sign_in(link) or television.has("#code-panel a.when-open"))
    code = story["code"] = television.url_of("#code-panel a.when-open")
    tablet = story["tablet"] = Tablet(last.link("barista", name="Rui"))
    phones = {state: Phone(code) for state in ("scanned", *_ON_THE_WAY, *_OPEN)}
    for state, steps in _OPEN.items():
        phones[state].claim()
        if steps is not None:
            phones[state].order()
            tablet.tap(phones[state], *steps)
    phones["SUBMITTED"].claim()
    _read_changes_of_orders(last.emulator, False)
    phones["CLAIMED"].claim(then="CLAIMED")
    phones["SUBMITTED"].order(then="SUBMITTED")
    kept = (*_ON_THE_WAY, *_OPEN)
    assert {state: phones[state].state for state in kept} == {state: state for state in kept}
    story["phones"] = phones


_OPEN = {"ADMITTED": None, "QUEUED": (), "MAKING": ("make",), "COMPLETED": ("make", "complete")}
"""Every state that an open order rests in, and the tablet's way to it."""
_ON_THE_WAY = ("CLAIMED", "SUBMITTED")
"""States that an order leaves by itself, as soon as its change is read from the stream."""


def _read_changes_of_orders(emulator: Emulator, is_read: bool) -> None:
    client = emulator.client("lambda")
    [mapping] = [
        one
        for one in client.list_event_source_mappings()["EventSourceMappings"]
        if "-orders/stream" in one["EventSourceArn"]
    ]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=is_read)


def test_an_update_to_the_present_finishes_every_order_that_was_open(teams, story):
    _, present = teams
    said = present.zappa("update", STAGE)
    assert "The bar is open: " in said
    phones, tablet = story["phones"], story["tablet"]
    _read_changes_of_orders(present.emulator, True)
    phones["CLAIMED"].wait_for("ADMITTED")
    phones["SUBMITTED"].wait_for("QUEUED")
    phones["CLAIMED"].order()
    phones["scanned"].claim().order()
    phones["ADMITTED"].wait_for("ADMITTED")
    phones["ADMITTED"].order()
    for state in ("scanned", *_ON_THE_WAY, "ADMITTED", "QUEUED"):
        tablet.tap(phones[state], *_AFTER)
    tablet.tap(phones["MAKING"], "complete", "collected")
    tablet.tap(phones["COMPLETED"], "collected")
    _wait_until_all_have_succeeded(present.emulator, len(phones))


def _wait_until_all_have_succeeded(emulator: Emulator, count: int) -> None:
    client = emulator.client("stepfunctions")
    [machine] = client.list_state_machines()["stateMachines"]

    def have_succeeded() -> bool:
        executions = client.list_executions(stateMachineArn=machine["stateMachineArn"])
        return [one["status"] for one in executions["executions"]] == ["SUCCEEDED"] * count

    _until(have_succeeded)


def test_a_release_that_this_clone_does_not_have_is_one_line_that_says_what_to_do(tmp_path):
    team = Team(None, tmp_path / "clone", STAGE)
    with pytest.raises(LookupError, match="git fetch --unshallow") as said:
        team.check_out("0" * 40)
    assert "\n" not in str(said.value)
