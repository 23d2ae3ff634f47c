"""Signs screens and people in by a single-use sign-in link or a pairing, and signs them out.

Both ways end in a session in a table row, which an admin can end at any moment.
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
"""A barista gets no default name: their tablet asks for one, and customers read "A barista"."""
PAIRING_LIFETIME = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
"""How often the use of a session is noted. Each note is two writes, and a screen is in use all
day."""
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without letters and digits that people take for one another, such as O and 0."""
_CODE_LENGTH, _LONG_CODE_LENGTH = 6, 10
_CODE_TRIES = 5
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def create_link(services: StaffServices, shop_id: str, role: str, name: str = "") -> str:
    """Makes a sign-in link, good for one use within 15 minutes; returns its URL.

    Raises NotFound when the shop is unknown, and ValueError when the role is unknown.
    """
    if role not in tuple(StaffRole):
        raise ValueError(f"The roles are {', '.join(StaffRole)}.")
    shop = services.shop(shop_id)
    secret = secrets.token_urlsafe(24)
    session = StaffSession("", shop.id, role, clean_text(name, NAME_LENGTH) or _DEFAULT_NAMES[role])
    services.sessions.create_link(secret, session, services.now() + LINK_LIFETIME)
    return f"{services.public_url}/{shop.id}/sign-in/{secret}"


def open_link(services: StaffServices, secret: str) -> tuple[str, StaffSession]:
    """Uses a sign-in link up; returns the secret for the cookie and the new session.

    Raises LinkInvalid.
    """
    now = services.now()
    new_secret = secrets.token_urlsafe(24)
    session = services.sessions.use_link(secret, new_secret, now, now + SESSION_LIFETIME)
    if session is None:
        raise LinkInvalid
    return new_secret, session


@dataclass(frozen=True)
class Pairing:
    """A screen that asks to be let in.

    code: the pairing code that it shows. browser: a secret that only its browser knows.
    """

    code: str
    browser: str


def ask_pairing(services: StaffServices, shop_id: str, address: str) -> Pairing:
    """Makes a pairing, whose code is good for ten minutes. Raises NotFound or Busy.

    The codes are longer for an address that has asked for many. So a mistyped code does not match
    another one, however many are open, and no screen of the shop has to be refused.
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
    """Lets in the screen that shows this pairing code. Raises ChoiceInvalid.

    role: what the screen is for. name: what it is called; a default when empty.
    """
    if role not in tuple(StaffRole):
        raise ChoiceInvalid("Choose what the screen is for.")
    typed = "".join(letter for letter in code.upper() if letter in _CODE_LETTERS)
    named = clean_text(name, NAME_LENGTH) or _DEFAULT_NAMES[role]
    if not services.sessions.approve_pairing(admin.shop_id, typed, role, named, services.now()):
        raise ChoiceInvalid("No screen shows this code now. Look at the screen again.")


def take_pairing(services: StaffServices, pairing: Pairing) -> tuple[str, StaffSession] | None:
    """Returns the secret and the new session once an admin has approved; None before that."""
    now, new_secret = services.now(), secrets.token_urlsafe(24)
    session = services.sessions.take_pairing(
        pairing.code, pairing.browser, new_secret, now, now + SESSION_LIFETIME
    )
    return (new_secret, session) if session else None


def pairing_is_open(services: StaffServices, pairing: Pairing) -> bool:
    """Returns True while the screen's pairing code waits for an admin."""
    return bool(services.sessions.pairing_ends_at(pairing.code, pairing.browser, services.now()))


def find_session(services: StaffServices, secret: str) -> StaffSession | None:
    """Returns the session of a secret; None when it is over or its person has a new epoch."""
    session = services.sessions.get(secret, services.now())
    return session if session and has_current_epoch(services, session) else None


def has_current_epoch(services: StaffServices, session: StaffSession) -> bool:
    """Returns False when all of this person's sessions were ended after this one began."""
    return (
        not session.email or services.session_epochs.current(session.email) == session.session_epoch
    )


def current_session(services: StaffServices, secret: str) -> StaffSession | None:
    """Returns the session of a secret, and notes every few minutes that it is in use."""
    now = services.now()
    session = find_session(services, secret)
    if session and (session.seen_at is None or session.seen_at + SEEN_EVERY <= now):
        services.sessions.touch(secret, now)
    return session


def signed_in(services: StaffServices, shop_id: str) -> list[StaffSession]:
    """Returns the sessions of all who are signed in at the shop, the newest first."""
    sessions = [
        session
        for session in services.sessions.of_shop(shop_id, services.now())
        if has_current_epoch(services, session)
    ]
    return sorted(sessions, key=lambda session: session.began_at or _LONG_AGO, reverse=True)


def revoke(services: StaffServices, shop_id: str, session_id: str) -> None:
    """Ends a session, so that its next request is refused. Raises NotFound."""
    if not services.sessions.revoke(shop_id, session_id):
        raise NotFound("Nobody of that name is signed in any more.")
