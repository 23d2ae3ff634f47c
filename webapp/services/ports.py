"""What the use cases speak to, and the bundle they get it in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from domain.admission import ScanPass, TokenBucket
from domain.detail_types import DetailType
from domain.errors import Busy, NotFound
from domain.orders import Order, OrderState
from domain.people import Person
from domain.shops import Shop
from domain.texts import N_

if TYPE_CHECKING:
    from domain.events import Event, OrderEvent
    from domain.recordings import RecordedEvent
    from webapp.extension_kit import Arrival, Extension, Kit

_ATTEMPTS = 5


class Stale(Exception):
    """The item is no longer as it was read; read again and decide anew."""


class AlreadyThere(Exception):
    """The item to be created exists."""


@dataclass(frozen=True)
class Claim:
    """All that one claim changes and must not exceed.

    session_id: the browser that begins it. calendar_day: the shop's day, for most_of_day.
    keep_days: for how many days the customer finds the order again.
    """

    order: Order
    bucket: TokenBucket
    session_id: str
    calendar_day: str
    most_open: int
    most_of_day: int
    keep_days: int = 1


@dataclass(frozen=True)
class OrderPlace:
    """An order's place in a list by time."""

    created_at: datetime
    order_id: str


@dataclass(frozen=True)
class OrderQuery:
    """Which orders: in any of `states` (empty: all), begun from `since` on and before `until`."""

    states: frozenset[OrderState] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    customer_id: str | None = None
    most: int = 50
    after: OrderPlace | None = None

    def asks_for(self, order: Order) -> bool:
        """Whether an order begun in that time is one of those."""
        is_theirs = self.customer_id is None or order.customer_id == self.customer_id
        return is_theirs and (not self.states or order.state in self.states)


class Orders(Protocol):
    def get(self, shop_id: str, order_id: str) -> Order | None: ...
    def open_orders(self, shop_id: str) -> list[Order]:
        """The orders on the shop's board."""
    def listed_orders(self, shop_id: str) -> list[Order]:
        """The orders on the shop's board, and collected ones that an earlier version left there."""
    def unlist(self, order: Order) -> None:
        """Takes a collected order off the list. Raises Stale."""
    def claim_walk_up(self, order: Order, calendar_day: str) -> None:
        """Creates an order that no code was scanned for. Raises AlreadyThere for this very one."""
    def claim(self, claim: Claim) -> None:
        """Takes a token and creates the order, or nothing of it.

        Raises AlreadyThere for this very order, HasOpenOrder, OrdersOfDayUsedUp, CodeUsedUp or
        Busy.
        """
    def save(self, before: Order, after: Order) -> Order:
        """Writes a move if the order is still as `before`; an end frees its place.

        An order taken back from its end has its place again, even in a full shop, and its customer
        has it under way. Raises Stale.
        """
    def next_attempt(self, order: Order) -> Order:
        """Counts one more execution for this order. Raises Stale."""
    def open_orders_of(self, shop_id: str, customer_id: str) -> list[Order]:
        """The customer's orders under way."""
    def recent_orders_of(self, shop_id: str, customer_id: str, most: int) -> list[Order]:
        """The customer's orders, newest first, for as long as the shop keeps whose they are."""
    def by_time(self, shop_id: str, asked: OrderQuery) -> tuple[list[Order], OrderPlace | None]:
        """A page of a shop's orders, newest first, and the place after which the next begins.

        A moment behind the writes.
        """
    def oldest(
        self, shop_id: str, since: datetime | None, until: datetime, most: int
    ) -> list[Order]:
        """The first orders that began from `since` on and before `until`, oldest first."""
    def forget(self, shop_id: str, order_id: str) -> None:
        """Takes out of an order whose it was, who made it and for whom; its state stays."""
    def task_token(self, order: Order) -> str | None:
        """What lets the order's execution go on; no other read gives it away."""


class Shops(Protocol):
    def get(self, shop_id: str) -> Shop | None: ...
    def ids(self) -> list[str]: ...
    def create(self, shop: Shop) -> bool: ...
    def save(self, before: Shop, after: Shop) -> None:
        """Raises Stale."""
    def open_order_count(self, shop_id: str) -> int: ...
    def next_number(self, shop_id: str, day: str) -> int: ...
    def nameless_until(self, shop_id: str) -> datetime | None:
        """Up to where nobody is named any more in the shop's past."""
    def set_nameless_until(
        self, shop_id: str, before: datetime | None, after: datetime
    ) -> None:
        """Only from where it was; another run that came further is left alone."""


class QrCodes(Protocol):
    def get_or_create(self, bucket: TokenBucket) -> TokenBucket: ...
    def get(self, shop_id: str, window: int) -> TokenBucket | None: ...


@dataclass(frozen=True)
class CustomerSession:
    """A customer's browser. `id` is not a secret.

    phone: the number it signed in with, masked; `phone_ends_at` is until when that counts.
    """

    id: str
    customer_id: str
    scan_pass: ScanPass | None = None
    phone: str = ""
    phone_ends_at: datetime | None = None

    def has_phone(self, now: datetime) -> bool:
        """True while its customer is who holds a phone number."""
        return self.phone_ends_at is not None and self.phone_ends_at > now


@dataclass(frozen=True)
class CustomerTrace:
    """What a shop holds about a customer: their orders by time and the browsers that made them."""

    shop_id: str
    customer_id: str
    entries: frozenset[str]
    sessions: frozenset[str]

    @property
    def order_ids(self) -> list[str]:
        return [entry.partition("#")[2] for entry in sorted(self.entries)]


class Customers(Protocol):
    def trace(self, shop_id: str, customer_id: str) -> CustomerTrace | None: ...
    def forget(self, trace: CustomerTrace) -> None:
        """Lets the orders and browsers of a trace go; the day's count stays. Raises Stale."""


class CustomerSessions(Protocol):
    def create(
        self, secret: str, customer_id: str, ends_at: datetime, scan_pass: ScanPass | None = None
    ) -> CustomerSession: ...
    def get(self, secret: str, now: datetime) -> CustomerSession | None: ...
    def give_pass(
        self, session: CustomerSession, scan_pass: ScanPass, ends_at: datetime
    ) -> CustomerSession | None:
        """The session with this pass; None when it is gone."""
    def prolong_pass(self, session: CustomerSession, ends_at: datetime) -> None:
        """Keeps the pass at least until then, if there still is one."""
    def sign_in(
        self, session: CustomerSession, secret: str, customer_id: str, phone: str,
        phone_ends_at: datetime,
    ) -> CustomerSession | None:
        """A new session with the old one's pass in its place; None when the old one is gone."""
    def end(self, session: CustomerSession) -> None: ...


@dataclass(frozen=True)
class PhoneSignIn:
    """A browser that has said a phone number and must type the code texted to it.

    number: in the international spelling; nothing else keeps it, and it goes with the sign-in.
    ask_id: changes with each code that is asked for. is_silent: nothing is texted, for a number
    that has had too many texts or wrong codes; from outside it looks like any other. language: of
    the text; None for English.
    code_hash: empty until the code is made.
    """

    session_id: str
    shop_id: str
    customer_id: str
    number: str = field(repr=False)
    phone: str
    ask_id: str
    asked_at: datetime
    is_silent: bool = False
    language: str | None = None
    code_hash: str = ""
    code_ends_at: datetime | None = None
    tries: int = 0


class PhoneSignIns(Protocol):
    def ask(self, sign_in: PhoneSignIn) -> None:
        """Begins anew: an earlier code of this browser is worth nothing any more."""
    def get(self, session_id: str) -> PhoneSignIn | None: ...
    def give_code(self, sign_in: PhoneSignIn, code_hash: str, ends_at: datetime) -> bool:
        """False when this asking has its code already."""
    def count_try(
        self, sign_in: PhoneSignIn, try_id: str, most_tries: int, day: str, most_wrong: int
    ) -> bool:
        """Counts a try of the code and of its number's day; False when either is used up, or the
        code is no longer the one of `sign_in`. Then the day counts nothing."""
    def take_back_try(self, customer_id: str, day: str, try_id: str) -> None:
        """A right code is no wrong one of the number's day; once more is harmless."""
    def wrong_codes(self, customer_id: str, day: str) -> int: ...
    def end(self, session_id: str) -> None: ...


class CustomerPool(Protocol):
    """The accounts behind phone numbers. Any call may raise Busy.

    It asks our triggers (webapp/consumers/sign_in_triggers.py) to make, send and check the code.
    """

    def send_code(self, customer_id: str, sign_in_id: str) -> bool:
        """False when the text could not be handed over."""
    def check_code(self, customer_id: str, sign_in_id: str, code: str) -> bool: ...
    def forget(self, customer_id: str) -> None:
        """Deletes the account, if there is one."""


class TextNotSent(Exception):
    """The text message could not be handed over."""


class Texts(Protocol):
    def send(self, number: str, text: str) -> None:
        """Hands a text message over. Raises TextNotSent."""


class Limits(Protocol):
    def take(self, key: str, most: int, ends_at: datetime) -> bool:
        """Counts one; False, and nothing counted, when `most` are taken already."""
    def taken(self, key: str) -> int: ...


@dataclass(frozen=True)
class StaffSession:
    """Who is signed in: a person or a screen, for one shop. `id` is not a secret.

    email: the named person's, and `badge` the one they signed in with; both empty for a screen.
    """

    id: str
    shop_id: str
    role: str
    name: str
    email: str = ""
    badge: str = ""
    began_at: datetime | None = field(default=None, compare=False)
    seen_at: datetime | None = field(default=None, compare=False)


class Sessions(Protocol):
    def create_link(self, secret: str, session: StaffSession, ends_at: datetime) -> None: ...
    def use_link(
        self, secret: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None: ...
    def begin(
        self, secret: str, session: StaffSession, now: datetime, ends_at: datetime
    ) -> StaffSession: ...
    def get(self, secret: str, now: datetime) -> StaffSession | None: ...
    def rename(self, secret: str, name: str) -> None: ...
    def touch(self, secret: str, now: datetime) -> None:
        """Notes that the session is in use."""
    def end(self, secret: str) -> None: ...
    def of_shop(self, shop_id: str, now: datetime) -> list[StaffSession]: ...
    def revoke(self, shop_id: str, session_id: str) -> bool: ...
    def ask_pairing(self, code: str, browser: str, shop_id: str, ends_at: datetime) -> bool:
        """False when somebody else's screen shows that code."""
    def approve_pairing(
        self, shop_id: str, code: str, role: str, name: str, now: datetime
    ) -> bool: ...
    def pairing_ends_at(self, code: str, browser: str, now: datetime) -> datetime | None: ...
    def take_pairing(
        self, code: str, browser: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None:
        """The session of an approved pairing, once."""


@dataclass(frozen=True)
class StoredEvent:
    """An event as its journey keeps it; `at` is when it happened."""

    detail_type: DetailType
    at: datetime
    detail: Mapping


class Badges(Protocol):
    """A person's sessions carry the badge they had; a new badge ends all sessions at once."""

    def current(self, email: str) -> str: ...
    def renew(self, email: str) -> None: ...


class SignInStep(StrEnum):
    """What a person with the right password must do yet."""

    NEW_PASSWORD = "new password"
    CODE = "code"
    AUTHENTICATOR = "authenticator"


@dataclass(frozen=True)
class PoolAnswer:
    """What the pool says to a right password: the next step, or None when that was all.

    handle: what the pool knows this sign-in by; at its end, the person's own token.
    user: the pool's name for the person.
    """

    step: SignInStep | None
    handle: str = field(repr=False)
    user: str


@dataclass(frozen=True)
class SignIn:
    """A sign-in under way; its browser knows only a secret.

    key: what an authenticator that is being set up shall keep.
    """

    shop_id: str
    email: str
    badge: str
    step: SignInStep
    user: str
    handle: str = field(repr=False)
    key: str = field(default="", repr=False)


class SignIns(Protocol):
    def keep(self, secret: str, sign_in: SignIn, ends_at: datetime) -> None: ...
    def get(self, secret: str, now: datetime) -> SignIn | None: ...
    def end(self, secret: str) -> None: ...


class StaffPool(Protocol):
    """The accounts of named people. Any call may raise Busy."""

    def check_password(self, email: str, password: str) -> PoolAnswer:
        """Raises SignInRefused."""
    def set_password(self, answer: PoolAnswer, password: str) -> None:
        """The first password of one's own. Raises SignInOver or ChoiceInvalid."""
    def check_code(self, answer: PoolAnswer, code: str) -> None:
        """Raises SignInOver or ChoiceInvalid."""
    def begin_authenticator(self, answer: PoolAnswer) -> str:
        """The key an authenticator app shall keep; it counts once a code has proved it."""
    def prove_authenticator(self, answer: PoolAnswer, code: str) -> None:
        """From now on a code is asked for. Raises SignInOver or ChoiceInvalid."""
    def find(self, name: str) -> Person | None:
        """By id or e-mail."""
    def people_of(self, shop_id: str) -> list[Person]: ...
    def create(self, email: str, name: str, password: str) -> None:
        """An account without role or shop. Raises AlreadyThere."""
    def admit(self, email: str, role: str, shop_id: str) -> None:
        """Gives the role for this shop, or for EVERY_SHOP; once more is harmless."""
    def expel(self, person: Person, shop_id: str) -> None: ...
    def delete(self, person: Person) -> None: ...
    def set_enabled(self, person: Person, is_enabled: bool) -> None: ...
    def hand_out_password(self, person: Person, password: str) -> None:
        """It opens once; then its owner must choose another."""
    def forget_authenticator(self, person: Person) -> None: ...


class Logos(Protocol):
    def put(self, shop_id: str, name: str, picture: bytes) -> None: ...
    def get(self, shop_id: str, name: str) -> bytes | None: ...
    def delete(self, shop_id: str, name: str) -> None: ...
@dataclass(frozen=True)
class Device:
    """What uses the JSON API of one shop, and what its token allows. `id` is not a secret."""

    id: str
    shop_id: str
    name: str
    scopes: frozenset[str]
    began_at: datetime
    seen_at: datetime | None = None


class Devices(Protocol):
    def create(self, token: str, device: Device, ends_at: datetime) -> None: ...
    def get(self, token: str, now: datetime) -> Device | None: ...
    def touch(self, token: str, now: datetime) -> None: ...
    def of_shop(self, shop_id: str, now: datetime) -> list[Device]: ...
    def remove(self, shop_id: str, device_id: str) -> bool: ...


@dataclass(frozen=True)
class StoredAnswer:
    """An answer that can be given again."""

    status: int
    body: str


@dataclass(frozen=True)
class BegunCall:
    """A call with an Idempotency-Key: what was asked, and the answer once there is one."""

    digest: str
    answer: StoredAnswer | None


class Answers(Protocol):
    def begin(
        self, name: str, digest: str, now: datetime, dies_at: datetime, ends_at: datetime
    ) -> bool:
        """False when the name is taken; an unfinished call of the same digest may die first."""
    def get(self, name: str) -> BegunCall | None: ...
    def finish(self, name: str, answer: StoredAnswer) -> None: ...
    def forget(self, name: str) -> None: ...


class Journeys(Protocol):
    """The events of each order by their keys (domain.events.journey_key)."""

    def store_step(self, order_id: str, at: str, details: Mapping[str, Mapping]) -> None:
        """Stores the events of one step, unless that was done before."""
    def store(self, order_id: str, key: str, at: str, detail: dict) -> None:
        """Stores one event, unless that was done before."""
    def stored(self, order_id: str) -> list[tuple[str, str]]:
        """Keys and detail-types of all that is stored."""
    def events(self, order_id: str) -> list[StoredEvent]: ...
    def all_events(self) -> Iterable[StoredEvent]:
        """Every event of every order: for the team's scripts, never for a page."""
    def forget(self, order_id: str) -> None:
        """Takes everybody out of the stored events."""


class Metrics(Protocol):
    def mark(self, event: OrderEvent, at: datetime, mark: str) -> None:
        """Leaves a mark at the event's order; the same mark again changes nothing."""
    def unmark(self, event: OrderEvent, at: datetime, marks: set[str]) -> None:
        """Takes marks away that the order's journey does not know."""
    def marks(self, shop_id: str, since: datetime, until: datetime) -> dict[str, set[str]]:
        """The marks of all orders that may have begun in this span, by order id."""
    def latest_marks(self, shop_id: str, since: datetime, most: int) -> dict[str, set[str]]:
        """The marks of the newest orders that began after `since`."""
    def forget(self, order: Order) -> None:
        """Takes the barista's name out of an order's marks; all figures but theirs stay."""
    def count_refusal(self, shop_id: str, day: str, cause: str) -> None: ...
    def refusals(self, shop_id: str, first_day: str, last_day: str) -> dict[str, int]: ...


class Extensions(Protocol):
    """What this deployment has beside the core, by name; see extending.Installed."""

    def __contains__(self, name: object) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def run(self, name: str, arrival: Arrival) -> None: ...
    def ready(self, name: str) -> tuple[Extension, Kit]: ...


class Executions(Protocol):
    def start(self, order: Order, seconds_left: int) -> None:
        """Starts the order's execution; one of that name is as good as started."""
    def is_running(self, order: Order) -> bool: ...
    def resume(self, task_token: str) -> None:
        """Lets the execution go on; a token already closed is no error."""
    def close(self, task_token: str, cause: str) -> None:
        """Tells the execution that its order has ended another way."""


class Bus(Protocol):
    def put(self, events: list[Event]) -> None: ...
    def put_recorded(self, events: list[RecordedEvent]) -> None: ...
    def check(self) -> None: ...


class LiveTopics(Protocol):
    def publish(self, topic: str, html: str) -> None: ...


@dataclass(frozen=True)
class Services:
    """All that a use case may need.

    secret_keys: the first signs QR codes and form keys; the older ones are still accepted.
    least_seconds: what an answer takes at least that must not tell by its time what was done.
    memory: what this process read a moment ago and may show again; see services.waits.
    """

    orders: Orders
    shops: Shops
    qr_codes: QrCodes
    sessions: Sessions
    badges: Badges
    sign_ins: SignIns
    staff_pool: StaffPool
    customers: Customers
    customer_sessions: CustomerSessions
    phone_sign_ins: PhoneSignIns
    customer_pool: CustomerPool
    texts: Texts
    limits: Limits
    logos: Logos
    journeys: Journeys
    devices: Devices
    answers: Answers
    metrics: Metrics
    executions: Executions
    bus: Bus
    live: LiveTopics
    now: Callable[[], datetime]
    secret_keys: tuple[str, ...]
    public_url: str
    least_seconds: float = 0.0
    extensions: Extensions = field(default_factory=dict, compare=False)
    memory: dict = field(default_factory=dict, compare=False)

    def shop(self, shop_id: str) -> Shop:
        """The shop as it is now. Raises NotFound."""
        if shop := self.shops.get(shop_id):
            return shop.at(self.now())
        raise NotFound(N_("There is no bar at this address."))

    def order(self, shop_id: str, order_id: str) -> Order:
        """The order. Raises NotFound."""
        if order := self.orders.get(shop_id, order_id):
            return order
        raise NotFound(N_("We know no such order."))


def move(
    services: Services, shop_id: str, order_id: str, change: Callable[[Order], Order]
) -> Order:
    """Reads the order, applies `change` and writes it, again while others write in between.

    Raises NotFound, what `change` raises, or Busy.
    """
    for attempt in range(_ATTEMPTS):
        order = services.order(shop_id, order_id)
        try:
            return services.orders.save(order, change(order))
        except Stale:
            # The other writer is done within a few milliseconds; the first retry is immediate.
            time.sleep(0.01 * attempt)
    raise Busy


def is_over(order: Order) -> bool:
    """True when nothing will happen to the order any more."""
    return order.state in {
        OrderState.COLLECTED,
        OrderState.REFUSED,
        OrderState.CANCELLED,
        OrderState.TIMED_OUT,
    }
