"""Robots that order, make drinks and work in the office, and remember every answer they get.

An error promises nothing: a robot that meets one waits a moment and presses again, as people do.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import mechanicalsoup
import requests
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from domain.admission import sign_code
from domain.errors import Busy, Refusal
from scripts.breaking.memory import Memory
from scripts.commands.robots import Fault, Visitor
from webapp.bootstrap import build_services
from webapp.cloud.clients import session
from webapp.services.all_services import Services
from webapp.services.intake import qr_codes
from webapp.services.orders import walk_ups
from webapp.services.past import forgetting
from webapp.services.shop import switches
from webapp.services.staff import devices, people, sign_in
from webapp.services.staff.ports import StaffSession
from webapp.settings import Settings

SHOP = "main"
AWAY = (Fault, requests.RequestException, mechanicalsoup.LinkNotFoundError)
"""Errors when a page could not be loaded, or does not have the wanted button."""
NOT_DONE = (BotoCoreError, ClientError, PynamoDBException, OSError, Refusal, Busy)
"""Errors when a use case did not answer, or refused."""
PAUSE = 0.15
_ORDER_URL = re.compile(r"/orders/([0-9a-f]+)")


class Crew:
    """Everybody at the bar, each in a thread of their own."""

    def __init__(
        self, base_url: str, memory: Memory, dice: Random, phones: int, baristas: int
    ) -> None:
        self.base_url = base_url
        self.memory = memory
        self.services = build_services(Settings.from_environment())
        self.shop = self.services.shop(SHOP)
        qr_codes.current_code(self.services, self.shop)
        self.come_in = threading.Event()
        self.go_home = threading.Event()
        self.come_in.set()
        jobs: list[Callable[[Random], None]] = [self._phone] * phones
        jobs += [self._barista] * baristas + [self._office]
        self._threads = [
            threading.Thread(target=self._work, args=(job, Random(dice.random())), daemon=True)
            for job in jobs
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @staticmethod
    def take_keys(environment: Mapping[str, str]) -> None:
        """Uses the keys of the bar's new start, because the
        emulator no longer knows earlier keys.
        """
        # Every client signs with this one object.
        credentials = session().get_credentials()
        credentials.access_key = environment["AWS_ACCESS_KEY_ID"]
        credentials.secret_key = environment["AWS_SECRET_ACCESS_KEY"]

    def no_more_customers(self) -> None:
        """Lets customers inside get their drink, but lets no new customer in."""
        self.come_in.clear()

    def stop(self) -> None:
        self.go_home.set()
        for thread in self._threads:
            thread.join()

    def _work(self, job: Callable[[Random], None], dice: Random) -> None:
        while not self.go_home.is_set():
            try:
                job(dice)
            except (*AWAY, *NOT_DONE):
                time.sleep(PAUSE)
            except Exception as error:  # A robot that stops would prove nothing.
                where = traceback.extract_tb(error.__traceback__)
                lines = ", ".join(f"{Path(one.filename).name}:{one.lineno}" for one in where[-4:])
                self.memory.fault(f"{job.__name__}: {error!r} ({lines})")
                time.sleep(PAUSE)

    def _again(self, act: Callable[[], object], until: float) -> bool:
        """Tries until the action works; returns False when the time is over."""
        while time.monotonic() < until and not self.go_home.is_set():
            try:
                act()
                return True
            except AWAY:
                time.sleep(PAUSE)
        return False

    # A customer

    def _phone(self, dice: Random) -> None:
        if not self.come_in.is_set():
            time.sleep(PAUSE)
            return
        visitor, until = Visitor(), time.monotonic() + 90

        def get_place() -> None:
            code = sign_code(self.shop, self.services.now(), self.services.secret_keys).text
            visitor.open(f"{self.base_url}/{SHOP}/scan/{code}")
            if visitor.has("#get-my-place"):
                visitor.press("form:has(#get-my-place)")
                if self._look(visitor):
                    self.memory.count("place")

        def choose() -> None:
            visitor.open(self._order_url(visitor))
            if self._look(visitor) == "ADMITTED":
                visitor.press("#menu", drink="latte")
                visitor.open(self._order_url(visitor))
                if self._look(visitor) in ("SUBMITTED", "QUEUED", "MAKING"):
                    self.memory.count("order")

        def cancel() -> None:
            visitor.open(self._order_url(visitor))
            if self._look(visitor) in ("SUBMITTED", "QUEUED") and visitor.has("#cancel-order"):
                visitor.press("form:has(#cancel-order)")
                if self._look(visitor) == "CANCELLED":
                    self.memory.count("cancel")

        if not self._again(get_place, until) or not _ORDER_URL.search(visitor.url):
            time.sleep(PAUSE)
            return
        if dice.random() < 0.1:
            return  # This customer walks away, and the deadline frees the place.
        while self._state(visitor) in ("CLAIMED", "ADMITTED") and time.monotonic() < until:
            self._again(choose, until)
            time.sleep(PAUSE)
        if dice.random() < 0.15:
            self._again(cancel, until)
        while self._state(visitor) in ("SUBMITTED", "QUEUED", "MAKING", "COMPLETED"):
            if time.monotonic() > until or self.go_home.is_set():
                return
            time.sleep(2 * PAUSE)
            self._again(
                lambda: (visitor.open(self._order_url(visitor)), self._look(visitor)), until
            )

    def _order_url(self, visitor: Visitor) -> str:
        found = _ORDER_URL.search(visitor.url)
        return f"{self.base_url}/{SHOP}/orders/{found[1]}" if found else visitor.url

    def _look(self, visitor: Visitor) -> str:
        """Remembers what the order's page shows; returns the order state."""
        found = _ORDER_URL.search(visitor.url)
        state = self._state(visitor)
        if not found or not state:
            return ""
        number = visitor.text("#order-panel output")
        self.memory.order(
            found[1],
            int(visitor.attribute("#order-panel", "data-version")),
            int(number) if number.isdigit() else None,
            state,
        )
        return state

    @staticmethod
    def _state(visitor: Visitor) -> str:
        return visitor.attribute("#order-panel", "data-state")

    # A barista

    def _barista(self, dice: Random) -> None:
        visitor = Visitor()
        link = sign_in.create_link(self.services, SHOP, "barista", "Chaos")
        visitor.sign_in(link)
        board = visitor.url
        self.memory.fact("signed-in tablet", board, visitor)
        self.memory.count("sign-in")
        while not self.go_home.is_set():
            try:
                visitor.open(board)
                if not visitor.has("#barista-board"):
                    self.memory.fault(f"a signed-in tablet was shown {visitor.title!r}")
                    return
                self._read_board(visitor)
                self._act(visitor, dice)
            except AWAY:
                time.sleep(PAUSE)
            time.sleep(PAUSE / 2)

    def _act(self, visitor: Visitor, dice: Random) -> None:
        forms = [form["action"] for form in visitor.all("form[action]")]
        wanted = [one for one in forms if one.endswith(("/make", "/complete", "/collected"))]
        if not wanted:
            return
        action = dice.choice(wanted)
        order_id = _ORDER_URL.search(action)[1]
        if action.endswith("/make") and dice.random() < 0.05:
            cancelling = f'form[action$="{order_id}/cancel"]'
            if visitor.has(cancelling):
                visitor.press(cancelling)
                if visitor.has("#reasons") and visitor.press("#reasons") < 400:
                    self.memory.order(order_id, state="CANCELLED")
                    self.memory.count("cancel by the bar")
            return
        if visitor.press(f'form[action="{action}"]') < 400:
            if action.endswith("/collected"):
                self.memory.order(order_id, state="COLLECTED")
            self._read_board(visitor)
            self.memory.count(action.rpartition("/")[2])

    def _read_board(self, visitor: Visitor) -> None:
        for found in visitor.all("[data-card]"):
            number = found.get("data-number", "")
            self.memory.order(
                found["data-card"],
                int(found["data-version"]),
                int(number) if number.isdigit() else None,
            )

    # The office: everything that is not an order

    def _office(self, dice: Random) -> None:
        admin = StaffSession("chaos", SHOP, "admin", "Chaos")
        for act in (self._invite, self._add_device, self._sell_out, self._walk_up, self._erase):
            if self.go_home.is_set() or not self.come_in.is_set():
                break
            with contextlib.suppress(NOT_DONE):
                act(self.services, admin, dice)
            time.sleep(PAUSE)
        time.sleep(PAUSE)

    def _invite(self, services: Services, admin: StaffSession, dice: Random) -> None:
        email = f"chaos-{dice.randrange(10**9)}@example.com"
        invited = people.invite(services, people.TERMINAL, SHOP, email, "Chaos", "barista")
        self.memory.fact("account", email, invited.password)
        self.memory.count("account")

    def _add_device(self, services: Services, admin: StaffSession, dice: Random) -> None:
        token, device = devices.create_device(services, admin, "Chaos", ["orders:read"])
        self.memory.fact("device token", token, device.id)
        self.memory.count("device token")

    def _sell_out(self, services: Services, admin: StaffSession, dice: Random) -> None:
        is_sold_out = dice.random() < 0.5
        switches.set_sold_out(services, SHOP, "mocha", is_sold_out)
        self.memory.fact("sold out", "mocha", is_sold_out)
        self.memory.count("setting")

    def _walk_up(self, services: Services, admin: StaffSession, dice: Random) -> None:
        form_key = f"{dice.randrange(10**12)}"
        for _ in range(50):
            try:
                order = walk_ups.place_walk_up(services, admin, form_key, "latte", {}, "Chaos")
                break
            except NOT_DONE:
                time.sleep(PAUSE)
        else:
            return
        self.memory.order(order.id, order.version, order.number)
        self.memory.count("walk-up")

    def _erase(self, services: Services, admin: StaffSession, dice: Random) -> None:
        over = [key for key, told in list(self.memory.orders.items()) if told.end == "COLLECTED"]
        if not over:
            return
        order = services.orders.get(SHOP, dice.choice(over))
        if order is None or order.is_walk_up or order.customer_id == forgetting.FORGOTTEN:
            return
        forgetting.forget_customer(services, order.customer_id)
        self.memory.erased(order.id)
        self.memory.count("erasure")
