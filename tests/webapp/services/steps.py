"""What people do, in short, and what is then seen in the tables."""

from __future__ import annotations

from dataclasses import replace

from domain.orders import Order
from domain.shops import Shop
from tests.fakes import Interleaved
from tests.services import browser_of, scan_and_claim
from tests.tables import dynamodb, workflow_writes
from webapp.services.all_services import Services
from webapp.services.intake import claims, qr_codes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.staff.ports import StaffSession
from webapp.storage.tables import DEFAULT_PREFIX

KIM = StaffSession("barista-1", "main", "barista", "Kim")
ADA = StaffSession("barista-2", "main", "barista", "Ada")


def code(services: Services) -> str:
    return qr_codes.current_code(services, services.shop("main")).qr_code.text


def scan(services: Services, customer: str = "customer-1") -> Order:
    return scan_and_claim(services, services.shop("main"), customer)


def claim(services: Services, customer: str) -> Order:
    browser = browser_of(services, customer)
    return claims.claim_order(services, services.shop("main"), browser)


def claim_and_cancel(services: Services, shop: Shop) -> Order:
    order = scan_and_claim(services, shop, "customer-1")
    workflow_writes("AdmitOrder", order, services.now())
    return customer_steps.cancel_order(services, now(services, order))


def let_in(services: Services, customer: str = "customer-1") -> Order:
    order = scan(services, customer)
    workflow_writes("AdmitOrder", order, services.now(), token=f"first token of {order.id}")
    # The workflow has started it, so the sweep has nothing to repair.
    services.executions.running.add(order.execution_name)
    return now(services, order)


def place(services: Services, order: Order, drink: str = "latte", **choices) -> Order:
    return customer_steps.place_order(services, services.shop("main"), order, drink, choices)


def queued(services: Services, customer: str = "customer-1") -> Order:
    order = place(services, let_in(services, customer))
    workflow_writes("AwaitBarista", order, services.now(), token=f"second token of {order.id}")
    return now(services, order)


def making(services: Services, customer: str = "customer-1") -> Order:
    return barista_steps.make_order(services, queued(services, customer).id, KIM)


def made(services: Services, customer: str = "customer-1") -> Order:
    return barista_steps.complete_order(services, making(services, customer).id, KIM)


def now(services: Services, order: Order) -> Order:
    return services.order(order.shop_id, order.id)


def taken(services: Services) -> int:
    """Scans taken from the current code."""
    return qr_codes.current_code(services, services.shop("main")).bucket.taken


def places_held() -> set[str]:
    """The ids of the orders that hold a place, as the shop's door counts them."""
    item = dynamodb().get_item(
        TableName=DEFAULT_PREFIX + "intakes", Key={"shop_id": {"S": "main"}}
    )["Item"]
    return set(item.get("open_orders", {}).get("SS", ()))


def all_items(table: str) -> list[dict]:
    return dynamodb().scan(TableName=DEFAULT_PREFIX + table)["Items"]


def meanwhile(services: Services, port: str, method: str, act) -> Services:
    """The services in which `act` happens just before the next call of that method."""
    return replace(services, **{port: Interleaved(getattr(services, port), method, act)})
