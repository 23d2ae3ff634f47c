"""A named person signs in, and nobody learns from a refusal what was wrong."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from moto.cognitoidp.models import COGNITO_TOTP_MFA_SECRET

from domain.errors import ChoiceInvalid, SignInOver, SignInRefused, TooManyRequests
from domain.people import EVERY_SHOP
from tests.builders import a_shop
from tests.staff_pool import authenticator_code
from webapp.services.limits import limits
from webapp.services.limits.limits import SIGN_INS
from webapp.services.staff import password_sign_in, people
from webapp.services.staff.ports import SignInStep
from webapp.services.staff.sign_in import current_session, signed_in

ANA, RUI = "ana@example.com", "rui@example.com"
OWN = "Correct-Horse-7"


def invited(services, email=RUI, role="barista", shop="main"):
    return people.invite(services, people.TERMINAL, shop, email, email[:3].title(), role)


def sign_in(services, email, password, shop="main", known_browser=""):
    return password_sign_in.sign_in(services, shop, email, password, known_browser)


def with_own_password(services, email=RUI, role="barista", shop="main"):
    """An account whose owner has chosen a password; for a barista, signed in."""
    progress = sign_in(
        services, email, invited(services, email, role, shop).password, shop.strip("*") or "main"
    )
    return password_sign_in.choose_password(services, progress.secret, OWN, OWN)


def admin_with_app(services, email=ANA, shop=EVERY_SHOP):
    progress = with_own_password(services, email, "admin", shop)
    code = authenticator_code(COGNITO_TOTP_MFA_SECRET)
    return password_sign_in.set_up_authenticator(services, progress.secret, code)


def test_an_invited_barista_chooses_a_password_and_is_in(services):
    progress = sign_in(services, " RUI@example.com ", invited(services).password)
    assert progress.step is SignInStep.NEW_PASSWORD and progress.session is None
    done = password_sign_in.choose_password(services, progress.secret, OWN, OWN)
    session = current_session(services, done.secret)
    assert (session.role, session.name, session.email) == ("barista", "Rui", RUI)
    again = sign_in(services, RUI, OWN)
    assert again.session.role == "barista" and again.secret != done.secret


def test_the_password_handed_over_opens_nothing_once_another_was_chosen(services):
    handed_over = invited(services).password
    progress = sign_in(services, RUI, handed_over)
    password_sign_in.choose_password(services, progress.secret, OWN, OWN)
    with pytest.raises(SignInRefused):
        sign_in(services, RUI, handed_over)


@pytest.mark.parametrize(
    "password, again",
    [
        ("short-A1", "short-A1"),
        ("no capital letter 1",) * 2,
        ("NO SMALL LETTER 1",) * 2,
        ("No digit at all here",) * 2,
        ("Long-enough-77", "Long-enough-78"),
        ("A1" + "a" * 98,) * 2,
        (" Leading-space-1",) * 2,
    ],
)
def test_a_weak_or_mistyped_password_is_refused_and_can_be_tried_again(services, password, again):
    progress = sign_in(services, RUI, invited(services).password)
    with pytest.raises(ChoiceInvalid):
        password_sign_in.choose_password(services, progress.secret, password, again)
    assert password_sign_in.choose_password(services, progress.secret, OWN, OWN).session


def test_no_admin_gets_in_without_an_authenticator(services):
    progress = with_own_password(services, ANA, "admin")
    assert progress.step is SignInStep.AUTHENTICATOR and progress.session is None
    with pytest.raises(ChoiceInvalid):
        password_sign_in.set_up_authenticator(services, progress.secret, _wrong_code())
    code = authenticator_code(COGNITO_TOTP_MFA_SECRET)
    done = password_sign_in.set_up_authenticator(services, progress.secret, code)
    assert current_session(services, done.secret).role == "admin"


def test_an_admin_gives_a_code_at_each_later_sign_in(services):
    admin_with_app(services)
    progress = sign_in(services, ANA, OWN)
    assert progress.step is SignInStep.CODE
    with pytest.raises(ChoiceInvalid):
        password_sign_in.give_code(services, progress.secret, _wrong_code())
    done = password_sign_in.give_code(
        services, progress.secret, authenticator_code(COGNITO_TOTP_MFA_SECRET)
    )
    assert done.session.role == "admin"


def test_a_new_password_spares_no_admin_the_code(services):
    admin_with_app(services)
    ana = services.staff_pool.find(ANA)
    password = people.reset_password(services, people.TERMINAL, "main", ana.id)
    progress = sign_in(services, ANA, password)
    assert progress.step is SignInStep.NEW_PASSWORD
    after = password_sign_in.choose_password(
        services, progress.secret, "Another-Horse-8", "Another-Horse-8"
    )
    assert after.step is SignInStep.CODE and after.session is None


def test_an_admin_with_a_lost_phone_sets_up_a_new_app(services):
    admin_with_app(services)
    ana = services.staff_pool.find(ANA)
    people.reset_authenticator(services, people.TERMINAL, "main", ana.id)
    assert sign_in(services, ANA, OWN).step is SignInStep.AUTHENTICATOR


def test_a_step_belongs_to_its_kind_its_time_and_is_taken_once(services, clock):
    progress = sign_in(services, RUI, invited(services).password)
    for act in (password_sign_in.give_code, password_sign_in.set_up_authenticator):
        with pytest.raises(SignInOver):
            act(services, progress.secret, "123456")
    with pytest.raises(SignInOver):
        password_sign_in.choose_password(services, "another browser", OWN, OWN)
    clock.pass_seconds(15 * 60)
    with pytest.raises(SignInOver):
        password_sign_in.choose_password(services, progress.secret, OWN, OWN)
    fresh = sign_in(services, RUI, invited(services, "eva@example.com") and _reset(services))
    password_sign_in.choose_password(services, fresh.secret, OWN, OWN)
    with pytest.raises(SignInOver):
        password_sign_in.choose_password(
            services, fresh.secret, "Another-Horse-8", "Another-Horse-8"
        )


def _reset(services):
    rui = services.staff_pool.find(RUI)
    return people.reset_password(services, people.TERMINAL, "main", rui.id)


def test_every_refusal_is_the_same(services):
    services.shops.create(a_shop(id="annex"))
    with_own_password(services)
    with_own_password(services, "eva@example.com", shop="annex")
    with_own_password(services, "leo@example.com")
    leo = services.staff_pool.find("leo@example.com")
    people.set_enabled(services, people.TERMINAL, "main", leo.id, False)
    sentences = set()
    for email, password in (
        (RUI, "Wrong-Horse-7"),
        (RUI, ""),
        (RUI, "A1" * 200),
        ("nobody@example.com", OWN),
        ("eva@example.com", OWN),
        ("leo@example.com", OWN),
        ("not an address", OWN),
        ("", ""),
    ):
        with pytest.raises(SignInRefused) as refused:
            sign_in(services, email, password)
        sentences.add(refused.value.sentence)
    assert len(sentences) == 1


def test_a_barista_of_one_shop_is_nobody_in_another(services):
    services.shops.create(a_shop(id="annex"))
    with_own_password(services, shop="annex")
    assert sign_in(services, RUI, OWN, "annex").session.shop_id == "annex"
    with pytest.raises(SignInRefused):
        sign_in(services, RUI, OWN, "main")


def test_an_admin_of_every_shop_opens_each_and_those_to_come(services):
    admin_with_app(services)
    services.shops.create(a_shop(id="annex"))
    for shop in ("main", "annex"):
        progress = sign_in(services, ANA, OWN, shop)
        code = authenticator_code(COGNITO_TOTP_MFA_SECRET)
        assert password_sign_in.give_code(services, progress.secret, code).session.shop_id == shop


@pytest.mark.parametrize("email", [RUI, "nobody@example.com"])
def test_passwords_are_tried_ten_times_in_a_quarter_from_wherever(services, clock, email):
    with_own_password(services)
    clock.pass_seconds(15 * 60)
    for _ in range(10):
        with pytest.raises(SignInRefused):
            sign_in(services, email, "Wrong-Horse-7")
    with pytest.raises(TooManyRequests):
        sign_in(services, email, OWN)
    clock.pass_seconds(15 * 60)
    if email == RUI:
        assert sign_in(services, email, OWN).session


def test_a_right_password_gets_in_whatever_was_tried_for_others(services):
    with_own_password(services)
    for n in range(30):
        with pytest.raises(SignInRefused):
            sign_in(services, f"somebody-{n}@example.com", OWN)
    assert sign_in(services, RUI, OWN).session


def test_tries_of_strangers_do_not_count_in_a_browser_that_is_known(services):
    with_own_password(services)
    with pytest.raises(TooManyRequests):
        for _ in range(11):
            _try_wrong(services)
    assert sign_in(services, RUI, OWN, known_browser="tablet").session
    with pytest.raises(TooManyRequests):
        for _ in range(11):
            _try_wrong(services, "tablet")


def test_very_many_tries_from_unknown_browsers_are_refused_before_the_pool_is_asked(services):
    with_own_password(services)
    used, _ = limits.usage(services, SIGN_INS, "main")
    for _ in range(SIGN_INS.most - 1 - used):
        limits.take_of(services, SIGN_INS, "main")
    with pytest.raises(SignInRefused):
        sign_in(services, "stranger-1@example.com", OWN)
    with pytest.raises(TooManyRequests):
        sign_in(services, "stranger-2@example.com", OWN)
    assert sign_in(services, RUI, OWN, known_browser="tablet").session


def _try_wrong(services, known_browser=""):
    with suppress(SignInRefused):
        sign_in(services, RUI, "Wrong-Horse-7", known_browser=known_browser)


def test_codes_are_counted_before_they_are_looked_at_and_a_new_sign_in_resets_nothing(services):
    admin_with_app(services)
    for _ in range(4):  # One was used when the app was set up.
        progress = sign_in(services, ANA, OWN)
        with pytest.raises(ChoiceInvalid):
            password_sign_in.give_code(services, progress.secret, _wrong_code())
    progress = sign_in(services, ANA, OWN)
    with pytest.raises(TooManyRequests):
        password_sign_in.give_code(
            services, progress.secret, authenticator_code(COGNITO_TOTP_MFA_SECRET)
        )


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34", "²²²²²²"])
def test_what_is_no_code_costs_no_try(services, code):
    admin_with_app(services)
    for _ in range(6):
        progress = sign_in(services, ANA, OWN)
        with pytest.raises(ChoiceInvalid):
            password_sign_in.give_code(services, progress.secret, code)
    good = authenticator_code(COGNITO_TOTP_MFA_SECRET)
    assert password_sign_in.give_code(services, progress.secret, good).session


def test_a_session_of_a_person_ends_with_the_day(services, clock):
    done = with_own_password(services)
    clock.now += timedelta(hours=12)
    assert current_session(services, done.secret) is None


def test_whoever_is_locked_while_signing_in_gets_a_session_of_no_worth(services):
    """The lock comes between the check of the password and the new session."""
    progress = sign_in(services, RUI, invited(services).password)
    services.session_epochs.renew(RUI)
    done = password_sign_in.choose_password(services, progress.secret, OWN, OWN)
    assert current_session(services, done.secret) is None
    assert signed_in(services, "main") == []


def _wrong_code() -> str:
    good = {authenticator_code(COGNITO_TOTP_MFA_SECRET, step) for step in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)
