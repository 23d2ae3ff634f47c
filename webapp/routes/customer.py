"""The phone: scan a QR code, choose a drink, follow the order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import (
    Blueprint,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from domain.errors import (
    ChoiceInvalid,
    CodeExpired,
    HasOpenOrder,
    NotAllowedNow,
    PhoneNeeded,
    Refusal,
    ShopFull,
    SoldOut,
)
from domain.orders import IN_LINE, Action, Order, Role, may_move
from domain.shops import Shop
from webapp.access import (
    ANYONE,
    ORDER_OWNER,
    allow,
    client_address,
    customer,
    is_htmx,
    known_customer,
    own_order,
    remember_customer,
    services,
)
from webapp.cloud.live_topics import order_topic
from webapp.errors import STATUS
from webapp.languages import asked_language, choices, entered, use_locale_of_stranger
from webapp.presenters.menu import menu_view
from webapp.presenters.order import order_view
from webapp.presenters.refusal import refusal_view, scan_kept
from webapp.presenters.shop import (
    choice_refusal,
    menu_said,
    opens,
    paused_until,
    pickup_place,
    rush_note,
    wait_words,
)
from webapp.routes.choice_form import read_choice
from webapp.routes.live import first_grant, order_feed, order_live_url, read_seconds
from webapp.routes.page import render_page
from webapp.services.intake import claims, passes
from webapp.services.intake.ports import CustomerSession
from webapp.services.intake.refused_scans import count_refusal
from webapp.services.orders import customer_steps, waits
from webapp.services.shop.directory import shops_for_customers
from webapp.words import _, current_locale

blueprint = Blueprint("customer", __name__)

_NEW = timedelta(seconds=10)
"""An order this young is being shown for the first time, even on a slow phone."""


@blueprint.get("/")
@allow(ANYONE)
def start() -> ResponseReturnValue:
    shops = shops_for_customers(services())
    if len(shops) > 1:
        use_locale_of_stranger()
        return render_template(
            "customer/shops.html", shop=None, bars=[_shop_in_list(shop) for shop in shops]
        )
    default = current_app.extensions["settings"].default_shop
    return redirect(url_for("customer.welcome", shop_id=shops[0].id if shops else default))


def _shop_in_list(shop: Shop) -> dict:
    now = services().now()
    return {
        "name": shop.name,
        "pickup_place": shop.pickup_place,
        "is_open": shop.is_open,
        "opens": opens(shop, now),
        "paused_until": paused_until(shop),
        "url": url_for("customer.welcome", shop_id=shop.id),
    }


@blueprint.get("/<shop_id>/")
@allow(ANYONE)
def welcome(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    who = customer()
    order = passes.open_order(services(), shop.id, who)
    return page(
        "customer/welcome.html",
        shop,
        opens=opens(shop, services().now()),
        paused_until=paused_until(shop),
        open_order=order and {"number": order.number, "url": _order_url(order)},
        wait=_wait(shop),
        phone=who.phone if who and who.has_phone(services().now()) and not order else None,
        sign_out_url=url_for("phone.sign_out", shop_id=shop.id),
        my_orders_url=url_for("my_orders.home", shop_id=shop.id) if who else None,
    )


@blueprint.get("/<shop_id>/scan/<code>")
@allow(ANYONE)
def scan(shop_id: str, code: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    try:
        secret, who = passes.scan_code(services(), shop, code, customer())
    except CodeExpired as refused:
        # The customer has loaded the page again. The QR code has expired since, but the pass that
        # it gave is still valid.
        if passes.pass_of(services(), shop, customer()):
            return redirect(_place_url(shop), 303)
        return refusal_page(shop, refused)
    except Refusal as refused:
        return refusal_page(shop, refused)
    if secret:
        remember_customer(secret, who)
    try:
        passes.check_capacity(services(), shop)
    except Refusal as refused:
        return refusal_page(shop, refused, _place_url(shop))
    return _place_page(shop, who)


@blueprint.get("/<shop_id>/scan")
@allow(ANYONE)
def place(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    try:
        passes.check_pass(services(), shop, customer())
    except Refusal as refused:
        return refusal_page(shop, refused)
    return _place_page(shop, known_customer())


def _place_page(shop: Shop, who: CustomerSession) -> ResponseReturnValue:
    """Renders the page of a browser with a pass, at an address without the QR code's secret."""
    if passes.needs_phone(services(), shop, who):
        return redirect(url_for("phone.number_page", shop_id=shop.id), 303)
    return page(
        "customer/scan.html",
        shop,
        here=_place_url(shop),
        rush=rush_note(shop),
        claim_url=url_for("customer.claim", shop_id=shop.id),
        wait=_wait(shop),
    )


@blueprint.post("/<shop_id>/scan")
@allow(ANYONE)
def claim(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    try:
        order = claims.claim_order(services(), shop, customer(), current_locale())
    except PhoneNeeded:
        return _go_on(url_for("phone.number_page", shop_id=shop.id))
    except Refusal as refused:
        return refusal_page(shop, refused)
    return _go_on(_order_url(order))


def _go_on(url: str) -> ResponseReturnValue:
    """Sends the browser to the next page. A script that has sent the form goes there directly."""
    return ("", 204, {"HX-Redirect": url}) if is_htmx() else redirect(url, 303)


@blueprint.get("/<shop_id>/orders/<order_id>")
@allow(ORDER_OWNER)
def order_page(shop_id: str, order_id: str) -> ResponseReturnValue:
    shop, order = entered(shop_id), own_order()
    if language := asked_language():
        order = customer_steps.remember_locale(services(), shop, order, language)
    address = order_live_url(order)
    # Grants that a page gets without asking are not counted. The number of orders is limited, and
    # with it the number of such grants.
    is_new = services().now() - order.created_at < _NEW
    grant = first_grant([order_topic(shop.id, order.id)]) if address and is_new else None
    return page(
        "customer/order.html",
        shop,
        live_url=address,
        live_grant=grant,
        read_seconds=read_seconds(order),
        **_views(shop, order),
    )


@blueprint.get("/<shop_id>/orders/<order_id>/panel")
@allow(ORDER_OWNER)
def order_panel(shop_id: str, order_id: str) -> ResponseReturnValue:
    return _panel(entered(shop_id), own_order())


@blueprint.get("/<shop_id>/orders/<order_id>/live")
@allow(ORDER_OWNER)
def order_live(shop_id: str, order_id: str) -> ResponseReturnValue:
    return order_feed(own_order())


@blueprint.post("/<shop_id>/orders/<order_id>/submit")
@allow(ORDER_OWNER)
def place_order(shop_id: str, order_id: str) -> ResponseReturnValue:
    shop, order = entered(shop_id), own_order()
    drink_id, chosen = read_choice(request.form)
    try:
        order = customer_steps.place_order(services(), shop, order, drink_id, chosen)
    except (ChoiceInvalid, SoldOut) as refused:
        if not may_move(order, Action.SUBMIT, Role.CUSTOMER):
            raise
        menu = menu_view(menu_said(shop), drink_id, chosen, choice_refusal(shop, refused))
        return _answer(shop, order, STATUS[type(refused)], menu)
    except NotAllowedNow:
        # The page was older than the order. The order as it is now tells the customer more than an
        # error message.
        return _answer(shop, services().order(shop.id, order.id), 409)
    return _answer(shop, order)


@blueprint.post("/<shop_id>/orders/<order_id>/cancel")
@allow(ORDER_OWNER)
def cancel_order(shop_id: str, order_id: str) -> ResponseReturnValue:
    shop, order = entered(shop_id), own_order()
    try:
        order = customer_steps.cancel_order(services(), order)
    except NotAllowedNow:
        return _answer(shop, services().order(shop.id, order.id), 409)
    return _answer(shop, order)


def _answer(
    shop: Shop, order: Order, status: int = 200, menu: dict | None = None
) -> ResponseReturnValue:
    """Returns the panel to htmx, and the page or a redirect to it after a plain form."""
    if is_htmx():
        return _panel(shop, order, menu), status
    if status == 200:
        return redirect(_order_url(order), 303)
    views = _views(shop, order, menu)
    return page("customer/order.html", shop, _order_url(order), live_url=None, **views), status


def _panel(shop: Shop, order: Order, menu: dict | None = None) -> str:
    return page("fragments/order_panel.html", shop, **_views(shop, order, menu))


def _views(shop: Shop, order: Order, menu: dict | None = None) -> dict:
    open_orders = services().orders.open_orders(shop.id) if order.state in IN_LINE else []
    wait = waits.wait_of(services(), shop, order, open_orders)
    view = order_view(shop, order, open_orders, services().now(), wait) | {
        "url": _order_url(order),
        "again_url": url_for("customer.welcome", shop_id=shop.id),
        "my_orders_url": url_for("my_orders.home", shop_id=shop.id),
    }
    for name, endpoint in (
        ("panel_url", "order_panel"),
        ("submit_url", "place_order"),
        ("cancel_url", "cancel_order"),
    ):
        view[name] = url_for(f"customer.{endpoint}", shop_id=shop.id, order_id=order.id)
    view["journey_url"] = url_for("journey.page", shop_id=shop.id, order_id=order.id)
    return {"order": view, "menu": menu or menu_view(menu_said(shop))}


def _wait(shop: Shop) -> str | None:
    """Returns how long a drink takes now for a customer who has not ordered yet."""
    if not shop.is_open or shop.paused_until:
        return None
    open_orders = services().orders.open_orders(shop.id)
    return wait_words(waits.wait_of_next(services(), shop, open_orders))


def refusal_page(shop: Shop, refused: Refusal, next_url: str | None = None) -> ResponseReturnValue:
    """Returns the refusal's page and status: why, when to try again, and a link to go on."""
    count_refusal(services(), shop, refused, client_address())
    view = refusal_view(shop, refused, services().now())
    if isinstance(refused, HasOpenOrder):
        order = services().order(shop.id, refused.order_id)
        view["next_url"] = _order_url(order)
        if order.number:
            view["title"] = _("You already have an order: %(number)s", number=order.number)
    elif next_url or isinstance(refused, ShopFull):
        if kept := isinstance(refused, ShopFull) and passes.pass_of(services(), shop, customer()):
            view["keep"] = scan_kept(shop, kept.ends_at)
        # The link never leads to the address that was asked for, because a QR code in it has
        # expired by the time of the next try.
        view["next_url"] = next_url or _place_url(shop)
    elif under_way := passes.open_order(services(), shop.id, customer()):
        view |= {"next_label": _("I have an order: show it"), "next_url": _order_url(under_way)}
    here = _place_url(shop) if request.endpoint == "customer.scan" else None
    return page("customer/refusal.html", shop, here, refusal=view), STATUS[type(refused)]


def _place_url(shop: Shop) -> str:
    return url_for("customer.place", shop_id=shop.id)


def _order_url(order: Order) -> str:
    return url_for("customer.order_page", shop_id=order.shop_id, order_id=order.id)


def page(template: str, shop: Shop, here: str | None = None, **context: Any) -> str:
    """Renders a customer's page and renews the customer's cookie.

    here: the page's own address, if it differs from the address that was asked for.
    """
    session.modified = session.modified or "customer" in session
    return render_page(
        template,
        shop,
        place=pickup_place(shop),
        languages=choices(shop, here),
        here=here,
        **context,
    )
