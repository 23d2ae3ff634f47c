"""How staff and screens sign in, by a single-use link or a pairing, and how they are sent away.

Either way ends in a session held in a table row, which can be taken away at any moment.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import Busy, ChoiceInvalid, LinkInvalid, NotFound
from domain.people import NAME_LENGTH, StaffRole
from domain.texts import clean_text
from webapp.services.limits import limits
from webapp.services.staff.bundle import StaffServices
from webapp.services.staff.ports import StaffSession

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=30)
_DEFAULT_NAMES: dict[str, str] = {
    StaffRole.ADMIN: "Admin",
    StaffRole.BARISTA: "",
    StaffRole.DISPLAY: "TV",
}
"""A barista without a name has none: their tablet asks for it, and customers read "A barista"."""
PAIRING_LIFETIME = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
"""How exactly it is known who is there: each time is two writes, for a screen all day long."""
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that are read as one another."""
_CODE_LENGTH, _LONG_CODE_LENGTH = 6, 10
_CODE_TRIES = 5
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def create_link(services: StaffServices, shop_id: str, role: str, name: str = "") -> str:
    """The URL of a fresh sign-in link, good for one use within 15 minutes.

    Raises NotFound for an unknown shop, ValueError for an unknown role.
    """
    if role not in tuple(StaffRole):
        raise ValueError(f"The roles are {', '.join(StaffRole)}.")
    shop = services.shop(shop_id)
    secret = secrets.token_urlsafe(24)
    session = StaffSession("", shop.id, role, clean_text(name, NAME_LENGTH) or _DEFAULT_NAMES[role])
    services.sessions.create_link(secret, session, services.now() + LINK_LIFETIME)
    return f"{services.public_url}/{shop.id}/sign-in/{secret}"


def open_link(services: StaffServices, secret: str) -> tuple[str, StaffSession]:
    """Uses a link up: the new session and its secret for the cookie. Raises LinkInvalid."""
    now = services.now()
    new_secret = secrets.token_urlsafe(24)
    session = services.sessions.use_link(secret, new_secret, now, now + SESSION_LIFETIME)
    if session is None:
        raise LinkInvalid
    return new_secret, session


@dataclass(frozen=True)
class Pairing:
    """A screen that asks to be let in: the code it shows, and what only its browser knows."""

    code: str
    browser: str


def ask_pairing(services: StaffServices, shop_id: str, address: str) -> Pairing:
    """A code for a screen to show, good for ten minutes. Raises NotFound.

    Of an address that has asked for many, codes are longer: however many are open then, whoever
    mistypes one does not meet another, and no screen of the bar's is sent away.
    """
    shop = services.shop(shop_id)
    is_usual = limits.is_within(services, limits.PAIRINGS, shop.id, address)
    length = _CODE_LENGTH if is_usual else _LONG_CODE_LENGTH
    browser = secrets.token_urlsafe(24)
    for _ in range(_CODE_TRIES):
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(length))
        ends_at = services.now() + PAIRING_LIFETIME
        if services.sessions.ask_pairing(code, browser, shop.id, ends_at):
            return Pairing(code, browser)
    raise Busy


def approve_pairing(
    services: StaffServices, admin: StaffSession, code: str, role: str, name: str
) -> None:
    """Lets the screen that shows this code in, under this name. Raises ChoiceInvalid."""
    if role not in tuple(StaffRole):
        raise ChoiceInvalid("Choose what the screen is for.")
    typed = "".join(letter for letter in code.upper() if letter in _CODE_LETTERS)
    named = clean_text(name, NAME_LENGTH) or _DEFAULT_NAMES[role]
    if not services.sessions.approve_pairing(admin.shop_id, typed, role, named, services.now()):
        raise ChoiceInvalid("No screen shows this code now. Look at the screen again.")


def take_pairing(services: StaffServices, pairing: Pairing) -> tuple[str, StaffSession] | None:
    """The new session and its secret once an admin has approved; None before that."""
    now, new_secret = services.now(), secrets.token_urlsafe(24)
    session = services.sessions.take_pairing(
        pairing.code, pairing.browser, new_secret, now, now + SESSION_LIFETIME
    )
    return (new_secret, session) if session else None


def pairing_is_open(services: StaffServices, pairing: Pairing) -> bool:
    """True while the screen's code waits for an admin."""
    return bool(services.sessions.pairing_ends_at(pairing.code, pairing.browser, services.now()))


def find_session(services: StaffServices, secret: str) -> StaffSession | None:
    """Whose session it is; None when it is over or its person has a new session epoch."""
    session = services.sessions.get(secret, services.now())
    return session if session and has_current_epoch(services, session) else None


def has_current_epoch(services: StaffServices, session: StaffSession) -> bool:
    """False once all sessions of this person were ended."""
    return (
        not session.email or services.session_epochs.current(session.email) == session.session_epoch
    )


def current_session(services: StaffServices, secret: str) -> StaffSession | None:
    """Who this secret signs in; notes now and then that they are still there."""
    now = services.now()
    session = find_session(services, secret)
    if session and (session.seen_at is None or session.seen_at + SEEN_EVERY <= now):
        services.sessions.touch(secret, now)
    return session


def signed_in(services: StaffServices, shop_id: str) -> list[StaffSession]:
    """Everybody who is signed in at the shop; the last one to come first."""
    sessions = [
        session
        for session in services.sessions.of_shop(shop_id, services.now())
        if has_current_epoch(services, session)
    ]
    return sorted(sessions, key=lambda session: session.began_at or _LONG_AGO, reverse=True)


def revoke(services: StaffServices, shop_id: str, session_id: str) -> None:
    """Sends somebody away, from their next request on. Raises NotFound."""
    if not services.sessions.revoke(shop_id, session_id):
        raise NotFound("Nobody of that name is signed in any more.")
