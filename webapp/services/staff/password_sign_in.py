"""Signs a person in: with e-mail and password, and then with the further steps of their account.

Each try is counted before it is checked. A refused person always reads the same sentence, so that
it does not tell whether the e-mail is unknown, the password wrong, or the account locked or of
another shop.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from domain import passwords
from domain.errors import ChoiceInvalid, SignInOver, SignInRefused
from domain.people import StaffRole, clean_email
from webapp.services.limits import limits
from webapp.services.staff.bundle import StaffServices
from webapp.services.staff.ports import PoolAnswer, SignInStep, StaffSession, StaffSignIn

SIGN_IN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=12)
"""A long day behind the bar. The shop's own screens are paired instead and stay signed in."""


@dataclass(frozen=True)
class Progress:
    """How far a sign-in has come: it has a next step, or it has ended with the new session.

    secret: goes into the browser's cookie; it is that of the sign-in, or of the session at the end.
    """

    secret: str = field(repr=False)
    step: SignInStep | None = None
    session: StaffSession | None = None


def sign_in(
    services: StaffServices, shop_id: str, email: str, password: str, known_browser: str = ""
) -> Progress:
    """Checks e-mail and password. Raises SignInRefused, TooManyRequests or NotFound.

    known_browser: names a browser in which this person has signed in before. Its tries are counted
    apart, so that a stranger's tries do not lock it out.
    """
    services.shop(shop_id)
    known = clean_email(email)
    if known is None or not 0 < len(password) <= passwords.LONGEST:
        raise SignInRefused
    whose = f"{_subject(known)}|{known_browser}" if known_browser else _subject(known)
    limits.take_of(services, limits.PASSWORDS, whose)
    if not known_browser:
        limits.take_of(services, limits.SIGN_INS, shop_id)
    # The epoch is read before the password is checked: if an admin ends the person's sessions
    # meanwhile, the new session carries an old epoch and is ended too.
    session_epoch = services.session_epochs.current(known)
    answer = services.staff_pool.check_password(known, password)
    return _go_on(services, shop_id, known, session_epoch, answer)


def choose_password(services: StaffServices, secret: str, password: str, again: str) -> Progress:
    """Sets the person's own first password; goes on with the sign-in.

    Raises SignInOver or ChoiceInvalid.
    """
    sign_in = find(services, secret, SignInStep.NEW_PASSWORD)
    if fault := passwords.fault_in(password):
        raise ChoiceInvalid(fault)
    if password != again:
        raise ChoiceInvalid("The two passwords differ. Type the same one twice.")
    services.staff_pool.set_password(_answer(sign_in), password)
    services.sign_ins.end(secret)
    # The pool is asked again, so that choosing a password does not skip the authenticator code.
    answer = services.staff_pool.check_password(sign_in.email, password)
    return _go_on(services, sign_in.shop_id, sign_in.email, sign_in.session_epoch, answer)


def give_code(services: StaffServices, secret: str, code: str) -> Progress:
    """Checks the code of the person's authenticator app, and signs them in.

    Raises SignInOver, ChoiceInvalid or TooManyRequests.
    """
    sign_in = find(services, secret, SignInStep.CODE)
    services.staff_pool.check_code(_answer(sign_in), _counted(services, sign_in, code))
    return _let_in(services, secret, sign_in)


def set_up_authenticator(services: StaffServices, secret: str, code: str) -> Progress:
    """Checks the first code of a new authenticator app, and signs the person in.

    Raises SignInOver, ChoiceInvalid or TooManyRequests.
    """
    sign_in = find(services, secret, SignInStep.AUTHENTICATOR)
    services.staff_pool.prove_authenticator(_answer(sign_in), _counted(services, sign_in, code))
    return _let_in(services, secret, sign_in)


def find(services: StaffServices, secret: str, step: SignInStep) -> StaffSignIn:
    """Returns this browser's sign-in. Raises SignInOver when it does not wait for this step."""
    sign_in = services.sign_ins.get(secret, services.now()) if secret else None
    if sign_in is None or sign_in.step is not step:
        raise SignInOver
    return sign_in


def _counted(services: StaffServices, sign_in: StaffSignIn, code: str) -> str:
    digits = "".join(code.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        raise ChoiceInvalid("The code has six digits. Your app shows a new one every 30 seconds.")
    limits.take_of(services, limits.AUTHENTICATOR_CODES, _subject(sign_in.email))
    limits.take_of(services, limits.AUTHENTICATOR_CODES_OF_DAY, _subject(sign_in.email))
    return digits


def _go_on(
    services: StaffServices, shop_id: str, email: str, session_epoch: str, answer: PoolAnswer
) -> Progress:
    person = services.staff_pool.find(email)
    if person is None or not person.may_work_at(shop_id):
        raise SignInRefused
    step, key = answer.step, ""
    if step is None and person.role == StaffRole.ADMIN:
        step, key = SignInStep.AUTHENTICATOR, services.staff_pool.begin_authenticator(answer)
    if step is None:
        return _begin_session(services, shop_id, email, session_epoch)
    secret = secrets.token_urlsafe(24)
    sign_in = StaffSignIn(shop_id, email, session_epoch, step, answer.user, answer.handle, key)
    services.sign_ins.keep(secret, sign_in, services.now() + SIGN_IN_LIFETIME)
    return Progress(secret, step)


def _let_in(services: StaffServices, secret: str, sign_in: StaffSignIn) -> Progress:
    services.sign_ins.end(secret)
    return _begin_session(services, sign_in.shop_id, sign_in.email, sign_in.session_epoch)


def _begin_session(
    services: StaffServices, shop_id: str, email: str, session_epoch: str
) -> Progress:
    # The person is read at the end, because their rights may have changed during the sign-in.
    person = services.staff_pool.find(email)
    if person is None or not person.may_work_at(shop_id):
        raise SignInRefused
    secret, now = secrets.token_urlsafe(24), services.now()
    session = services.sessions.begin(
        secret,
        StaffSession("", shop_id, person.role, person.name, email, session_epoch),
        now,
        now + SESSION_LIFETIME,
    )
    return Progress(secret, session=session)


def _subject(email: str) -> str:
    # Hashed, so that the table of limits does not list people's e-mails.
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def _answer(sign_in: StaffSignIn) -> PoolAnswer:
    return PoolAnswer(sign_in.step, sign_in.handle, sign_in.user)
