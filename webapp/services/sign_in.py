"""How staff and screens sign in: a single-use link opens a session held in a table row."""

from __future__ import annotations

import secrets
from datetime import timedelta

from domain.errors import LinkInvalid
from webapp.services.ports import Services, StaffSession

ROLES = ("admin", "barista", "display")
LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=30)
_DEFAULT_NAMES = {"admin": "Admin", "barista": "Barista", "display": "TV"}
NAME_LENGTH = 24


def create_link(services: Services, shop_id: str, role: str, name: str = "") -> str:
    """The URL of a fresh sign-in link, good for one use within 15 minutes.

    Raises NotFound for an unknown shop, ValueError for an unknown role.
    """
    if role not in ROLES:
        raise ValueError(f"The roles are {', '.join(ROLES)}.")
    shop = services.shop(shop_id)
    secret = secrets.token_urlsafe(24)
    session = StaffSession("", shop.id, role, clean_name(name) or _DEFAULT_NAMES[role])
    services.sessions.create_link(secret, session, services.now() + LINK_LIFETIME)
    return f"{services.public_url}/{shop.id}/sign-in/{secret}"


def open_link(services: Services, secret: str) -> tuple[str, StaffSession]:
    """Uses a link up: the new session and its secret for the cookie. Raises LinkInvalid."""
    now = services.now()
    new_secret = secrets.token_urlsafe(24)
    session = services.sessions.use_link(secret, new_secret, now, now + SESSION_LIFETIME)
    if session is None:
        raise LinkInvalid
    return new_secret, session


def clean_name(name: str) -> str:
    """A name fit for the screens: printable, single-spaced, at most 24 characters."""
    printable = "".join(character if character.isprintable() else " " for character in name)
    return " ".join(printable.split())[:NAME_LENGTH].strip()
