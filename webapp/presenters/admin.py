"""Lists people, screens, devices and printouts for the admin's pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.people import EVERY_SHOP, Person, StaffRole
from domain.shops import Shop
from webapp.presenters.times import moment
from webapp.services.staff.ports import Device, StaffSession

if TYPE_CHECKING:
    from webapp.extension_kit.print_queue import Printout

_HERE = timedelta(minutes=7)
"""A session that was seen within this time counts as present. The time is longer than `SEEN_EVERY`,
because a session's last visit is stored only that often."""
_ROLES: dict[str, str] = {
    StaffRole.ADMIN: "Admin",
    StaffRole.BARISTA: "Tablet",
    StaffRole.DISPLAY: "TV",
}
_PERSON_ROLES: dict[str, str] = {StaffRole.ADMIN: "Admin", StaffRole.BARISTA: "Barista"}


def session_view(shop: Shop, session: StaffSession, now: datetime) -> dict:
    """Returns one signed-in person or screen for the admin's page."""
    seen_at = session.seen_at or session.began_at
    is_here = seen_at is not None and now - seen_at < _HERE
    return {
        "id": session.id,
        "name": session.name or "Barista without a name",
        "role": _PERSON_ROLES[session.role] if session.email else _ROLES[session.role],
        "email": session.email,
        "since": moment(shop, session.began_at, now),
        "seen": "now" if is_here else moment(shop, seen_at, now),
        "is_here": is_here,
    }


def person_view(shop: Shop, person: Person, sessions: list[StaffSession], now: datetime) -> dict:
    """Returns one account for the admin's page. `sessions` are all sessions of the shop."""
    times = [one.seen_at or one.began_at for one in sessions if one.email == person.email]
    seen_at = max((time for time in times if time), default=None)
    if not person.is_enabled:
        state, words = "locked", "locked, signs in nowhere"
    elif seen_at and now - seen_at < _HERE:
        state, words = "here", "here now"
    elif seen_at:
        state, words = "", f"signed in, last seen {moment(shop, seen_at, now)}"
    elif person.is_invited:
        state, words = "", "has not chosen a password yet"
    else:
        state, words = "", "not signed in"
    return {
        "id": person.id,
        "name": person.name or person.email,
        "email": person.email,
        "role": _PERSON_ROLES.get(person.role, "Not let in yet"),
        "is_admin": person.role == StaffRole.ADMIN,
        "is_everywhere": EVERY_SHOP in person.shops,
        "is_enabled": person.is_enabled,
        "state": state,
        "words": words,
    }


def device_view(shop: Shop, device: Device, words: Mapping[str, str], now: datetime) -> dict:
    """Returns one device for the admin's page; `words` say what each scope allows."""
    is_here = device.seen_at is not None and now - device.seen_at < _HERE
    return {
        "name": device.name,
        "scopes": [words[scope] for scope in words if scope in device.scopes],
        "since": moment(shop, device.began_at, now),
        "seen": device.seen_at and moment(shop, device.seen_at, now),
        "is_here": is_here,
    }


def printout_view(shop: Shop, one: Printout, now: datetime) -> dict:
    """Returns one printout, printed or not, for the team's list."""
    state = "withdrawn" if one.is_withdrawn else "printed" if one.is_printed else "waiting"
    return {"title": one.title, "at": moment(shop, one.made_at, now), "state": state}
