"""The sweep compares each open order with its execution and its deadline, once a minute.

It repairs orders after a crash, a lost event or a restart of the emulator. Each repair is one
conditional write or an idempotent call, so two sweeps at once do no harm.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from domain.errors import NotAllowedNow
from domain.orders import (
    BOARD_SECONDS,
    ON_THE_BOARD,
    Action,
    Order,
    Role,
    collect,
    may_move,
    seconds_left,
    time_out,
)
from webapp.services.orders.bundle import OrderServices
from webapp.services.orders.stuck import is_stuck, last_change
from webapp.services.orders.walk_ups import submit_walk_up
from webapp.services.refused import Stale
from webapp.services.shop.every_shop import for_every_shop
from workflows.signals import Signal, counted

log = logging.getLogger(__name__)

_SETTLE = timedelta(seconds=5)
"""How long a step may take before the sweep takes it for lost."""


def sweep(services: OrderServices, settle: timedelta = _SETTLE) -> int:
    """Repairs all shops' open orders; returns how many it changed.

    settle: how long a step may take before it counts as lost; zero right after a restart.
    """

    def attend_all(shop_id: str) -> int:
        listed = services.orders.listed_orders(shop_id)
        return sum(_attend(services, order, settle) for order in listed)

    return for_every_shop(services, attend_all)


def _attend(services: OrderServices, order: Order, settle: timedelta) -> bool:
    """Repairs one order. A failure is only logged, so that the other orders have their turn."""
    about = counted(Signal.STUCK_ORDERS, shop_id=order.shop_id, order_id=order.id)
    try:
        touched = _repair(services, order, settle)
    except Exception:
        log.exception("the sweep could not repair an order", extra=about)
        return False
    # An order with a deadline needs no check: the repair closed it, or somebody else moved it.
    if order.deadline_at is None and is_stuck(order, services.now()):
        log.error("an order is stuck", extra=about | {"state": order.state.value})
    return touched


def _repair(services: OrderServices, order: Order, settle: timedelta) -> bool:
    now = services.now()
    try:
        if may_move(order, Action.COLLECT, Role.WORKFLOW):
            return _clear_from_board(services, order, now)
        if order.state not in ON_THE_BOARD:
            # Remove after 1.1: before 1.0 a collected order stayed on the list for fifteen minutes.
            services.orders.unlist(order)
            return True
        if _deadline_is_over(order, now):
            services.orders.save(order, time_out(order, now))
            log.warning("closed order whose deadline passed", extra={"order_id": order.id})
            return True
        if last_change(order) + settle > now:
            return False
        if not services.executions.is_running(order):
            _restart(services, order, now)
            return True
        if order.is_walk_up and may_move(order, Action.SUBMIT, Role.BARISTA):
            submit_walk_up(services, order)
            return True
        if may_move(order, Action.QUEUE, Role.WORKFLOW):
            # The task token is read first: if the order were read first and then moved on, the
            # token could be that of the next workflow state.
            token = services.orders.task_token(order)
            current = services.order(order.shop_id, order.id)
            if may_move(current, Action.QUEUE, Role.WORKFLOW) and token:
                services.executions.resume(token)
                return True
        return False
    except (Stale, NotAllowedNow):
        # Somebody moved the order meanwhile, so it is not stuck; the next sweep looks again.
        return False


def _restart(services: OrderServices, order: Order, now: datetime) -> None:
    services.executions.start(services.orders.next_attempt(order), seconds_left(order, now))
    log.warning("restarted the execution of an order", extra={"order_id": order.id})


def _deadline_is_over(order: Order, now: datetime) -> bool:
    # A running execution closes its order at the deadline itself, so the sweep waits a little.
    return order.deadline_at is not None and order.deadline_at + _SETTLE < now


def _clear_from_board(services: OrderServices, order: Order, now: datetime) -> bool:
    if order.ended_at is None or order.ended_at + timedelta(seconds=BOARD_SECONDS) > now:
        return False
    services.orders.save(order, collect(order, Role.WORKFLOW, now))
    return True
