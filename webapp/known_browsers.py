"""Knows by a signed cookie the browsers in which a person has signed in before.

Password tries from such a browser have a limit of their own. So a stranger who uses up the tries of
an e-mail cannot lock its owner out of their usual browser. Each person has a cookie of their own,
because colleagues share tablets. A cookie ends with the person's session epoch: after a new
password no browser is known, so a stolen password leaves no extra tries behind.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from webapp.access import cookie_name, services

_LONGEST = 300
_KEPT = timedelta(days=365)


def known_browser(email: str) -> str:
    """Returns this browser's name if this person has signed in here before, else ""."""
    cookie = request.cookies.get(_cookie(email), "")
    if not cookie or len(cookie) > _LONGEST:
        return ""
    try:
        return _serializer(email).loads(cookie)
    except BadData:
        return ""


def remember_browser(response: Response, email: str) -> Response:
    """Notes in the cookie that this person has just signed in here."""
    name = known_browser(email) or secrets.token_hex(16)
    response.set_cookie(
        _cookie(email),
        _serializer(email).dumps(name),
        max_age=_KEPT,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Lax",
    )
    return response


def _cookie(email: str) -> str:
    # Hashed with a key, so that the cookie's name does not reveal who works here.
    key = services().secret_keys[0].encode()
    whose = hmac.new(key, f"known browser|{email}".encode(), hashlib.sha256).hexdigest()
    return cookie_name(f"known-{whose[:12]}")


def _serializer(email: str) -> URLSafeSerializer:
    # The e-mail is only in the signature, so the cookie does not reveal who works here. The library
    # signs with the last key, so the newest key goes last.
    keys = list(reversed(services().secret_keys))
    epoch = services().session_epochs.current(email)
    return URLSafeSerializer(keys, salt=f"known browser of {email} since {epoch}")
