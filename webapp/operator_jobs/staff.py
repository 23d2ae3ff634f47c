"""The operator jobs about people: accounts are made, locked and reset from a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import NotFound
from domain.people import EVERY_SHOP, Person, clean_email
from webapp.services.all_services import Services
from webapp.services.staff import people
from webapp.services.staff.ports import StaffSession
from webapp.services.staff.sign_in import revoke, signed_in
from webapp.settings import Settings


def add_person(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Makes an account. Only this answer has its temporary password."""
    shop_id = EVERY_SHOP if asked.get("every_shop") else known_shop(services, settings, asked)
    name = asked.get("name") or asked["email"].partition("@")[0]
    made = people.invite(services, people.TERMINAL, shop_id, asked["email"], name, asked["role"])
    where = settings.default_shop if shop_id == EVERY_SHOP else shop_id
    return _person(made.person) | {
        "password": made.password,
        "address": f"{services.public_url}/{where}/staff",
    }


def list_staff(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Returns the accounts of a shop, and who is signed in there."""
    shop_id = known_shop(services, settings, asked)
    return {
        "people": [_person(one) for one in people.people_of(services, shop_id)],
        "sessions": [_session(one) for one in signed_in(services, shop_id)],
    }


def revoke_staff(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Locks an account by its e-mail, or signs one screen out by its id."""
    who = asked["who"]
    if "@" not in who:
        revoke(services, known_shop(services, settings, asked), who)
        return {"signed_out": who}
    person = _by_email(services, who)
    people.set_enabled(services, people.TERMINAL, _a_shop_of(person), person.id, False)
    return {"locked": person.email}


def restore_person(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Opens a locked account again."""
    person = _by_email(services, asked["email"])
    people.set_enabled(services, people.TERMINAL, _a_shop_of(person), person.id, True)
    return {"restored": person.email}


def reset_person(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Gives a person a new temporary password; or, when `authenticator` is asked for, makes them
    set up a new authenticator app at the next sign-in."""
    person = _by_email(services, asked["email"])
    where = people.TERMINAL, _a_shop_of(person), person.id
    if asked.get("authenticator"):
        people.reset_authenticator(services, *where)
        return {"email": person.email}
    return {"email": person.email, "password": people.reset_password(services, *where)}


def _by_email(services: Services, text: str) -> Person:
    email = clean_email(text)
    person = services.staff_pool.find(email) if email else None
    if person is None or not person.shops:
        raise NotFound(f"Nobody has an account with the e-mail {text}.")
    return person


def _a_shop_of(person: Person) -> str:
    # Any of the person's shops will do, because the terminal manages all shops.
    return min(person.shops)


def known_shop(services: Services, settings: Settings, asked: Mapping) -> str:
    """Returns the id of the shop that was asked for, or of the default shop.

    Raises NotFound, with a sentence for operators.
    """
    shop_id = asked.get("shop") or settings.default_shop
    if services.shops.get(shop_id) is None:
        raise NotFound(f"There is no shop called {shop_id} here.")
    return shop_id


def _person(person: Person) -> dict:
    return {
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "every_shop": EVERY_SHOP in person.shops,
        "shops": sorted(person.shops - {EVERY_SHOP}),
        "enabled": person.is_enabled,
        "invited": person.is_invited,
    }


def _session(session: StaffSession) -> dict:
    seen_at = session.seen_at or session.began_at
    return {
        "id": session.id,
        "role": session.role,
        "name": session.name,
        "email": session.email,
        "seen": seen_at.isoformat(timespec="minutes") if seen_at else "",
    }
