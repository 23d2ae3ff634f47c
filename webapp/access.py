"""Who is asking, and who may ask what: each route declares its audiences, one guard enforces them.

A route that declares none answers 404 to everybody. Foreign and unknown things look the same.
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
    """Who a route is for. An admin may do what baristas and displays may."""

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
    """Lets a route take a larger body than all others; stands right above its function."""

    def declare(view: View) -> View:
        vars(view)["most_bytes"] = most
        return view

    return declare


def guard() -> None:
    """Turns away everybody whom the route is not for, before it runs."""
    if request.endpoint is None:
        return
    view = current_app.view_functions[request.endpoint]
    # Before anything reads the form.
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
    """Who may use this route; nobody where it declares none."""
    return getattr(view, "audiences", frozenset())


def in_address(name: str) -> str:
    """This part of the address; the route's rule says which there are."""
    return (request.view_args or {})[name]


def is_htmx() -> bool:
    """True when a script of ours asks, which puts a fragment in its place in the page."""
    return bool(htmx_request.htmx)


def _let_device_in() -> None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        abort(401)
    g.device = device_of(services(), given.token, in_address("shop_id"))
    if g.device is None:
        abort(401)


def services() -> Services:
    """The services of this app."""
    return current_app.extensions["services"]


def own_order() -> Order:
    """The order of the address, which the guard has found to be this customer's."""
    return g.order


def device() -> Device:
    """The device whose token came with the request; the guard has let it in."""
    return g.device


def customer() -> CustomerSession | None:
    """This browser's customer, if it has been one before."""
    if "customer" not in g:
        secret = session.get("customer")
        g.customer = secret and services().customer_sessions.get(secret, services().now())
    return g.customer or None


def known_customer() -> CustomerSession:
    """This browser's customer, where a use case has made sure that there is one."""
    return customer() or abort(404)


def remember_customer(secret: str, who: CustomerSession) -> None:
    """Makes this browser a new customer's; what it held before is forgotten but its language."""
    forget_customer()
    session["customer"] = secret
    session.permanent = True
    g.customer = who


def forget_customer() -> None:
    """What this browser held is gone, but for the language it speaks."""
    language = session.get("lang")
    session.clear()
    if language:
        session["lang"] = language


def session_id() -> str:
    """Names the session that the guard has let in; not a secret."""
    return (known_customer() if "order" in g else team_member()).id


def staff() -> StaffSession | None:
    """Who is signed in on this screen."""
    if "staff" not in g:
        secret = request.cookies.get(staff_cookie())
        g.staff = current_session(services(), secret) if secret else None
    return g.staff


def team_member() -> StaffSession:
    """Who is signed in on this screen; the guard has let them in."""
    return staff() or abort(401)


def begin_staff_session(
    response: BaseResponse, secret: str, lifetime: timedelta = SESSION_LIFETIME
) -> BaseResponse:
    """Signs this screen in: a new session, and a new token for its forms."""
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
    """Signs this screen out; its cookie opens nothing any more, wherever it was copied to."""
    if secret := request.cookies.get(staff_cookie()):
        services().sessions.end(secret)
    session.pop("csrf_token", None)
    response.delete_cookie(
        staff_cookie(), secure=current_app.config["SESSION_COOKIE_SECURE"], httponly=True
    )
    return response


def still_staff() -> Callable[[], bool]:
    """Tells later, without this request, whether its session has not been revoked meanwhile."""
    bar, secret = services(), request.cookies[staff_cookie()]
    return lambda: find_session(bar, secret) is not None


def staff_cookie() -> str:
    """The name of the cookie that holds a staff session's secret."""
    return cookie_name("staff")


def cookie_name(name: str) -> str:
    """With the prefix that binds a cookie to this very host, wherever https allows it."""
    name += current_app.config["COOKIE_SUFFIX"]
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name


def client_address() -> str:
    """Where the request came from. Headers that a client can write are not believed."""
    gateway = request.environ.get("lambda.event", {}).get("requestContext", {})
    source = gateway.get("http", {}).get("sourceIp") or gateway.get("identity", {}).get("sourceIp")
    return source or request.remote_addr or "unknown"
