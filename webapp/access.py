"""Says who sends a request. Each route declares its audiences, and one guard enforces them.

A route that declares none answers 404 to everybody. A thing of another shop or customer gets the
same answer as an unknown one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import abort, current_app, g, request, session
from htmx_flask import request as htmx_request
from werkzeug.wrappers import Response as BaseResponse

from domain.orders import Order
from domain.people import StaffRole
from webapp.services.all_services import Services
from webapp.services.intake.ports import CustomerSession
from webapp.services.orders import customer_steps
from webapp.services.staff.devices import device_of
from webapp.services.staff.ports import Device, StaffSession
from webapp.services.staff.sign_in import SESSION_LIFETIME, current_session, find_session


class Audience(StrEnum):
    """Whom a route is for. An admin may do what baristas and displays may."""

    ANYONE = "anyone"
    ORDER_OWNER = "order owner"
    BARISTA = StaffRole.BARISTA
    DISPLAY = StaffRole.DISPLAY
    ADMIN = StaffRole.ADMIN
    DEVICE = "device"


ANYONE, ORDER_OWNER, BARISTA, DISPLAY, ADMIN, DEVICE = Audience


View = TypeVar("View", bound=Callable[..., Any])


def allow(*audiences: Audience) -> Callable[[View], View]:
    """Declares who may use a route; stands right above its function."""

    def declare(view: View) -> View:
        vars(view)["audiences"] = frozenset(audiences)
        return view

    return declare


def takes_bytes(most: int) -> Callable[[View], View]:
    """Lets a route take a larger body than other routes; stands right above its function."""

    def declare(view: View) -> View:
        vars(view)["most_bytes"] = most
        return view

    return declare


def guard() -> None:
    """Refuses every request that the route is not for, before the route runs."""
    if request.endpoint is None:
        return
    view = current_app.view_functions[request.endpoint]
    # The limit must be set before anything reads the form.
    request.max_content_length = getattr(view, "most_bytes", request.max_content_length)
    audiences = audiences_of(view)
    if ANYONE in audiences:
        return
    if ORDER_OWNER in audiences:
        g.order = customer_steps.own_order(
            services(), in_address("shop_id"), in_address("order_id"), customer()
        )
        return
    if not audiences:
        abort(404)
    if DEVICE in audiences:
        _let_device_in()
        return
    who = staff()
    if who is None:
        abort(401)
    if who.shop_id != in_address("shop_id") or who.role not in (*audiences, ADMIN):
        abort(404)


def audiences_of(view: object) -> frozenset[Audience]:
    """Returns who may use this route; nobody if it declares none."""
    return getattr(view, "audiences", frozenset())


def in_address(name: str) -> str:
    """Returns this part of the address; the route's rule names the parts."""
    return (request.view_args or {})[name]


def is_htmx() -> bool:
    """Returns whether our script sent the request and will put the answer into the page."""
    return bool(htmx_request.htmx)


def _let_device_in() -> None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        abort(401)
    g.device = device_of(services(), given.token, in_address("shop_id"))
    if g.device is None:
        abort(401)


def services() -> Services:
    """Returns the services of this app."""
    return current_app.extensions["services"]


def own_order() -> Order:
    """Returns the order of the address, which the guard has found to be this customer's."""
    return g.order


def device() -> Device:
    """Returns the device whose token came with the request; the guard has let it in."""
    return g.device


def customer() -> CustomerSession | None:
    """Returns this browser's customer; None if it has none yet."""
    if "customer" not in g:
        secret = session.get("customer")
        g.customer = secret and services().customer_sessions.get(secret, services().now())
    return g.customer or None


def known_customer() -> CustomerSession:
    """Returns this browser's customer where a use case has made sure that there is one.

    Answers 404 otherwise.
    """
    return customer() or abort(404)


def remember_customer(secret: str, who: CustomerSession) -> None:
    """Gives this browser a new customer and forgets the old one, but keeps the language."""
    forget_customer()
    session["customer"] = secret
    session.permanent = True
    g.customer = who


def forget_customer() -> None:
    """Forgets everything about this browser's customer but the chosen language."""
    language = session.get("lang")
    session.clear()
    if language:
        session["lang"] = language


def session_id() -> str:
    """Returns the id of the session that the guard has let in; the id is not a secret."""
    return (known_customer() if "order" in g else team_member()).id


def staff() -> StaffSession | None:
    """Returns who is signed in on this screen; None if nobody is."""
    if "staff" not in g:
        secret = request.cookies.get(staff_cookie())
        g.staff = current_session(services(), secret) if secret else None
    return g.staff


def team_member() -> StaffSession:
    """Returns who is signed in on this screen; the guard has let them in."""
    return staff() or abort(401)


def begin_staff_session(
    response: BaseResponse, secret: str, lifetime: timedelta = SESSION_LIFETIME
) -> BaseResponse:
    """Signs this screen in with a new session and a new token for its forms."""
    if before := request.cookies.get(staff_cookie()):
        services().sessions.end(before)
    session.pop("sign_in", None)
    session.pop("csrf_token", None)
    session.pop("pairing", None)
    response.set_cookie(
        staff_cookie(),
        secret,
        max_age=lifetime,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Lax",
    )
    return response


def end_staff_session(response: BaseResponse) -> BaseResponse:
    """Signs this screen out. Its cookie becomes worthless, and so do all copies of it."""
    if secret := request.cookies.get(staff_cookie()):
        services().sessions.end(secret)
    session.pop("csrf_token", None)
    response.delete_cookie(
        staff_cookie(), secure=current_app.config["SESSION_COOKIE_SECURE"], httponly=True
    )
    return response


def still_staff() -> Callable[[], bool]:
    """Returns a function that says later, without this request, whether its session exists."""
    bar, secret = services(), request.cookies[staff_cookie()]
    return lambda: find_session(bar, secret) is not None


def staff_cookie() -> str:
    """Returns the name of the cookie that holds a staff session's secret."""
    return cookie_name("staff")


def cookie_name(name: str) -> str:
    """Returns a cookie's name, under https with the prefix that binds the cookie to this host."""
    name += current_app.config["COOKIE_SUFFIX"]
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name


def client_address() -> str:
    """Returns the client's address. Headers that a client can write are ignored."""
    gateway = request.environ.get("lambda.event", {}).get("requestContext", {})
    source = gateway.get("http", {}).get("sourceIp") or gateway.get("identity", {}).get("sourceIp")
    return source or request.remote_addr or "unknown"
