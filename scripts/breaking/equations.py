"""Checks what must be true of the bar's tables when the bar has settled, and of all its answers."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from domain.events import parse_event
from domain.metrics import mark_of
from domain.orders import FORGOTTEN, HOLDS_CAPACITY, OPEN_FOR_CUSTOMER, Order, OrderState
from domain.people import clean_email
from scripts.breaking.crew import SHOP
from scripts.breaking.memory import Memory
from webapp.services.all_services import Services
from webapp.services.staff import devices
from webapp.storage.orders.order_items import order_from_model
from webapp.storage.tables import IntakeModel, JourneyModel, MetricModel, OrderModel, QrCodeModel


class Found:
    """What was found wrong: lost, present twice, or inconsistent."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self.twice: list[str] = []
        self.uneven: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.lost or self.twice or self.uneven)


def open_orders() -> list[Order]:
    """Returns the orders whose customer still waits for something."""
    return [order for order in _orders().values() if order.state in OPEN_FOR_CUSTOMER]


def check(services: Services, memory: Memory) -> Found:
    """Compares the tables with each other and with the memory."""
    found = Found()
    # Answers that come after the tables were read cannot be checked against them.
    memory = memory.until_now()
    orders = _orders()
    _check_told(orders, memory, found)
    _check_numbers(orders, memory, found)
    _check_facts(services, memory, found)
    _check_places(orders, found)
    _check_scans(orders, found)
    _check_journeys_and_marks(orders, found)
    return found


def _orders() -> dict[str, Order]:
    return {model.order_id: order_from_model(model) for model in OrderModel.scan()}


def _check_told(orders: dict[str, Order], memory: Memory, found: Found) -> None:
    for order_id, told in memory.orders.items():
        order = orders.get(order_id)
        if order is None:
            found.lost.append(f"order {order_id} is gone; version {told.version} was told")
            continue
        if order.version < told.version:
            found.lost.append(
                f"order {order_id} is at version {order.version}; {told.version} was told"
            )
        if told.end and order.state.value != told.end:
            found.lost.append(f"order {order_id} is {order.state}; {told.end} was told")
        if told.is_erased and order.customer_id != FORGOTTEN:
            found.lost.append(f"order {order_id} was erased, and names its customer")
        for number in told.numbers - {order.number}:
            found.lost.append(f"order {order_id} has {order.number}; number {number} was told")


def _check_numbers(orders: dict[str, Order], memory: Memory, found: Found) -> None:
    holders: dict[int, set[str]] = defaultdict(set)
    for order_id, told in memory.orders.items():
        for number in told.numbers:
            holders[number].add(order_id)
    for order in orders.values():
        if order.number is not None:
            holders[order.number].add(order.id)
    for number, ids in holders.items():
        if len(ids) > 1:
            found.twice.append(f"number {number} belongs to {', '.join(sorted(ids))}")


def _check_facts(services: Services, memory: Memory, found: Found) -> None:
    checks: dict[str, Callable[[str, object], bool]] = {
        "account": lambda email, _: services.staff_pool.find(clean_email(email)) is not None,
        "device token": lambda token, _: devices.device_of(services, token, SHOP) is not None,
        "signed-in tablet": _is_signed_in,
        "sold out": lambda drink, value: _is_sold_out(services, drink) is value,
    }
    for (kind, key), value in memory.facts.items():
        if not checks[kind](key, value):
            found.lost.append(f"{kind} {key if kind != 'device token' else value}")


def _is_sold_out(services: Services, drink_id: str) -> bool:
    drinks = services.shop(SHOP).menu.drinks
    return next(drink.is_sold_out for drink in drinks if drink.id == drink_id)


def _is_signed_in(board: str, visitor) -> bool:
    visitor.open(board)
    return visitor.has("#barista-board")


def _check_places(orders: dict[str, Order], found: Found) -> None:
    held = set(IntakeModel.get(SHOP, consistent_read=True).open_orders or ())
    holding = {order.id for order in orders.values() if order.state in HOLDS_CAPACITY}
    if held != holding:
        found.uneven.append(f"places: {len(held)} held, {len(holding)} orders hold one")


def _check_scans(orders: dict[str, Order], found: Found) -> None:
    taken = Counter(
        order.window for order in orders.values() if order.state is not OrderState.REFUSED
    )
    for code in QrCodeModel.query(SHOP, consistent_read=True):
        window = int(code.window_index)
        if int(code.taken) != taken[window]:
            found.uneven.append(
                f"scans of window {window}: {int(code.taken)} taken, {taken[window]} orders"
            )


def _check_journeys_and_marks(orders: dict[str, Order], found: Found) -> None:
    journeys: dict[str, dict[str, dict]] = defaultdict(dict)
    for item in JourneyModel.scan():
        journeys[item.order_id] |= _details(item)
    marks = defaultdict(set)
    for item in MetricModel.query(SHOP, MetricModel.item_key.startswith("order#")):
        marks[item.item_key.split("#", 2)[2]] |= item.marks or set()
    for order in orders.values():
        steps = {int(key.split("#")[0]) for key in journeys[order.id]}
        if missing := set(range(1, order.version + 1)) - steps:
            found.uneven.append(f"journey of {order.id} lacks the steps {sorted(missing)}")
        wanted = {_without_names(mark) for mark in _marks_of(journeys[order.id])}
        if missing := wanted - {_without_names(mark) for mark in marks[order.id]}:
            found.uneven.append(f"figures lack {len(missing)} events of {order.id}")


def _details(item: JourneyModel) -> dict[str, dict]:
    if item.step is None:
        return {item.event_key: item.detail}
    common = item.step["common"]
    return {
        key: parse_event(key.split("#", 2)[2], common | own).to_detail()
        for key, own in item.step["events"]
    }


def _marks_of(details: dict[str, dict]) -> Iterable[str]:
    now = datetime.now(UTC)
    for key, detail in details.items():
        event = parse_event(key.split("#", 2)[2], detail)
        if mark := mark_of(event, now):
            yield mark


def _without_names(mark: str) -> str:
    """Removes the barista's name, because an erased order's marks
    and journey lose it at different times.
    """
    version, name, at, facts = json.loads(mark)
    return json.dumps([version, name, at, {**facts, "barista": ""}], sort_keys=True)
