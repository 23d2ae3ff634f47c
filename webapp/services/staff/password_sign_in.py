"""How a named person signs in: e-mail and password, then what the account asks for yet.

Each try is counted before it is looked at. Whoever is not let in hears the same sentence, whether
the e-mail is unknown, the password wrong, the account locked or another shop's.
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
"""A long day behind the bar. Screens that belong to the shop are paired and stay."""


@dataclass(frozen=True)
class Progress:
    """Where a sign-in stands: at its next step, or at its end with the new session.

    secret: for the browser's cookie; of the sign-in or of the session.
    """

    secret: str = field(repr=False)
    step: SignInStep | None = None
    session: StaffSession | None = None


def sign_in(
    services: StaffServices, shop_id: str, email: str, password: str, known_browser: str = ""
) -> Progress:
    """Tries e-mail and password. Raises SignInRefused, TooManyRequests or NotFound.

    known_browser: names a browser in which this person has signed in before; its tries are counted
    apart from those of strangers.
    """
    services.shop(shop_id)
    known = clean_email(email)
    if known is None or not 0 < len(password) <= passwords.LONGEST:
        raise SignInRefused
    whose = f"{_subject(known)}|{known_browser}" if known_browser else _subject(known)
    limits.take_of(services, limits.PASSWORDS, whose)
    # Read before the password is tried: whoever is sent away meanwhile gets a session of no worth.
    session_epoch = services.session_epochs.current(known)
    answer = services.staff_pool.check_password(known, password)
    return _go_on(services, shop_id, known, session_epoch, answer)


def choose_password(services: StaffServices, secret: str, password: str, again: str) -> Progress:
    """The first password of one's own. Raises SignInOver or ChoiceInvalid."""
    sign_in = find(services, secret, SignInStep.NEW_PASSWORD)
    if fault := passwords.fault_in(password):
        raise ChoiceInvalid(fault)
    if password != again:
        raise ChoiceInvalid("The two passwords differ. Type the same one twice.")
    services.staff_pool.set_password(_answer(sign_in), password)
    services.sign_ins.end(secret)
    # Asked anew, so that a new password does not spare anybody the code of their app.
    answer = services.staff_pool.check_password(sign_in.email, password)
    return _go_on(services, sign_in.shop_id, sign_in.email, sign_in.session_epoch, answer)


def give_code(services: StaffServices, secret: str, code: str) -> Progress:
    """The code of a known app. Raises SignInOver, ChoiceInvalid or TooManyRequests."""
    sign_in = find(services, secret, SignInStep.CODE)
    services.staff_pool.check_code(_answer(sign_in), _counted(services, sign_in, code))
    return _let_in(services, secret, sign_in)


def set_up_authenticator(services: StaffServices, secret: str, code: str) -> Progress:
    """The first code of a new app. Raises SignInOver, ChoiceInvalid or TooManyRequests."""
    sign_in = find(services, secret, SignInStep.AUTHENTICATOR)
    services.staff_pool.prove_authenticator(_answer(sign_in), _counted(services, sign_in, code))
    return _let_in(services, secret, sign_in)


def find(services: StaffServices, secret: str, step: SignInStep) -> StaffSignIn:
    """This browser's sign-in, which waits for this step. Raises SignInOver."""
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
    # Read last: what the person may do now, not when they began.
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
    # The table of limits is no list of people.
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def _answer(sign_in: StaffSignIn) -> PoolAnswer:
    return PoolAnswer(sign_in.step, sign_in.handle, sign_in.user)
