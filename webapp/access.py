"""Who is asking: the customer's cookie and the staff session."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps

from flask import abort, current_app, g, request, session

from webapp.services.ports import Services, StaffSession

STAFF_COOKIE = "staff"


def services() -> Services:
    """The services of this app."""
    return current_app.extensions["services"]


def customer_id() -> str | None:
    """This browser's customer, if it has been one before."""
    return session.get("customer")


def new_customer_id() -> str:
    """This browser's customer, made now if need be."""
    if "customer" not in session:
        session["customer"] = secrets.token_hex(16)
        session.permanent = True
    return session["customer"]


def staff() -> StaffSession | None:
    """Who is signed in on this screen."""
    if "staff" not in g:
        secret = request.cookies.get(STAFF_COOKIE)
        g.staff = services().sessions.get(secret, services().now()) if secret else None
    return g.staff


def staff_only(*roles: str) -> Callable:
    """Lets only these roles of this very shop in; an admin may do what all others may."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(shop_id: str, *args, **kwargs):
            who = staff()
            if who is None:
                abort(401)
            if who.shop_id != shop_id or who.role not in (*roles, "admin"):
                abort(404)
            return view(shop_id, *args, **kwargs)

        return guarded

    return decorate
