"""An order's life: its order states, who may move it, and which events each move announces.

Two tables define it. STATES has a row for each state: what is true of the orders in it. TRANSITIONS
has a row for each move. The workflow generator, the write conditions, the events, the screens and
the tests are derived from these tables. Source of the states and deadlines: the deck's "Process for
making a drink" (5 minutes to choose, 15 minutes to make).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.detail_types import DetailType
from domain.errors import AlreadyTaken, NotAllowedNow
from domain.menu import DrinkOrder

CHOOSE_SECONDS = 300
MAKE_SECONDS = 900
BOARD_SECONDS = 600
"""A ready drink leaves the board after this time, even if nobody pressed Collected."""
ORDER_CLOSED = "OrderClosed"
"""The error that tells a waiting execution that its order has ended in another way."""
REMAKE_SECONDS = 900
"""For so many seconds after a drink was ready, a barista can have it made again under its
number."""
UNDO_SECONDS = 30
"""For so many seconds a barista can take back a wrong Complete or Collected. The tablet offers it
for ten seconds."""
MOST_GIVEN_UP = 10
"""A customer may give up so many orders a day before a drink was made without losing one of the
day's orders."""
WALK_UP = "walk-up"
"""The customer_id of all orders that a barista takes at the counter. No cookie ever holds this
id."""
FORGOTTEN = "forgotten"
"""The customer_id of all orders whose customer was forgotten."""


class OrderState(StrEnum):
    """Where an order is in its life."""

    CLAIMED = "CLAIMED"
    ADMITTED = "ADMITTED"
    SUBMITTED = "SUBMITTED"
    QUEUED = "QUEUED"
    MAKING = "MAKING"
    COMPLETED = "COMPLETED"
    COLLECTED = "COLLECTED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"


class Action(StrEnum):
    """What moves an order."""

    ADMIT = "admit"
    REFUSE = "refuse"
    SUBMIT = "submit"
    QUEUE = "queue"
    MAKE = "make"
    RELEASE = "release"
    COMPLETE = "complete"
    COLLECT = "collect"
    CANCEL = "cancel"
    REMAKE = "remake"
    TAKE_BACK = "take_back"
    TIME_OUT = "time_out"


class Role(StrEnum):
    """Who moves an order. WORKFLOW is the execution, and the sweep that stands in for it."""

    CUSTOMER = "customer"
    BARISTA = "barista"
    WORKFLOW = "workflow"


class RefusalReason(StrEnum):
    """Why the workflow refused an order."""

    CLOSED = "closed"
    FULL = "full"


class TimeOutCause(StrEnum):
    """Whose deadline passed. The values are spelled as in the original."""

    CUSTOMER = "Customer timedout"
    BARISTA = "Barista timedout"


class Phase(StrEnum):
    """How an order looks to people. Screens ask for an order's phase, never for its state.

    ASKING: the order asks for a place. OVER: the order ended without a drink.
    """

    ASKING = "asking"
    CHOOSING = "choosing"
    WAITING = "waiting"
    IN_HAND = "in-hand"
    READY = "ready"
    SERVED = "served"
    OVER = "over"


@dataclass(frozen=True)
class StateFacts:
    """What is true of every order in one state.

    phase: how the order looks to people. The phase also decides whether it holds a place.
    why_not: the end of the sentence that refuses a move; it may name the `{barista}`.
    since: returns when the order came into this state.
    deadline: whose deadline runs; None where nobody must act.
    is_in_line: True when the order stands in the baristas' line.
    """

    phase: Phase
    why_not: str
    since: Callable[[Order], datetime | None]
    deadline: TimeOutCause | None = None
    is_in_line: bool = False


STATES: Mapping[OrderState, StateFacts] = {
    OrderState.CLAIMED: StateFacts(
        Phase.ASKING,
        "is still being checked",
        since=lambda order: order.created_at,
    ),
    OrderState.ADMITTED: StateFacts(
        Phase.CHOOSING,
        "has no drink chosen yet",
        since=lambda order: order.admitted_at,
        deadline=TimeOutCause.CUSTOMER,
    ),
    OrderState.SUBMITTED: StateFacts(
        Phase.WAITING,
        "was placed a moment ago; try again in a second",
        since=lambda order: order.remade_at or order.submitted_at,
        is_in_line=True,
    ),
    OrderState.QUEUED: StateFacts(
        Phase.WAITING,
        "is waiting and nobody is making it",
        since=lambda order: order.queued_at,
        deadline=TimeOutCause.BARISTA,
        is_in_line=True,
    ),
    OrderState.MAKING: StateFacts(
        Phase.IN_HAND,
        "is being made by {barista}",
        since=lambda order: order.making_at,
        deadline=TimeOutCause.BARISTA,
    ),
    OrderState.COMPLETED: StateFacts(
        Phase.READY,
        "is already made",
        since=lambda order: order.ended_at,
    ),
    OrderState.COLLECTED: StateFacts(
        Phase.SERVED,
        "was already collected",
        since=lambda order: order.collected_at,
    ),
    OrderState.REFUSED: StateFacts(
        Phase.OVER,
        "was not taken by the bar",
        since=lambda order: order.ended_at,
    ),
    OrderState.CANCELLED: StateFacts(
        Phase.OVER,
        "was cancelled",
        since=lambda order: order.ended_at,
    ),
    OrderState.TIMED_OUT: StateFacts(
        Phase.OVER,
        "ran out of time",
        since=lambda order: order.ended_at,
    ),
}
"""One row for each state. Every set of states is derived from this table or from TRANSITIONS."""


def _in_phase(*phases: Phase) -> frozenset[OrderState]:
    return frozenset(state for state, facts in STATES.items() if facts.phase in phases)


HOLDS_CAPACITY = _in_phase(Phase.CHOOSING, Phase.WAITING, Phase.IN_HAND)
"""States in which an order counts against the shop's capacity."""

OPEN_FOR_CUSTOMER = HOLDS_CAPACITY | _in_phase(Phase.ASKING)
"""States in which the customer may not begin another order."""

ON_THE_BOARD = OPEN_FOR_CUSTOMER | _in_phase(Phase.READY)
"""States in which an order is listed among its shop's open orders."""

ON_SCREENS = _in_phase(Phase.WAITING, Phase.IN_HAND, Phase.READY)
"""States in which an order stands on the shop's tablets and on its TV."""

IN_LINE = frozenset(state for state, facts in STATES.items() if facts.is_in_line)
"""States in which an order stands in the baristas' line."""

WAITS = {state: facts.deadline for state, facts in STATES.items() if facts.deadline}
"""States in which a person must act before a deadline, and whose deadline it is."""


@dataclass(frozen=True)
class Transition:
    """One allowed move and the events that it announces, in order.

    news: the event that tells of the move to a consumer that takes only one event for each move.
    """

    source: OrderState
    action: Action
    target: OrderState
    roles: frozenset[Role]
    events: tuple[DetailType, ...]
    news: DetailType


_CANCELLED = (
    DetailType.ORDER_CANCELLED,
    DetailType.QUEUE_ORDER_CANCELLED,
    DetailType.ORDER_FINISHED,
)
_TIMED_OUT = (DetailType.ORDER_TIME_OUT, DetailType.ORDER_FINISHED)


def _move(
    source: OrderState,
    action: Action,
    target: OrderState,
    roles: Iterable[Role],
    *events: DetailType,
    news: DetailType | None = None,
) -> Transition:
    return Transition(source, action, target, frozenset(roles), events, news or events[0])


_S, _A, _R, _E = OrderState, Action, Role, DetailType

TRANSITIONS: tuple[Transition, ...] = (
    _move(_S.CLAIMED, _A.ADMIT, _S.ADMITTED, [_R.WORKFLOW], _E.WORKFLOW_STARTED),
    _move(_S.CLAIMED, _A.REFUSE, _S.REFUSED, [_R.WORKFLOW], _E.SHOP_NOT_READY, _E.ORDER_FINISHED),
    _move(_S.ADMITTED, _A.SUBMIT, _S.SUBMITTED, [_R.CUSTOMER, _R.BARISTA], _E.WAITING_PRODUCTION),
    _move(_S.ADMITTED, _A.CANCEL, _S.CANCELLED, [_R.CUSTOMER], *_CANCELLED),
    _move(_S.ADMITTED, _A.TIME_OUT, _S.TIMED_OUT, [_R.WORKFLOW], *_TIMED_OUT),
    _move(
        _S.SUBMITTED,
        _A.QUEUE,
        _S.QUEUED,
        [_R.WORKFLOW],
        _E.PROCESSOR_WAITING_COMPLETION,
        _E.MANAGER_WAITING_COMPLETION,
        _E.QUEUE_ORDER_STARTED,
        news=_E.QUEUE_ORDER_STARTED,
    ),
    _move(_S.SUBMITTED, _A.CANCEL, _S.CANCELLED, [_R.CUSTOMER, _R.BARISTA], *_CANCELLED),
    _move(_S.QUEUED, _A.MAKE, _S.MAKING, [_R.BARISTA], _E.MAKE_ORDER),
    _move(_S.QUEUED, _A.CANCEL, _S.CANCELLED, [_R.CUSTOMER, _R.BARISTA], *_CANCELLED),
    _move(_S.QUEUED, _A.TIME_OUT, _S.TIMED_OUT, [_R.WORKFLOW], *_TIMED_OUT),
    _move(_S.MAKING, _A.RELEASE, _S.QUEUED, [_R.BARISTA], _E.MAKE_ORDER),
    _move(
        _S.MAKING,
        _A.COMPLETE,
        _S.COMPLETED,
        [_R.BARISTA],
        _E.ORDER_COMPLETED,
        _E.QUEUE_ORDER_COMPLETED,
        _E.ORDER_FINISHED,
    ),
    _move(_S.MAKING, _A.CANCEL, _S.CANCELLED, [_R.BARISTA], *_CANCELLED),
    _move(_S.MAKING, _A.TIME_OUT, _S.TIMED_OUT, [_R.WORKFLOW], *_TIMED_OUT),
    _move(_S.COMPLETED, _A.COLLECT, _S.COLLECTED, [_R.BARISTA, _R.WORKFLOW], _E.ORDER_COLLECTED),
    _move(_S.COMPLETED, _A.REMAKE, _S.SUBMITTED, [_R.BARISTA], _E.ORDER_REOPENED),
    _move(_S.COLLECTED, _A.REMAKE, _S.SUBMITTED, [_R.BARISTA], _E.ORDER_REOPENED),
    _move(_S.COMPLETED, _A.TAKE_BACK, _S.MAKING, [_R.BARISTA], _E.ORDER_REOPENED),
    _move(
        _S.COLLECTED,
        _A.TAKE_BACK,
        _S.COMPLETED,
        [_R.BARISTA],
        _E.ORDER_REOPENED,
        _E.ORDER_FINISHED,
    ),
)

"""One row for each move. New rows must come last, because the place where an event first stands in
this table is part of its key in the stored journeys."""

_BY_SOURCE_AND_ACTION = {(row.source, row.action): row for row in TRANSITIONS}


def sources_of(action: Action) -> tuple[OrderState, ...]:
    """Returns the states that this action leads out of, in the table's order."""
    return tuple(row.source for row in TRANSITIONS if row.action is action)


def targets_of(action: Action) -> tuple[OrderState, ...]:
    """Returns the states that this action leads into, in the table's order."""
    return tuple(dict.fromkeys(row.target for row in TRANSITIONS if row.action is action))


@dataclass(frozen=True)
class Order:
    """One order, which is one item in the database.

    version: grows by one with each change of state.
    attempt: counts the executions; an order that is made again, was taken back, or lost its
        execution gets another one.
    told: the wait that the customer was told with the choice, from and to in minutes.
    choose_seconds, make_seconds: the deadlines of the execution that runs the order.
    task_token: answers the waiting execution; it is never shown, announced or logged.
    remade_at: since when the order is made again, ahead of the line.
    taken_back_at: when a barista took back a wrong Complete or Collected; None after the next one.
    for_name: the person that a walk-up is for.
    language: the locale that the customer reads; None for the shop's own.
    The `*_at` times are UTC.
    """

    shop_id: str
    id: str
    customer_id: str
    window: int
    created_at: datetime
    state: OrderState = OrderState.CLAIMED
    version: int = 1
    attempt: int = 1
    number: int | None = None
    drink_order: DrinkOrder | None = None
    told: tuple[int, int] | None = None
    admitted_at: datetime | None = None
    submitted_at: datetime | None = None
    queued_at: datetime | None = None
    making_at: datetime | None = None
    ended_at: datetime | None = None
    collected_at: datetime | None = None
    choose_seconds: int | None = None
    make_seconds: int | None = None
    barista_id: str | None = None
    barista_name: str | None = None
    cancelled_by: Role | None = None
    reason: str | None = None
    task_token: str | None = None
    remade_at: datetime | None = None
    taken_back_at: datetime | None = None
    for_name: str | None = None
    language: str | None = None

    def __repr__(self) -> str:
        return f"<Order {self.shop_id}/{self.id} {self.state} v{self.version}>"

    @property
    def execution_name(self) -> str:
        """Returns the execution's name: the order id, and the attempt from the second one on."""
        return self.id if self.attempt == 1 else f"{self.id}-{self.attempt}"

    @property
    def is_walk_up(self) -> bool:
        """Returns True for an order that a barista took at the counter."""
        return self.customer_id == WALK_UP

    @property
    def phase(self) -> Phase:
        """Returns how the order looks to people."""
        return STATES[self.state].phase

    @property
    def chosen(self) -> DrinkOrder:
        """Returns what was ordered. Raises ValueError for an order without a choice."""
        if self.drink_order is None:
            raise ValueError(f"{self!r} has no drink")
        return self.drink_order

    @property
    def moved_at(self) -> datetime | None:
        """Returns when the order came into its state.

        For a released order this is when it first joined the line.
        """
        return STATES[self.state].since(self)

    @property
    def deadline_at(self) -> datetime | None:
        """Returns when the person who must act next runs out of time; None where nobody must."""
        whose = STATES[self.state].deadline
        if whose is TimeOutCause.CUSTOMER and self.admitted_at and self.choose_seconds:
            return self.admitted_at + timedelta(seconds=self.choose_seconds)
        if whose is TimeOutCause.BARISTA and self.queued_at and self.make_seconds:
            # A barista who takes back a wrong Complete has the whole time again, because the drink
            # is in hand.
            begun = max(self.queued_at, self.taken_back_at or self.queued_at)
            return begun + timedelta(seconds=self.make_seconds)
        return None


def seconds_left(order: Order, now: datetime) -> int:
    """Returns the seconds that an execution beginning now gives the next person to act; 1 at least.

    Where nobody must act now, another execution may already have moved the order a step ahead. The
    person who must act then gets the longest time there is, and the sweep closes the order at its
    own deadline.
    """
    if order.deadline_at is None:
        return max(CHOOSE_SECONDS, MAKE_SECONDS)
    return max(int((order.deadline_at - now).total_seconds()), 1)


def order_id(owner: str, form_key: str, key: str) -> str:
    """Returns the id of the order that this owner's form makes: 128 bits that nobody can guess.

    The same form always names the same order, so a second tap, a reload or a retry after a lost
    answer cannot make a second order.
    """
    message = f"order|{owner}|{form_key}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:32]


def transition(order: Order, action: Action, role: Role) -> Transition:
    """Returns the row of TRANSITIONS for this move.

    Raises AlreadyTaken when another barista took the order first, and NotAllowedNow for any other
    move that is not allowed.
    """
    if may_move(order, action, role):
        return _BY_SOURCE_AND_ACTION[order.state, action]
    if action is Action.MAKE and order.phase is Phase.IN_HAND:
        raise AlreadyTaken(order.barista_name or "Somebody else")
    raise NotAllowedNow(_why_not(order, action, role))


def may_move(order: Order, action: Action, role: Role) -> bool:
    """Returns True when this role may do this to the order in its state."""
    row = _BY_SOURCE_AND_ACTION.get((order.state, action))
    return row is not None and role in row.roles


def submit(
    order: Order,
    drink_order: DrinkOrder,
    number: int,
    now: datetime,
    told: tuple[int, int] | None = None,
) -> Order:
    """Returns the order with the customer's choice and its number. Raises NotAllowedNow.

    told: the wait that the customer was told, from and to in minutes.
    The barista who took a walk-up is the one who submits it.
    """
    return _moved(
        order,
        Action.SUBMIT,
        Role.BARISTA if order.is_walk_up else Role.CUSTOMER,
        drink_order=drink_order,
        number=number,
        submitted_at=now,
        told=told,
    )


def make(order: Order, barista_id: str, barista_name: str, now: datetime) -> Order:
    """Returns the order in this barista's hands. Raises AlreadyTaken or NotAllowedNow."""
    return _moved(
        order,
        Action.MAKE,
        Role.BARISTA,
        barista_id=barista_id,
        barista_name=barista_name,
        making_at=now,
    )


def release(order: Order) -> Order:
    """Returns the order back in line at its old position. Raises NotAllowedNow."""
    return _moved(
        order, Action.RELEASE, Role.BARISTA, barista_id=None, barista_name=None, making_at=None
    )


def complete(order: Order, now: datetime) -> Order:
    """Returns the order ready to collect. Raises NotAllowedNow."""
    return _moved(order, Action.COMPLETE, Role.BARISTA, ended_at=now, taken_back_at=None)


def collect(order: Order, role: Role, now: datetime) -> Order:
    """Returns the order as collected, so that it leaves the board. Raises NotAllowedNow."""
    return _moved(order, Action.COLLECT, role, collected_at=now, taken_back_at=None)


def may_be_remade(order: Order, now: datetime) -> bool:
    """Returns True unless the order was ready too long ago. Its state decides the rest."""
    return order.ended_at is None or now <= order.ended_at + timedelta(seconds=REMAKE_SECONDS)


def remake(order: Order, now: datetime) -> Order:
    """Returns the order at the head of the line, under its number, for any barista to make again.

    Raises NotAllowedNow, also when the order was ready too long ago.
    """
    if not may_be_remade(order, now):
        raise NotAllowedNow(
            f"Order {order.number} was ready more than {REMAKE_SECONDS // 60} minutes ago."
        )
    return _moved(
        order,
        Action.REMAKE,
        Role.BARISTA,
        attempt=order.attempt + 1,
        remade_at=now,
        taken_back_at=None,
        making_at=None,
        ended_at=None,
        collected_at=None,
        barista_id=None,
        barista_name=None,
    )


def take_back(order: Order, now: datetime) -> Order:
    """Returns the order as it was before a wrong Complete or Collected.

    Raises NotAllowedNow, also when that was more than UNDO_SECONDS ago.
    """
    done_at = order.collected_at or order.ended_at
    if done_at and done_at + timedelta(seconds=UNDO_SECONDS) < now:
        raise NotAllowedNow(f"It is too late to take that back for order {order.number}.")
    changes: dict[str, int | None]
    if order.state is OrderState.COLLECTED:
        changes = {"collected_at": None}
    else:
        # The order's execution has ended, so another one waits for the drink.
        changes = {"ended_at": None, "attempt": order.attempt + 1}
    return _moved(order, Action.TAKE_BACK, Role.BARISTA, taken_back_at=now, **changes)


def cancel(order: Order, role: Role, reason: str | None, now: datetime) -> Order:
    """Returns the cancelled order. Raises NotAllowedNow when it is too late for this role."""
    return _moved(order, Action.CANCEL, role, cancelled_by=role, reason=reason, ended_at=now)


def time_out(order: Order, now: datetime) -> Order:
    """Returns the order closed because a deadline passed. Raises NotAllowedNow."""
    cause = WAITS.get(order.state)
    return _moved(order, Action.TIME_OUT, Role.WORKFLOW, reason=cause and cause.value, ended_at=now)


def admit(order: Order, choose_seconds: int, now: datetime) -> Order:
    """Returns the order with its place in the shop, as the workflow's AdmitOrder writes it."""
    return _moved(
        order, Action.ADMIT, Role.WORKFLOW, admitted_at=now, choose_seconds=choose_seconds
    )


def refuse(order: Order, reason: RefusalReason, now: datetime) -> Order:
    """Returns the refused order, as the workflow's RefuseClosed and RefuseFull write it."""
    return _moved(order, Action.REFUSE, Role.WORKFLOW, reason=reason.value, ended_at=now)


def queue(order: Order, make_seconds: int, now: datetime) -> Order:
    """Returns the order in the baristas' line, as the workflow's AwaitBarista writes it."""
    return _moved(order, Action.QUEUE, Role.WORKFLOW, queued_at=now, make_seconds=make_seconds)


def announced_events(before: Order | None, after: Order) -> tuple[DetailType, ...]:
    """Returns the events that a change of an order announces; none for a change that is no move."""
    if before is None:
        return (DetailType.NEW_ORDER,)
    for row in TRANSITIONS:
        if row.source is before.state and row.target is after.state:
            return row.events
    return ()


def given_back(orders: Iterable[Order]) -> int:
    """Returns how many of a customer's orders of a day do not count, because no drink was made.

    An order that was made, and then ended while it was made again, counts. Of the orders that the
    customer gave up, by a tap or by not choosing, at most MOST_GIVEN_UP do not count. Otherwise one
    person could take scan after scan from others.
    """
    by_bar = by_customer = 0
    for order in orders:
        if order.state not in (OrderState.CANCELLED, OrderState.TIMED_OUT) or order.remade_at:
            continue
        if order.cancelled_by is Role.CUSTOMER or order.reason == TimeOutCause.CUSTOMER:
            by_customer += 1
        else:
            by_bar += 1
    return by_bar + min(by_customer, MOST_GIVEN_UP)


def waiting(orders: Iterable[Order]) -> list[Order]:
    """Returns the placed orders that nobody is making: first those in line, then the others.

    Orders to be made again come first in the line, then the oldest. The number settles a tie.
    """
    found = [order for order in orders if order.phase is Phase.WAITING]
    return sorted(
        found,
        key=lambda order: (
            order.state not in IN_LINE,
            order.remade_at is None,
            order.submitted_at,
            order.number or 0,
        ),
    )


def in_line(orders: Iterable[Order]) -> list[Order]:
    """Returns the waiting orders that stand in line, the next one first."""
    return [order for order in waiting(orders) if order.state in IN_LINE]


def being_made(orders: Iterable[Order]) -> list[Order]:
    """Returns the orders in baristas' hands, the oldest first. The number settles a tie."""
    made = [order for order in orders if order.phase is Phase.IN_HAND]
    return sorted(made, key=lambda order: (order.making_at, order.number or 0))


def ready_to_collect(orders: Iterable[Order]) -> list[Order]:
    """Returns the ready orders, the one that is ready longest first. The number settles a tie."""
    ready = [order for order in orders if order.phase is Phase.READY]
    return sorted(ready, key=lambda order: (order.ended_at, order.number or 0))


def position(order: Order, orders: Iterable[Order]) -> int | None:
    """Returns an order's position in line, where 1 is the next one; None when it is not in line."""
    for place, waiting in enumerate(in_line(orders), start=1):
        if waiting.id == order.id:
            return place
    return None


def _moved(order: Order, action: Action, role: Role, **changes: Any) -> Order:
    row = transition(order, action, role)
    return replace(order, state=row.target, version=order.version + 1, **changes)


def _why_not(order: Order, action: Action, role: Role) -> str:
    name = f"Order {order.number}" if order.number else "This order"
    if role is Role.CUSTOMER and order.phase is Phase.IN_HAND:
        return f"{order.barista_name or 'A barista'} has already started your drink."
    why_not = STATES[order.state].why_not.format(barista=order.barista_name or "somebody")
    return f"{name} {why_not}."
