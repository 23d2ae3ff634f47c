"""A customer finds their own orders again, newest first, and nobody else's."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import a_shop
from tests.services import browser_of, scan_and_claim
from tests.tables import workflow_writes
from webapp.services.orders.customer_steps import cancel_order
from webapp.services.orders.my_orders import my_orders


def order_and_cancel(services, name: str, shop_id: str = "main"):
    order = scan_and_claim(services, services.shop(shop_id), name)
    workflow_writes("AdmitOrder", order, services.now())
    return cancel_order(services, services.order(shop_id, order.id))


def ids_of(services, name: str, shop_id: str = "main") -> list[str]:
    return [order.id for order in my_orders(services, shop_id, browser_of(services, name))]


def test_a_customer_sees_their_orders_newest_first_and_nobody_elses(services, clock):
    mine = []
    for _ in range(3):
        mine.insert(0, order_and_cancel(services, "ana").id)
        clock.pass_seconds(60)
    theirs = order_and_cancel(services, "ben")
    assert ids_of(services, "ana") == mine
    assert ids_of(services, "ben") == [theirs.id]
    assert ids_of(services, "cleo") == [] and my_orders(services, "main", None) == []


def test_each_shop_shows_its_own(services):
    services.shops.create(a_shop(id="annex"))
    here = order_and_cancel(services, "ana")
    there = order_and_cancel(services, "ana", "annex")
    assert (ids_of(services, "ana"), ids_of(services, "ana", "annex")) == ([here.id], [there.id])


def test_what_is_too_old_to_be_anybodys_leaves_the_customers_row(services, clock):
    order_and_cancel(services, "ana")
    clock.pass_seconds(4 * 86_400)
    new = order_and_cancel(services, "ana")
    assert ids_of(services, "ana") == [new.id]


def test_a_shop_may_keep_it_longer(services, clock):
    shop = services.shop("main")
    services.shops.save(shop, replace(shop, keep_days=30, version=shop.version + 1))
    old = order_and_cancel(services, "ana")
    clock.pass_seconds(20 * 86_400)
    new = order_and_cancel(services, "ana")
    assert ids_of(services, "ana") == [new.id, old.id]
