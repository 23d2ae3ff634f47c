"""The JSON API: offers the pages' use cases to printers, tills and robots.

The API lets in only a device's token and never a cookie. A browser does not send the token by
itself, so another site cannot forge a request.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from domain.errors import ChoiceInvalid
from domain.orders import Order, OrderState
from domain.orders import order_id as id_of_form
from domain.people import StaffRole
from domain.reading import read_moment, read_number
from webapp.access import ANYONE, DEVICE, allow, device, services
from webapp.api_schema import STATES, Operation, checker, document
from webapp.cursors import LONGEST_CURSOR, read_cursor, write_cursor
from webapp.presenters import api as api_views
from webapp.services.api import idempotency
from webapp.services.api.ports import StoredAnswer
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.intake.ports import CustomerSession
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.orders.ports import OrderQuery
from webapp.services.shop import switches
from webapp.services.staff.devices import TOKEN_LIFETIME, customer_of
from webapp.services.staff.ports import StaffSession

blueprint = Blueprint("api", __name__)

MOST_ORDERS = 100
PLACE = "<shop_id>/api"


def operation(summary: str, scope: str, answer: str, **more: Any) -> Callable[[Callable], Callable]:
    """Declares what a route does. Checks the token's scope, the body and the idempotency key."""
    declared = Operation(summary, scope, answer, **more)

    def declare(view: Callable) -> Callable:
        @wraps(view)
        def checked(shop_id: str, **values: str) -> ResponseReturnValue:
            if scope not in device().scopes:
                abort(403)
            body = (_body(declared.body),) if declared.body else ()
            if not declared.is_repeatable:
                answer = view(shop_id, *body, **values)
                is_made = isinstance(answer, Response)
                return answer if is_made else (jsonify(answer), declared.status)
            return _once(declared, lambda: view(shop_id, *body, **values))

        vars(checked)["operation"] = declared
        return checked

    return declare


@blueprint.get("/api/openapi.json")
@allow(ANYONE)
def openapi() -> ResponseReturnValue:
    return jsonify(document(current_app, services().public_url))


@blueprint.get(f"/{PLACE}/settings")
@allow(DEVICE)
@operation("The shop's settings", "shop:read", "Settings")
def settings(shop_id: str) -> ResponseReturnValue:
    count = services().shops.open_order_count(shop_id)
    return api_views.settings(services().shop(shop_id), count)


@blueprint.get(f"/{PLACE}/menu")
@allow(DEVICE)
@operation("What the shop offers, and what is sold out", "shop:read", "Menu")
def menu(shop_id: str) -> ResponseReturnValue:
    return api_views.menu(services().shop(shop_id).menu)


@blueprint.put(f"/{PLACE}/store")
@allow(DEVICE)
@operation("Open or close the shop", "shop:write", "Settings", body="Store", is_repeatable=True)
def store(shop_id: str, body: dict) -> ResponseReturnValue:
    shop = switches.set_open(services(), shop_id, body["state"] == "open")
    return api_views.settings(shop, services().shops.open_order_count(shop_id))


@blueprint.get(f"/{PLACE}/qr-code")
@allow(DEVICE)
@operation("The QR code to show now", "codes:read", "QrCode")
def qr_code(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    current = qr_codes.current_code(services(), shop)
    url = f"{services().public_url}/{shop.id}/scan/{current.qr_code.text}"
    return api_views.qr_code(shop, current, url)


@blueprint.post(f"/{PLACE}/qr-code")
@allow(DEVICE)
@operation(
    "Validate a scanned QR code and take a place with it",
    "orders:place",
    "Order",
    body="ScannedCode",
    status=201,
    raises=(409, 410),
    is_repeatable=True,
)
def validate_code(shop_id: str, body: dict) -> ResponseReturnValue:
    shop, browser = services().shop(shop_id), _browser()
    text = body["code"].rstrip("/").rpartition("/")[2]
    form_key = request.headers.get("Idempotency-Key") or secrets.token_urlsafe(12)
    new_id = id_of_form(browser.customer_id, form_key, services().secret_keys[0])
    _, browser = passes.scan_code(services(), shop, text, browser, new_id)
    order = claims.claim_order(services(), shop, browser)
    return api_views.order(order)


_LIST = (
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ORDERS, "default": 50},
    },
    {
        "name": "cursor",
        "in": "query",
        "description": "`next` of the page before",
        "schema": {"type": "string", "maxLength": LONGEST_CURSOR},
    },
)
_WHICH = (
    {
        "name": "state",
        "in": "query",
        "description": "one or more order states, separated by commas",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "items": {"type": "string", "enum": STATES}},
    },
    {
        "name": "since",
        "in": "query",
        "description": "begun at this moment or later",
        "schema": {"type": "string", "format": "date-time"},
    },
    {
        "name": "until",
        "in": "query",
        "description": "begun before this moment",
        "schema": {"type": "string", "format": "date-time"},
    },
)


@blueprint.get(f"/{PLACE}/orders")
@allow(DEVICE)
@operation("The shop's orders, newest first", "orders:read", "Orders", query=_WHICH + _LIST)
def orders(shop_id: str) -> ResponseReturnValue:
    asked = OrderQuery(
        most=_limit(),
        states=_states(request.args.get("state", "")),
        since=_moment("since"),
        until=_moment("until"),
    )
    return _orders(shop_id, "orders", asked)


@blueprint.post(f"/{PLACE}/orders")
@allow(DEVICE)
@operation(
    "Order for somebody at the counter: no scan, the same queue and numbers",
    "orders:counter",
    "Order",
    body="CounterOrder",
    status=201,
    raises=(409,),
    is_repeatable=True,
)
def order_at_counter(shop_id: str, body: dict) -> ResponseReturnValue:
    from webapp.services.orders.walk_ups import place_walk_up

    form_key = request.headers.get("Idempotency-Key") or secrets.token_urlsafe(12)
    placed = place_walk_up(
        services(),
        _barista(),
        form_key,
        body["drink"],
        body.get("options", {}),
        body.get("name", ""),
    )
    return api_views.order(placed)


@blueprint.get(f"/{PLACE}/my-orders")
@allow(DEVICE)
@operation(
    "What this device has ordered today, newest first", "orders:place", "Orders", query=_LIST
)
def my_orders(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    midnight = datetime.combine(shop.local_time(services().now()).date(), time(), shop.zone)
    me = customer_of(device())
    asked = OrderQuery(most=_limit(), since=midnight, customer_id=me)
    return _orders(shop_id, f"orders of {me}", asked)


@blueprint.get(f"/{PLACE}/orders/<order_id>")
@allow(DEVICE)
@operation("One order", "orders:read", "Order")
def order(shop_id: str, order_id: str) -> ResponseReturnValue:
    return api_views.order(services().order(shop_id, order_id))


@blueprint.get(f"/{PLACE}/my-orders/<order_id>")
@allow(DEVICE)
@operation("One order of this device", "orders:place", "Order")
def my_order(shop_id: str, order_id: str) -> ResponseReturnValue:
    return api_views.order(_my_order(shop_id, order_id))


@blueprint.put(f"/{PLACE}/my-orders/<order_id>")
@allow(DEVICE)
@operation(
    "Choose the drink of this device's order (submit), or cancel it",
    "orders:place",
    "Order",
    body="OrderAction",
    raises=(409,),
    is_repeatable=True,
)
def change_my_order(shop_id: str, body: dict, order_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    mine = _my_order(shop_id, order_id)
    if body["action"] == "submit":
        drink, options = body.get("drink", ""), body.get("options", {})
        return api_views.order(customer_steps.place_order(services(), shop, mine, drink, options))
    if body["action"] == "cancel":
        return api_views.order(customer_steps.cancel_order(services(), mine))
    raise ChoiceInvalid("A customer submits or cancels; the rest is the bar's.")


@blueprint.put(f"/{PLACE}/orders/<order_id>")
@allow(DEVICE)
@operation(
    "Make, release, complete, collect or cancel an order",
    "orders:act",
    "Order",
    body="OrderAction",
    raises=(409,),
    is_repeatable=True,
)
def change_order(shop_id: str, body: dict, order_id: str) -> ResponseReturnValue:
    act = _ACTIONS.get(body["action"])
    if act is None:
        raise ChoiceInvalid("The drink of an order is its customer's to choose.")
    return api_views.order(act(order_id, _barista(), body.get("reason")))


_ACTIONS: dict[str, Callable[[str, StaffSession, str | None], Order]] = {
    "make": lambda order, who, _: barista_steps.make_order(services(), order, who),
    "release": lambda order, who, _: barista_steps.release_order(services(), order, who),
    "complete": lambda order, who, _: barista_steps.complete_order(services(), order, who),
    "collect": lambda order, who, _: barista_steps.collect_order(services(), order, who),
    "cancel": lambda order, who, reason: barista_steps.cancel_order(
        services(), order, who, _reason(reason)
    ),
}


def _reason(reason: str | None) -> barista_steps.CancelReason:
    if reason is None:
        raise ChoiceInvalid("Say why: a cancel needs one of the reasons.")
    return barista_steps.CancelReason[reason.upper()]


def _barista() -> StaffSession:
    who = device()
    return StaffSession(who.id, who.shop_id, StaffRole.BARISTA, who.name)


def _my_order(shop_id: str, order_id: str) -> Order:
    me = CustomerSession("", customer_of(device()))
    return customer_steps.own_order(services(), shop_id, order_id, me)


def _browser() -> CustomerSession:
    """Returns the device's one customer session, which all its calls share."""
    token = request.authorization.token if request.authorization else None
    secret, now = f"device|{token}", services().now()
    known = services().customer_sessions.get(secret, now)
    if known:
        return known
    who = customer_of(device())
    return services().customer_sessions.create(secret, who, now + TOKEN_LIFETIME)


_DAYS = tuple(
    {
        "name": name,
        "in": "query",
        "description": words,
        "schema": {"type": "string", "format": "date"},
    }
    for name, words in (
        ("first", "the first day; today when left out"),
        ("last", "the last day; the first when left out"),
    )
)


@blueprint.get(f"/{PLACE}/metrics")
@allow(DEVICE)
@operation("The figures of one or more days", "metrics:read", "Metrics", query=_DAYS)
def metrics(shop_id: str) -> ResponseReturnValue:
    from webapp.services.past.metrics import chosen_days, figures_of, refused_scans

    shop = services().shop(shop_id)
    days = chosen_days(
        services(), shop, request.args.get("first", ""), request.args.get("last", "")
    )
    figures = figures_of(services(), shop, days)
    return api_views.metrics(shop, days, figures, refused_scans(services(), shop, days))


def _body(shape: str) -> dict:
    from fastjsonschema import JsonSchemaValueException

    if not request.is_json:
        abort(415)
    try:
        body = request.get_json()
    except RecursionError:
        abort(400)
    try:
        checker(shape)(body)
    except JsonSchemaValueException as error:
        raise ChoiceInvalid(f"The body is not as it must be: {error.message}.") from None
    return body


def _limit() -> int:
    try:
        return read_number(request.args.get("limit", "50"), 1, MOST_ORDERS)
    except ValueError:
        raise ChoiceInvalid(f"limit is a whole number from 1 to {MOST_ORDERS}.") from None


def _states(text: str) -> frozenset[OrderState]:
    try:
        return frozenset(OrderState(name) for name in text.split(",") if name)
    except ValueError:
        raise ChoiceInvalid(f"state is one or more of {', '.join(STATES)}.") from None


def _moment(name: str) -> datetime | None:
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        return read_moment(text)
    except ValueError:
        wanted = "a time with its zone, such as 2026-11-24T09:30:00Z"
        raise ChoiceInvalid(f"{name} is {wanted}.") from None


def _orders(shop_id: str, name: str, asked: OrderQuery) -> dict:
    """Returns a page of a list of the shop's orders. The list accepts only its own cursors."""
    of_list = f"{shop_id}'s {name}"
    place = read_cursor(services(), of_list, request.args.get("cursor", ""))
    found, after = services().orders.by_time(shop_id, replace(asked, after=place))
    return {
        "orders": [api_views.order(one) for one in found],
        "next": after and write_cursor(services(), of_list, after),
    }


def _once(declared: Operation, call: Callable[[], dict]) -> ResponseReturnValue:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return jsonify(call()), declared.status
    if not 8 <= len(key) <= idempotency.KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise ChoiceInvalid(
            f"Idempotency-Key has 8 to {idempotency.KEY_LENGTH} printable characters."
        )
    asked = f"{request.method} {request.path}\n".encode() + request.get_data()
    answer, is_repeated = idempotency.carry_out_once(
        services(),
        device().id,
        key,
        asked,
        lambda: StoredAnswer(declared.status, json.dumps(call())),
    )
    response = Response(answer.body, answer.status, mimetype="application/json")
    if is_repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return response
