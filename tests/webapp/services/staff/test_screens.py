"""How screens sign in, by a link or a pairing, and how they are sent away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import ChoiceInvalid, LinkInvalid, NotFound
from domain.people import NAME_LENGTH
from domain.texts import clean_text
from tests.builders import NOW, a_shop
from tests.services import ADDRESS
from tests.webapp.services.steps import all_items
from webapp.services.staff import sign_in
from webapp.services.staff.ports import StaffSession
from webapp.storage.secret_hash import hash_secret
from webapp.storage.staff import session_repository

ADMIN = StaffSession("admin-1", "main", "admin", "Ana")


def test_a_sign_in_link_opens_a_session_once(services):
    link = sign_in.create_link(services, "main", "barista", "Kim")
    secret = link.rsplit("/", 1)[1]
    assert link.startswith("https://coffee.example/main/sign-in/")
    cookie, session = sign_in.open_link(services, secret)
    assert (session.shop_id, session.role, session.name) == ("main", "barista", "Kim")
    assert services.sessions.get(cookie, services.now()) == session
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, secret)


def test_a_sign_in_link_opened_twice_at_once_opens_one_session(services, monkeypatch):
    secret = sign_in.create_link(services, "main", "admin").rsplit("/", 1)[1]
    link = session_repository._find("link", hash_secret(secret), services.now())
    sign_in.open_link(services, secret)
    monkeypatch.setattr(session_repository, "_find", lambda *_: link)
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, secret)
    assert [item["kind"]["S"] for item in all_items("sessions")] == ["session"]


def test_a_screen_is_let_in_once_when_an_admin_has_typed_its_code(services):
    pairing = sign_in.ask_pairing(services, "main", ADDRESS)
    assert sign_in.take_pairing(services, pairing) is None
    typed = f" {pairing.code[:3].lower()}-{pairing.code[3:]}"
    sign_in.approve_pairing(services, ADMIN, typed, "display", "TV by the door")
    secret, session = sign_in.take_pairing(services, pairing)
    assert (session.role, session.name, session.shop_id) == ("display", "TV by the door", "main")
    assert services.sessions.get(secret, services.now()) == session
    assert sign_in.take_pairing(services, pairing) is None


def test_only_the_browser_that_shows_the_code_is_let_in(services):
    pairing = sign_in.ask_pairing(services, "main", ADDRESS)
    sign_in.approve_pairing(services, ADMIN, pairing.code, "admin", "")
    onlooker = replace(pairing, browser="has read the code on the screen")
    assert sign_in.take_pairing(services, onlooker) is None
    assert sign_in.take_pairing(services, pairing) is not None


def test_a_code_is_approved_once_in_time_and_by_its_own_shops_admin(services, clock):
    services.shops.create(a_shop(id="annex"))
    pairing = sign_in.ask_pairing(services, "main", ADDRESS)
    stranger = replace(ADMIN, shop_id="annex")
    for admin, code in ((stranger, pairing.code), (ADMIN, "AAAAAA"), (ADMIN, "")):
        with pytest.raises(ChoiceInvalid):
            sign_in.approve_pairing(services, admin, code, "display", "")
    with pytest.raises(ChoiceInvalid):
        sign_in.approve_pairing(services, ADMIN, pairing.code, "owner", "")
    clock.pass_seconds(600)
    assert not sign_in.pairing_is_open(services, pairing)
    with pytest.raises(ChoiceInvalid):
        sign_in.approve_pairing(services, ADMIN, pairing.code, "display", "")


def test_an_admin_sees_who_is_signed_in_and_sends_one_of_them_away(services, clock):
    secrets = {}
    for name in ("Kim", "Ada"):
        link = sign_in.create_link(services, "main", "barista", name).rsplit("/", 1)[1]
        secrets[name], _ = sign_in.open_link(services, link)
        clock.pass_seconds(1)
    sign_in.create_link(services, "main", "display")
    ada, kim = sign_in.signed_in(services, "main")
    assert (ada.name, kim.name) == ("Ada", "Kim")
    assert sign_in.signed_in(services, "annex") == []

    sign_in.revoke(services, "main", kim.id)

    assert sign_in.current_session(services, secrets["Kim"]) is None
    assert sign_in.current_session(services, secrets["Ada"]) == ada
    assert sign_in.signed_in(services, "main") == [ada]
    for shop_id, session_id in (("main", kim.id), ("annex", ada.id), ("main", ""), ("main", "%")):
        with pytest.raises(NotFound):
            sign_in.revoke(services, shop_id, session_id)
    assert sign_in.signed_in(services, "main") == [ada]


def test_a_screen_was_last_seen_within_five_minutes_of_its_last_request(services, clock):
    link = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    secret, _ = sign_in.open_link(services, link)
    for seconds, seen in ((299, NOW), (1, NOW + timedelta(minutes=5))):
        clock.pass_seconds(seconds)
        sign_in.current_session(services, secret)
        assert services.sessions.get(secret, clock()).seen_at == seen


def test_a_sign_in_link_is_good_for_fifteen_minutes(services, clock):
    in_time = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    too_late = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    clock.pass_seconds(15 * 60 - 1)
    assert sign_in.open_link(services, in_time)[1].name == "TV"
    clock.pass_seconds(1)
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, too_late)


def test_a_session_ends_after_thirty_days(services, clock):
    link = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    cookie, session = sign_in.open_link(services, link)
    clock.pass_seconds(30 * 24 * 3600 - 1)
    assert services.sessions.get(cookie, clock()) == session
    clock.pass_seconds(1)
    assert services.sessions.get(cookie, clock()) is None


def test_a_link_is_no_session_and_a_session_is_no_link(services):
    secret = sign_in.create_link(services, "main", "admin").rsplit("/", 1)[1]
    assert services.sessions.get(secret, services.now()) is None
    cookie, _ = sign_in.open_link(services, secret)
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, cookie)


def test_no_secret_of_a_link_or_session_is_stored(services):
    secret = sign_in.create_link(services, "main", "admin").rsplit("/", 1)[1]
    assert secret not in str(all_items("sessions"))
    cookie, session = sign_in.open_link(services, secret)
    assert cookie not in str(all_items("sessions"))
    assert session.id not in cookie


def test_an_unknown_link_role_or_shop_is_refused(services):
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, "a guess")
    with pytest.raises(ValueError, match="admin, barista, display"):
        sign_in.create_link(services, "main", "owner")
    with pytest.raises(NotFound):
        sign_in.create_link(services, "nowhere", "admin")


@pytest.mark.parametrize(
    "typed, shown",
    [
        ("  Kim  Lee ", "Kim Lee"),
        ("Kim\n\x1b[31mLee", "Kim [31mLee"),
        ("x" * 40, "x" * 24),
        ("\u202e", ""),
        ("", ""),
    ],
    ids=["spaces", "control characters", "too long", "only invisible", "empty"],
)
def test_a_name_is_made_fit_for_the_screens(typed, shown):
    assert clean_text(typed, NAME_LENGTH) == shown
