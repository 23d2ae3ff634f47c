"""The phone: scan, choose, follow the order."""

from __future__ import annotations

import secrets

from flask import Blueprint, abort, current_app, redirect, render_template, request, session, url_for

from domain.errors import (
    ChoiceInvalid,
    HasOpenOrder,
    NotAllowedNow,
    Refusal,
    ShopFull,
    SoldOut,
)
from domain.orders import Order, OrderState
from domain.shops import Shop
from webapp import presenters
from webapp.access import customer_id, new_customer_id, services
from webapp.cloud.live_topics import order_topic
from webapp.errors import STATUS
from webapp.routes.live import feed, live_url
from webapp.services import codes, ordering

blueprint = Blueprint("customer", __name__)

_FORM_KEY_LENGTH = 64


@blueprint.get("/")
def start():
    return redirect(
        url_for("customer.welcome", shop_id=current_app.extensions["settings"].default_shop)
    )


@blueprint.get("/<shop_id>/")
def welcome(shop_id: str):
    shop = services().shop(shop_id)
    order = codes.open_order(services(), shop.id, customer_id())
    return _page(
        "customer/welcome.html",
        shop,
        open_order=order and {"number": order.number, "url": _order_url(order)},
    )


@blueprint.get("/<shop_id>/scan/<code>")
def scan(shop_id: str, code: str):
    shop = services().shop(shop_id)
    new_customer_id()
    try:
        codes.check_scan(services(), shop, code, customer_id())
    except Refusal as refused:
        return _refusal_page(shop, refused)
    return _page(
        "customer/scan.html", shop, scan_url=request.path, form_key=secrets.token_urlsafe(12)
    )


@blueprint.post("/<shop_id>/scan/<code>")
def claim(shop_id: str, code: str):
    shop = services().shop(shop_id)
    form_key = request.form.get("form_key", "")
    if not 8 <= len(form_key) <= _FORM_KEY_LENGTH or customer_id() is None:
        abort(400)
    try:
        order = codes.claim_scan(services(), shop, code, customer_id(), form_key)
    except Refusal as refused:
        return _refusal_page(shop, refused)
    return redirect(_order_url(order), 303)


@blueprint.get("/<shop_id>/orders/<order_id>")
def order_page(shop_id: str, order_id: str):
    shop, order = _own_order(shop_id, order_id)
    address = live_url("customer.order_live", shop_id=shop.id, order_id=order.id)
    return _page("customer/order.html", shop, live_url=address, **_views(shop, order))


@blueprint.get("/<shop_id>/orders/<order_id>/panel")
def order_panel(shop_id: str, order_id: str):
    return _panel(*_own_order(shop_id, order_id))


@blueprint.get("/<shop_id>/orders/<order_id>/live")
def order_live(shop_id: str, order_id: str):
    _, order = _own_order(shop_id, order_id)
    return feed(order_topic(shop_id, order.id))


@blueprint.post("/<shop_id>/orders/<order_id>/submit")
def place_order(shop_id: str, order_id: str):
    shop, order = _own_order(shop_id, order_id)
    choices = {
        name: value
        for name, value in request.form.items()
        if name not in ("csrf_token", "drink")
    }
    drink_id = request.form.get("drink", "")
    try:
        order = ordering.place_order(services(), shop, order, drink_id, choices)
    except (ChoiceInvalid, SoldOut) as refused:
        if order.state is not OrderState.ADMITTED:
            raise
        menu = presenters.menu(shop.menu, drink_id, choices, refused.sentence)
        return _answer(shop, order, STATUS[type(refused)], menu)
    except NotAllowedNow:
        # The page was older than the order; what became of it says more than an error.
        return _answer(shop, services().order(shop.id, order.id), 409)
    return _answer(shop, order)


@blueprint.post("/<shop_id>/orders/<order_id>/cancel")
def cancel_order(shop_id: str, order_id: str):
    shop, order = _own_order(shop_id, order_id)
    try:
        order = ordering.cancel_order(services(), order)
    except NotAllowedNow:
        return _answer(shop, services().order(shop.id, order.id), 409)
    return _answer(shop, order)


def _own_order(shop_id: str, order_id: str) -> tuple[Shop, Order]:
    shop = services().shop(shop_id)
    return shop, ordering.own_order(services(), shop_id, order_id, customer_id())


def _answer(shop: Shop, order: Order, status: int = 200, menu: dict | None = None):
    """The panel for htmx; for a plain form the page, or the way back to it."""
    if request.htmx:
        return _panel(shop, order, menu), status
    if status == 200:
        return redirect(_order_url(order), 303)
    return _page("customer/order.html", shop, live_url=None, **_views(shop, order, menu)), status


def _panel(shop: Shop, order: Order, menu: dict | None = None) -> str:
    return _page("fragments/order_panel.html", shop, **_views(shop, order, menu))


def _views(shop: Shop, order: Order, menu: dict | None = None) -> dict:
    open_orders = services().orders.open_orders(shop.id)
    view = presenters.order(shop, order, open_orders, services().now()) | {
        "url": _order_url(order),
        "again_url": url_for("customer.welcome", shop_id=shop.id),
    }
    for name, endpoint in (
        ("panel_url", "order_panel"),
        ("submit_url", "place_order"),
        ("cancel_url", "cancel_order"),
    ):
        view[name] = url_for(f"customer.{endpoint}", shop_id=shop.id, order_id=order.id)
    return {"order": view, "menu": menu or presenters.menu(shop.menu)}


def _refusal_page(shop: Shop, refused: Refusal):
    view = presenters.refusal(shop, refused, None, services().now())
    if isinstance(refused, HasOpenOrder):
        order = services().order(shop.id, refused.order_id)
        view["next_url"] = _order_url(order)
        if order.number:
            view["title"] = f"You already have an order: {order.number}"
    elif isinstance(refused, ShopFull):
        view["next_url"] = request.path
    elif order := codes.open_order(services(), shop.id, customer_id()):
        view |= {"next_label": "I have an order: show it", "next_url": _order_url(order)}
    return _page("customer/refusal.html", shop, refusal=view), STATUS[type(refused)]


def _order_url(order: Order) -> str:
    return url_for("customer.order_page", shop_id=order.shop_id, order_id=order.id)


def _page(template: str, shop: Shop, **context) -> str:
    context.setdefault("live_url", None)
    now_ms = int(services().now().timestamp() * 1000)
    # Keeps the cookie alive for as long as the customer comes back.
    session.modified = "customer" in session
    return render_template(template, shop=shop, now_ms=now_ms, **context)
