"""Makes texted codes, and compares them with what people type.

Cognito calls both through its triggers (webapp/consumers/sign_in_triggers.py). A code is stored as
a hash, in the row of the browser that asked for it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from webapp.services.phone.bundle import PhoneServices
from webapp.services.phone.ports import PhoneSignIn, TextNotSent
from webapp.words import SOURCE, _, in_locale
from workflows.signals import Signal, counted

log = logging.getLogger(__name__)

LIFETIME = timedelta(minutes=5)
DIGITS = 6
MOST_TRIES = 5
MOST_WRONG_PER_DAY = 10


def make_code(services: PhoneServices, sign_in_id: str, customer_id: str) -> bool:
    """Makes the code that was asked for and texts it; returns False when that failed.

    Cognito calls its trigger again when the answer is slow. A second call for the same request
    makes no second code and no second text message.
    """
    sign_in = services.phone_sign_ins.get(sign_in_id)
    if sign_in is None or sign_in.customer_id != customer_id:
        return True
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    ends_at = services.now() + LIFETIME
    code_hash = _code_hash(services.secret_keys[0], sign_in, code)
    if not services.phone_sign_ins.give_code(sign_in, code_hash, ends_at) or sign_in.is_silent:
        return True
    try:
        services.texts.send(sign_in.number, _text(services, sign_in, code))
    except TextNotSent as error:
        stopped = counted(Signal.SMS_STOPPED, shop_id=sign_in.shop_id)
        log.error("text not sent: %s", error, extra=stopped)
        return False
    return True


def is_right_code(services: PhoneServices, sign_in_id: str, customer_id: str, code: str) -> bool:
    """Returns whether the typed code is right.

    The try is counted before the code is compared, so that only five tries are compared, however
    many come at once.
    """
    sign_in = services.phone_sign_ins.get(sign_in_id)
    now = services.now()
    if sign_in is None or sign_in.customer_id != customer_id or not is_good(sign_in, now):
        return False
    day, try_id = _day(now), secrets.token_hex(8)
    if not services.phone_sign_ins.count_try(sign_in, try_id, MOST_TRIES, day, MOST_WRONG_PER_DAY):
        return False
    is_right = _matches(services, sign_in, code) and not sign_in.is_silent
    if is_right:
        services.phone_sign_ins.take_back_try(customer_id, day, try_id)
    return is_right


def is_good(sign_in: PhoneSignIn, now: datetime) -> bool:
    """Returns True while the sign-in has a code that may still be tried."""
    return (
        sign_in.code_ends_at is not None
        and sign_in.code_ends_at > now
        and sign_in.tries < MOST_TRIES
    )


def has_many_wrong(services: PhoneServices, customer_id: str) -> bool:
    """Returns True when a number has had all the wrong codes of a day, over all browsers."""
    wrong = services.phone_sign_ins.wrong_codes(customer_id, _day(services.now()))
    return wrong >= MOST_WRONG_PER_DAY


def _matches(services: PhoneServices, sign_in: PhoneSignIn, code: str) -> bool:
    hashes = [_code_hash(key, sign_in, code) for key in services.secret_keys]
    # Every key is compared, so that the time it takes does not tell which one fits.
    hits = [hmac.compare_digest(one, sign_in.code_hash) for one in hashes]
    return any(hits)


def _code_hash(key: str, sign_in: PhoneSignIn, code: str) -> str:
    message = f"one-time-code|{sign_in.session_id}|{sign_in.ask_id}|{code}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def _text(services: PhoneServices, sign_in: PhoneSignIn, code: str) -> str:
    # The last line lets phones fill the code in, but only on pages of our own address.
    host = urlsplit(services.public_url).hostname
    with in_locale(sign_in.language or SOURCE):
        words = _("%(code)s is your code for the coffee bar. It works for 5 minutes.", code=code)
    return f"{words}\n\n@{host} #{code}"


def _day(now: datetime) -> str:
    return now.date().isoformat()
