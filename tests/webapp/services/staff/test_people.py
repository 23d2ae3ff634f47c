"""Who has an account, and how far an admin's hand reaches."""

from __future__ import annotations

import pytest

from domain.errors import ChoiceInvalid, NotFound, SignInRefused
from domain.people import EVERY_SHOP, clean_email
from tests.builders import a_shop
from tests.webapp.services.staff.test_staff_sign_in import (
    ANA,
    OWN,
    RUI,
    admin_with_app,
    invited,
    sign_in,
    with_own_password,
)
from webapp.services.staff import people
from webapp.services.staff.ports import StaffSession
from webapp.services.staff.sign_in import current_session

PAIRED = StaffSession("1", "main", "admin", "Admin")
"""An admin whose screen was let in by a link: a person of this shop without an account."""


@pytest.fixture
def here(services):
    """The hand of an admin of `main`, beside whom there is another bar."""
    services.shops.create(a_shop(id="annex"))
    return people.manager_of(services, PAIRED)


def test_an_invitation_shows_its_password_once_and_lists_the_person(services, here):
    done = people.invite(services, here, "main", "Rui@Example.com ", "  Rui  ", "barista")
    assert done.password and done.password not in repr(done)
    [rui] = people.people_of(services, "main")
    assert (rui.email, rui.name, rui.role, rui.shops) == (RUI, "Rui", "barista", {"main"})
    assert rui.is_invited and rui.is_enabled
    assert people.people_of(services, "annex") == []


@pytest.mark.parametrize(
    "email, name, role",
    [
        ("rui", "Rui", "barista"),
        ("rui@example.com", " ", "barista"),
        ("rui@example.com", "Rui", "owner"),
        ("rui@example.com\n", "", ""),
        ("@", "Rui", "barista"),
    ],
)
def test_an_invitation_that_makes_no_sense_changes_nothing(services, here, email, name, role):
    with pytest.raises(ChoiceInvalid):
        people.invite(services, here, "main", email, name, role)
    assert people.people_of(services, "main") == []


def test_nobody_is_invited_into_a_bar_that_is_not_the_admins(services, here):
    for shop in ("annex", EVERY_SHOP):
        with pytest.raises(NotFound):
            people.invite(services, here, shop, RUI, "Rui", "barista")
    assert services.staff_pool.find(RUI) is None


def test_an_invitation_twice_says_so_and_keeps_the_password(services, here):
    password = people.invite(services, here, "main", RUI, "Rui", "barista").password
    for role in people.PERSON_ROLES:
        with pytest.raises(ChoiceInvalid):
            people.invite(services, here, "main", RUI, "Rui", role)
    assert sign_in(services, RUI, password).step


def test_an_invitation_that_broke_off_half_way_is_begun_anew(services, here):
    services.staff_pool.create(RUI, "Rui", "Half-made-Horse-1")
    services.staff_pool.admit(RUI, "admin", "main")
    services.staff_pool.expel(services.staff_pool.find(RUI), "main")
    done = people.invite(services, here, "main", RUI, "Rui", "barista")
    assert (done.person.role, done.person.shops) == ("barista", {"main"})
    assert sign_in(services, RUI, done.password).step


def test_somebody_of_another_bar_is_let_in_with_the_password_they_have(services, here):
    with_own_password(services, shop="annex")
    both = people.Manager(ANA, frozenset({"main", "annex"}))
    for manager in (both, people.TERMINAL):
        assert people.invite(services, manager, "main", RUI, "Rui", "barista").password == ""
        assert sign_in(services, RUI, OWN, "main").session
        person = services.staff_pool.find(RUI)
        services.staff_pool.expel(person, "main")


def test_an_admin_of_one_bar_takes_nobody_out_of_anothers_hands(services, here):
    done = with_own_password(services, shop="annex")
    with pytest.raises(ChoiceInvalid) as refused:
        people.invite(services, here, "main", RUI, "Rui", "barista")
    assert "Rui" not in refused.value.sentence
    person = services.staff_pool.find(RUI)
    assert person.shops == {"annex"}
    there = people.Manager(ANA, frozenset({"annex"}))
    people.set_enabled(services, there, "annex", person.id, False)
    assert current_session(services, done.secret) is None


def test_a_role_that_holds_elsewhere_is_not_this_bars_to_raise(services, here):
    with_own_password(services, shop="annex")
    with pytest.raises(ChoiceInvalid):
        people.invite(services, people.TERMINAL, "main", RUI, "Rui", "admin")
    assert services.staff_pool.find(RUI).role == "barista"


def test_locking_ends_every_session_on_its_next_request(services, here):
    done = with_own_password(services)
    rui = services.staff_pool.find(RUI)
    people.set_enabled(services, here, "main", rui.id, False)
    assert current_session(services, done.secret) is None
    with pytest.raises(SignInRefused):
        sign_in(services, RUI, OWN)
    people.set_enabled(services, here, "main", rui.id, True)
    assert current_session(services, done.secret) is None
    assert sign_in(services, RUI, OWN).session


def test_a_new_password_ends_the_sessions_of_the_old_one(services, here):
    done = with_own_password(services)
    rui = services.staff_pool.find(RUI)
    password = people.reset_password(services, here, "main", rui.id)
    assert current_session(services, done.secret) is None
    with pytest.raises(SignInRefused):
        sign_in(services, RUI, OWN)
    assert sign_in(services, RUI, password).step


def test_the_last_bar_takes_the_account_along(services, here):
    done = with_own_password(services)
    people.remove(services, here, "main", services.staff_pool.find(RUI).id)
    assert services.staff_pool.find(RUI) is None
    assert current_session(services, done.secret) is None
    again = invited(services)
    assert current_session(services, done.secret) is None
    assert sign_in(services, RUI, again.password).step


def test_a_colleague_of_two_bars_is_removed_from_one_and_otherwise_left_alone(services, here):
    with_own_password(services, shop="annex")
    people.invite(services, people.TERMINAL, "main", RUI, "Rui", "barista")
    rui = services.staff_pool.find(RUI)
    for act in (
        lambda: people.reset_password(services, here, "main", rui.id),
        lambda: people.reset_authenticator(services, here, "main", rui.id),
        lambda: people.set_enabled(services, here, "main", rui.id, False),
    ):
        with pytest.raises(NotFound):
            act()
    assert sign_in(services, RUI, OWN, "annex").session
    people.remove(services, here, "main", rui.id)
    assert services.staff_pool.find(RUI).shops == {"annex"}
    with pytest.raises(SignInRefused):
        sign_in(services, RUI, OWN, "main")


def test_an_admin_of_one_bar_does_nothing_to_an_admin_of_all(services, here):
    admin_with_app(services)
    ana = services.staff_pool.find(ANA)
    for act in (
        lambda: people.reset_password(services, here, "main", ana.id),
        lambda: people.reset_authenticator(services, here, "main", ana.id),
        lambda: people.set_enabled(services, here, "main", ana.id, False),
        lambda: people.remove(services, here, "main", ana.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert services.staff_pool.find(ANA) == ana


def test_the_people_of_another_bar_are_as_unknown_as_nobody(services, here):
    with_own_password(services, shop="annex")
    rui = services.staff_pool.find(RUI)
    for person_id in (rui.id, "0" * 36, "", "\x00", "rui@example.com", "9" * 400):
        with pytest.raises(NotFound) as refused:
            people.set_enabled(services, here, "main", person_id, False)
        assert refused.value.sentence == "There is nobody of that name here."
    assert services.staff_pool.find(RUI).is_enabled


def test_nobody_locks_themselves_out(services):
    admin_with_app(services)
    ana = services.staff_pool.find(ANA)
    session = StaffSession("1", "main", "admin", "Ana", ANA, "")
    manager = people.manager_of(services, session)
    with pytest.raises(ChoiceInvalid):
        people.set_enabled(services, manager, "main", ana.id, False)
    with pytest.raises(ChoiceInvalid):
        people.remove(services, manager, "main", ana.id)


@pytest.mark.parametrize(
    "typed, email",
    [
        ("Ana@Example.COM", "ana@example.com"),
        (" a+b@x.pt ", "a+b@x.pt"),
        ("a@b", None),
        ("a@b@c.pt", None),
        ("a b@c.pt", None),
        ("a\u202eb@c.pt", None),
        ("a" * 65 + "@c.pt", None),
    ],
)
def test_an_address_has_one_spelling(typed, email):
    assert clean_email(typed) == email
