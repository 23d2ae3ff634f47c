"""Browsers in which somebody has signed in before, known by a signed cookie.

Their tries of that person's password are counted apart, so that a stranger who uses up the tries of
an e-mail keeps nobody out of the browser that they always use.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from webapp.access import cookie_name, services

_LONGEST = 300
_KEPT = timedelta(days=365)


def known_browser(email: str) -> str:
    """A name of this browser if this person has signed in here before; else none."""
    cookie = request.cookies.get(_cookie(), "")
    if not cookie or len(cookie) > _LONGEST:
        return ""
    try:
        return _serializer(email).loads(cookie)
    except BadData:
        return ""


def remember_browser(response: Response, email: str) -> Response:
    """This person has just signed in here."""
    name = known_browser(email) or secrets.token_hex(16)
    response.set_cookie(
        _cookie(),
        _serializer(email).dumps(name),
        max_age=_KEPT,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Lax",
    )
    return response


def _cookie() -> str:
    return cookie_name("known")


def _serializer(email: str) -> URLSafeSerializer:
    # The e-mail is in the signature alone: the cookie tells nobody who works here. The oldest key
    # comes first, as the library wants them: the last one signs.
    keys = list(reversed(services().secret_keys))
    return URLSafeSerializer(keys, salt=f"known browser of {email}")
