"""The accounts of people behind the bar, and how an admin manages them.

An admin manages only people all of whose shops are the admin's own. Otherwise a new password for a
colleague would open a shop that the admin may not enter. Each change is one call to the pool of
accounts; a new session epoch ends the person's sessions at their next request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from domain.errors import ChoiceInvalid, NotFound
from domain.passwords import temporary_password
from domain.people import EVERY_SHOP, NAME_LENGTH, PERSON_ROLES, Person, clean_email, reaches
from domain.texts import clean_text
from webapp.services.refused import AlreadyThere
from webapp.services.staff.bundle import StaffServices
from webapp.services.staff.ports import StaffSession

_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True)
class Invitation:
    """An account that may now work at a shop. password: empty when the person has one already."""

    person: Person
    password: str = field(repr=False)


@dataclass(frozen=True)
class Manager:
    """Somebody who manages accounts: an admin of some shops, or an operator at the terminal."""

    email: str
    shops: frozenset[str]


TERMINAL = Manager("", frozenset({EVERY_SHOP}))


def manager_of(services: StaffServices, admin: StaffSession) -> Manager:
    """Returns what this admin manages: their shops, or the session's without an account."""
    person = services.staff_pool.find(admin.email) if admin.email else None
    return Manager(admin.email, person.shops if person else frozenset({admin.shop_id}))


def people_of(services: StaffServices, shop_id: str) -> list[Person]:
    """Returns the people who may work at the shop, by name."""
    people = services.staff_pool.people_of(shop_id)
    return sorted(people, key=lambda person: (person.name.casefold(), person.email))


def invite(
    services: StaffServices, manager: Manager, shop_id: str, email: str, name: str, role: str
) -> Invitation:
    """Makes an account for a shop, or EVERY_SHOP, with a temporary password.

    A person of another shop is let in here too and keeps their password, if the manager manages all
    their shops. Raises ChoiceInvalid or NotFound.
    """
    address, called = clean_email(email), clean_text(name, NAME_LENGTH)
    if address is None:
        raise ChoiceInvalid("Write the whole e-mail address, such as ana@example.com.")
    if role not in PERSON_ROLES:
        raise ChoiceInvalid("Choose what the person may do.")
    if not called:
        raise ChoiceInvalid("Write the name that customers and colleagues shall see.")
    if not reaches({shop_id}, manager.shops):
        raise NotFound("There is no bar at this address.")
    password = temporary_password()
    try:
        services.staff_pool.create(address, called, password)
    except AlreadyThere:
        known = _known(services, address)
        if known.shops:
            _check_known_person(manager, known, role, shop_id)
            password = ""
        else:
            # An account without shops is from an invitation that broke off, so it begins anew.
            services.staff_pool.delete(known)
            services.staff_pool.create(address, called, password)
    services.staff_pool.admit(address, role, shop_id)
    return Invitation(_known(services, address), password)


def reset_password(services: StaffServices, manager: Manager, shop_id: str, person_id: str) -> str:
    """Returns a new temporary password and ends the person's sessions. Raises NotFound."""
    person = _managed(services, manager, shop_id, person_id)
    password = temporary_password()
    services.staff_pool.hand_out_password(person, password)
    services.session_epochs.renew(person.email)
    return password


def reset_authenticator(
    services: StaffServices, manager: Manager, shop_id: str, person_id: str
) -> None:
    """Makes the person set up a new authenticator app at the next sign-in; ends their sessions.

    Raises NotFound.
    """
    person = _managed(services, manager, shop_id, person_id)
    services.staff_pool.forget_authenticator(person)
    services.session_epochs.renew(person.email)


def set_enabled(
    services: StaffServices, manager: Manager, shop_id: str, person_id: str, is_enabled: bool
) -> Person:
    """Locks an account or opens it again; ends all its sessions.

    Raises NotFound, or ChoiceInvalid when an admin locks their own account.
    """
    person = _managed(services, manager, shop_id, person_id)
    if not is_enabled:
        _not_oneself(manager, person)
    services.staff_pool.set_enabled(person, is_enabled)
    services.session_epochs.renew(person.email)
    return person


def remove(services: StaffServices, manager: Manager, shop_id: str, person_id: str) -> None:
    """Takes a person off a shop, and deletes the account when that was their last shop.

    This is allowed for a person who works elsewhere too, because it opens no shop to the admin.
    Raises NotFound, or ChoiceInvalid when an admin removes themselves.
    """
    person = _of_shop(services, shop_id, person_id)
    _not_oneself(manager, person)
    if EVERY_SHOP in person.shops and EVERY_SHOP not in manager.shops:
        raise NotFound("There is nobody of that name here.")
    if person.shops - {shop_id} - {EVERY_SHOP}:
        for one in person.shops & {shop_id, EVERY_SHOP}:
            services.staff_pool.expel(person, one)
    else:
        services.staff_pool.delete(person)
    services.session_epochs.renew(person.email)


def may_manage(manager: Manager, person: Person) -> bool:
    """Returns True when every shop of the person is one of the manager's."""
    return reaches(person.shops, manager.shops)


def _check_known_person(manager: Manager, person: Person, role: str, shop_id: str) -> None:
    if reaches({shop_id}, person.shops):
        raise ChoiceInvalid("This person has an account here already.")
    if not may_manage(manager, person):
        # Otherwise neither shop's admin could lock the person any more, and the other shop's admin
        # has not agreed to that.
        raise ChoiceInvalid(
            "This e-mail has an account elsewhere. Only an admin of all its bars can let it in "
            "here too, or whoever may use the terminal (scripts/staff)."
        )
    if person.role != role:
        # A role holds for all of a person's shops, so this shop must not change it.
        raise ChoiceInvalid("This person has an account elsewhere, for another kind of work.")


def _managed(services: StaffServices, manager: Manager, shop_id: str, person_id: str) -> Person:
    person = _of_shop(services, shop_id, person_id)
    if not may_manage(manager, person):
        raise NotFound("Only an admin of all this person’s bars can do that.")
    return person


def _of_shop(services: StaffServices, shop_id: str, person_id: str) -> Person:
    person = services.staff_pool.find(person_id) if _ID.fullmatch(person_id) else None
    if person is None or not reaches({shop_id}, person.shops):
        raise NotFound("There is nobody of that name here.")
    return person


def _not_oneself(manager: Manager, person: Person) -> None:
    if manager.email == person.email:
        raise ChoiceInvalid("You cannot send yourself away. Another admin can.")


def _known(services: StaffServices, email: str) -> Person:
    person = services.staff_pool.find(email)
    if person is None:
        raise NotFound("There is nobody of that name here.")
    return person
