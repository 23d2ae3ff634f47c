"""A customer's past orders, as long as the bar keeps whose orders they are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from domain.errors import NotAllowedNow
from domain.orders import Order
from webapp.access import ANYONE, allow, customer, forget_customer, known_customer, services
from webapp.languages import entered
from webapp.presenters.my_orders import days, past_order_view
from webapp.routes.customer import page
from webapp.services.orders.my_orders import my_orders
from webapp.services.past.forgetting import forget_browser, orders_in_the_way

blueprint = Blueprint("my_orders", __name__, url_prefix="/<shop_id>/my-orders")


@blueprint.get("")
@allow(ANYONE)
def home(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    orders = my_orders(services(), shop.id, customer())
    return page(
        "customer/my_orders.html",
        shop,
        orders=[past_order_view(shop, order, services().now()) | _urls(order) for order in orders],
        kept=days(shop.keep_days),
        erase_url=url_for("my_orders.ask", shop_id=shop.id) if customer() else None,
        start_url=url_for("customer.welcome", shop_id=shop.id),
    )


@blueprint.get("/erase")
@allow(ANYONE)
def ask(shop_id: str) -> ResponseReturnValue:
    if customer() is None:
        return redirect(url_for("my_orders.home", shop_id=shop_id), 303)
    return _confirmation(shop_id)


@blueprint.post("/erase")
@allow(ANYONE)
def erase(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    if who := customer():
        try:
            forget_browser(services(), who)
        except NotAllowedNow:
            return _confirmation(shop_id), 409
        forget_customer()
    return page(
        "customer/erased.html", shop, start_url=url_for("customer.welcome", shop_id=shop.id)
    )


def _confirmation(shop_id: str) -> str:
    shop, who = entered(shop_id), known_customer()
    in_the_way = orders_in_the_way(services(), who.customer_id)
    return page(
        "customer/erase.html",
        shop,
        in_the_way=[{"number": one.number} | _urls(one) for one in in_the_way],
        phone=who.phone,
        erase_url=url_for("my_orders.erase", shop_id=shop.id),
        back_url=url_for("my_orders.home", shop_id=shop.id),
    )


def _urls(order: Order) -> dict:
    where: dict[str, Any] = {"shop_id": order.shop_id, "order_id": order.id}
    return {
        "url": url_for("customer.order_page", **where),
        "journey_url": url_for("journey.page", **where),
    }
