"""A customer's own past at the bar: their orders, for as long as the bar keeps whose they are."""

from __future__ import annotations

from flask import Blueprint, url_for

from domain.orders import Order
from webapp import my_orders_presenter
from webapp.access import ANYONE, allow, customer, services
from webapp.routes.customer import page
from webapp.services.my_orders import my_orders

blueprint = Blueprint("my_orders", __name__, url_prefix="/<shop_id>/my-orders")


@blueprint.get("")
@allow(ANYONE)
def home(shop_id: str):
    shop = services().shop(shop_id)
    orders = my_orders(services(), shop.id, customer())
    return page(
        "customer/my_orders.html",
        shop,
        orders=[
            my_orders_presenter.row(shop, order, services().now()) | _urls(order)
            for order in orders
        ],
        kept=my_orders_presenter.days(shop.keep_days),
        start_url=url_for("customer.welcome", shop_id=shop.id),
    )


def _urls(order: Order) -> dict:
    where = {"shop_id": order.shop_id, "order_id": order.id}
    return {
        "url": url_for("customer.order_page", **where),
        "journey_url": url_for("journey.page", **where),
    }
