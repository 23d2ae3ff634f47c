"""Signing in by phone: a number, a code by text message, 30 days.

Cognito keeps the order of events (its custom challenge); what happens at each is here. The first
half is what a browser asks for, the second what Cognito asks us through its triggers.

Whether a number is new, known or blocked never shows: the pages, their status and the calls made
are the same, only the text itself is left out, and no answer comes before `least_seconds`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from domain.errors import (
    ChoiceInvalid,
    OneTimeCodeOver,
    OneTimeCodeWrong,
    PassMissing,
    TooManyRequests,
)
from domain.shops import Shop
from domain.texts import N_
from webapp.services import codes, limits
from webapp.services.limits import Limit
from webapp.services.phone_numbers import PhoneNumber, read_number
from webapp.services.ports import CustomerSession, PhoneSignIn, Services, TextNotSent
from webapp.words import SOURCE, _, speaking, spoken
from workflows.signals import Signal, counted

log = logging.getLogger(__name__)

SIGNED_IN_FOR = timedelta(days=30)
CODE_LIFETIME = timedelta(minutes=5)
MOST_TRIES = 5
MOST_WRONG_PER_DAY = 10
NEXT_TEXT_AFTER = timedelta(seconds=30)
CODE_DIGITS = 6
_FEWEST_TEXTS_PER_HOUR = 10

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_PER_NUMBER = 3
TEXTS_TO_NUMBER = Limit("texts", _PER_NUMBER, _HOUR, "")
"""Never told: it would say that somebody else has asked for codes to this number."""
_ASKED_HERE = Limit(
    "texts-asked", _PER_NUMBER, _HOUR,
    N_(
        "This number has had three codes within the hour. The newest one still works for its "
        "five minutes."
    ),
)
_ASKED_BY_BROWSER = Limit(
    "texts-by-browser", 6, _HOUR,
    N_("That were many codes for one phone. The next one has to wait."),
)
_WRONG_HERE = Limit(
    "wrong-codes", MOST_WRONG_PER_DAY, _DAY,
    N_(
        "Ten codes were wrong, so this phone has to wait until tomorrow. Ask at the counter "
        "meanwhile."
    ),
)
_FROM_ADDRESS = Limit(
    "texts-from", 0, _HOUR,
    N_("Many people on your network are signing in. Your scan is kept as long as it can be."),
    shared_bits=(24, 48),
)
_TO_BLOCK = Limit(
    "texts-to-block", 10, _HOUR,
    N_("Many numbers like yours are signing in. Try again a little later."),
)
_OF_SHOP = Limit(
    "texts-of-shop", 0, _HOUR,
    N_(
        "The bar has sent all the text messages it may send in an hour. Ask at the counter "
        "meanwhile."
    ),
)
_TOLD = Limit("texts-paused-told", 1, _HOUR, "")
_FAILING = Limit(
    "texts-failing", 1, timedelta(minutes=1),
    N_("Text messages do not get through right now. Your scan is kept for a few minutes."),
)


@dataclass(frozen=True)
class TextBudget:
    """How many texts a shop has sent within this hour, of how many; then nobody gets one."""

    sent: int
    most: int
    ends_at: datetime

    @property
    def is_used_up(self) -> bool:
        return self.sent >= self.most


def text_budget(services: Services, shop: Shop) -> TextBudget:
    """What the shop's breaker stands at."""
    limit = _shop_limit(shop)
    sent, ends_at = limits.usage(services, limit, shop.id)
    return TextBudget(sent, limit.most, ends_at)


def needs_phone(services: Services, shop: Shop, customer: CustomerSession | None) -> bool:
    """True when this browser has to sign in before it can order."""
    return codes.needs_phone(shop, customer, services.now())


def waiting(services: Services, shop: Shop, customer: CustomerSession | None) -> PhoneSignIn:
    """The number of this browser that waits for its code. Raises OneTimeCodeOver."""
    sign_in = customer and services.phone_sign_ins.get(customer.id)
    if sign_in is None or sign_in.shop_id != shop.id:
        raise OneTimeCodeOver
    return sign_in


def ask_code(
    services: Services, shop: Shop, customer: CustomerSession | None, typed: str, address: str
) -> None:
    """Has a code texted to the number that was typed; only for a browser with a scan pass.

    Raises ChoiceInvalid, TooManyRequests, TextNotSent, Busy or what `codes.check_pass` raises.
    """
    number = read_number(typed, shop.phone_countries)
    codes.check_pass(services, shop, customer)
    last = services.phone_sign_ins.get(customer.id)
    customer_id = number.customer_id(services.secret_keys[0])
    if last and last.customer_id == customer_id:
        _check_pause(services, last)
    _ask(services, shop, customer, number, address)


def ask_again(
    services: Services, shop: Shop, customer: CustomerSession | None, address: str
) -> None:
    """Has a new code texted to the number this browser has said; the old one ends.

    Raises OneTimeCodeOver or what `ask_code` raises.
    """
    last = waiting(services, shop, customer)
    codes.check_pass(services, shop, customer)
    _check_pause(services, last)
    _ask(services, shop, customer, read_number(last.number, shop.phone_countries), address)


def enter_code(
    services: Services, shop: Shop, customer: CustomerSession | None, typed: str
) -> tuple[str, CustomerSession]:
    """Signs the browser in as the number's customer: a new session, and its secret.

    Raises ChoiceInvalid for what is no code at all, OneTimeCodeWrong, OneTimeCodeOver or Busy.
    """
    sign_in = waiting(services, shop, customer)
    code = "".join(one for one in typed if one.isdecimal())
    if len(code) != CODE_DIGITS:
        raise ChoiceInvalid(
            N_("Type the %(digits)s digits of the code in the text."), digits=CODE_DIGITS
        )
    if not _is_good(sign_in, services.now()):
        raise OneTimeCodeOver
    code = "".join(str(int(digit)) for digit in code)
    if not services.customer_pool.check_code(sign_in.customer_id, sign_in.session_id, code):
        _count_wrong(services, customer)
        left = MOST_TRIES - waiting(services, shop, customer).tries
        raise OneTimeCodeWrong(left) if left > 0 else OneTimeCodeOver
    secret = secrets.token_urlsafe(24)
    signed_in = services.customer_sessions.sign_in(
        customer, secret, sign_in.customer_id, sign_in.phone, services.now() + SIGNED_IN_FOR
    )
    services.phone_sign_ins.end(sign_in.session_id)
    if signed_in is None:
        raise PassMissing
    return secret, signed_in


def _ask(
    services: Services, shop: Shop, customer: CustomerSession, number: PhoneNumber, address: str
) -> None:
    customer_id = number.customer_id(services.secret_keys[0])
    with _no_sooner(services):
        limits.check_of(services, _FAILING, "")
        limits.check_of(services, _WRONG_HERE, customer.id)
        limits.check_of(services, _shop_limit(shop), shop.id)
        limits.take_of(services, _ASKED_BY_BROWSER, customer.id)
        limits.take_of(services, _ASKED_HERE, f"{customer.id}|{customer_id}")
        limits.take(services, replace(_FROM_ADDRESS, most=_shop_limit(shop).most // 2), address)
        limits.take_of(services, _TO_BLOCK, _hash(services, "block", number.block))
        now = services.now()
        sign_in = PhoneSignIn(
            session_id=customer.id,
            shop_id=shop.id,
            customer_id=customer_id,
            number=number.e164,
            phone=number.masked,
            ask_id=secrets.token_hex(16),
            asked_at=now,
            is_silent=not _may_get_text(services, shop, customer_id),
            language=spoken() if spoken() != SOURCE else None,
        )
        services.phone_sign_ins.ask(sign_in)
        services.customer_sessions.prolong_pass(customer, now + CODE_LIFETIME)
        if not services.customer_pool.send_code(customer_id, sign_in.session_id):
            # From now on everybody is told, whatever their number: blocked ones, too.
            _, ends_at = limits.usage(services, _FAILING, "")
            _take_quietly(services, _FAILING, "")
            raise TooManyRequests(ends_at, _FAILING.sentence)


def _may_get_text(services: Services, shop: Shop, customer_id: str) -> bool:
    day = _day(services.now())
    if services.phone_sign_ins.wrong_codes(customer_id, day) >= MOST_WRONG_PER_DAY:
        return False
    if not _take_quietly(services, TEXTS_TO_NUMBER, customer_id):
        return False
    limits.take_of(services, _shop_limit(shop), shop.id)
    budget = text_budget(services, shop)
    if budget.is_used_up and _take_quietly(services, _TOLD, shop.id):
        log.error(
            "text messages are paused: the shop's hour is used up",
            extra=counted(Signal.SMS_STOPPED, shop_id=shop.id, sent=budget.sent),
        )
    return True


def _take_quietly(services: Services, limit: Limit, subject: str) -> bool:
    try:
        limits.take_of(services, limit, subject)
    except TooManyRequests:
        return False
    return True


def _count_wrong(services: Services, customer: CustomerSession) -> None:
    # The browser's own, which may be told; those of the number may not.
    _take_quietly(services, _WRONG_HERE, customer.id)


def _check_pause(services: Services, last: PhoneSignIn) -> None:
    again_at = last.asked_at + NEXT_TEXT_AFTER
    if services.now() < again_at:
        raise TooManyRequests(
            again_at, N_("A code is on its way. Give the text a moment to arrive.")
        )


def _shop_limit(shop: Shop) -> Limit:
    """Twice what the scans of an hour could need: one text each, and one more for half a slip."""
    return replace(_OF_SHOP, most=max(2 * shop.scans_per_hour, _FEWEST_TEXTS_PER_HOUR))


@contextmanager
def _no_sooner(services: Services) -> Iterator[None]:
    """Handing a text over takes time, leaving it out does not: all answers wait for the slower."""
    ends_at = time.monotonic() + services.least_seconds
    try:
        yield
    finally:
        time.sleep(max(ends_at - time.monotonic(), 0))


# What Cognito's triggers ask


def make_code(services: Services, sign_in_id: str, customer_id: str) -> bool:
    """Makes the code that was asked for and texts it; False when it could not be handed over.

    Cognito asks again when we are slow: an asking gets one code and one text.
    """
    sign_in = services.phone_sign_ins.get(sign_in_id)
    if sign_in is None or sign_in.customer_id != customer_id:
        return True
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    ends_at = services.now() + CODE_LIFETIME
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


def is_right_code(services: Services, sign_in_id: str, customer_id: str, code: str) -> bool:
    """Counts the try, then compares: however many guess at once, only five are looked at."""
    sign_in = services.phone_sign_ins.get(sign_in_id)
    now = services.now()
    if sign_in is None or sign_in.customer_id != customer_id or not _is_good(sign_in, now):
        return False
    day, try_id = _day(now), secrets.token_hex(8)
    if not services.phone_sign_ins.count_try(
        sign_in, try_id, MOST_TRIES, day, MOST_WRONG_PER_DAY
    ):
        return False
    is_right = _matches(services, sign_in, code) and not sign_in.is_silent
    if is_right:
        services.phone_sign_ins.take_back_try(customer_id, day, try_id)
    return is_right


def _matches(services: Services, sign_in: PhoneSignIn, code: str) -> bool:
    hashes = [_code_hash(key, sign_in, code) for key in services.secret_keys]
    return any([hmac.compare_digest(one, sign_in.code_hash) for one in hashes])


def _is_good(sign_in: PhoneSignIn, now: datetime) -> bool:
    return (
        sign_in.code_ends_at is not None
        and sign_in.code_ends_at > now
        and sign_in.tries < MOST_TRIES
    )


def _code_hash(key: str, sign_in: PhoneSignIn, code: str) -> str:
    message = f"one-time-code|{sign_in.session_id}|{sign_in.ask_id}|{code}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def _hash(services: Services, purpose: str, text: str) -> str:
    key = services.secret_keys[0].encode()
    return hmac.new(key, f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _text(services: Services, sign_in: PhoneSignIn, code: str) -> str:
    # The last line lets phones fill the code in, on our address only.
    host = urlsplit(services.public_url).hostname
    with speaking(sign_in.language or SOURCE):
        words = _("%(code)s is your code for the coffee bar. It works for 5 minutes.", code=code)
    return f"{words}\n\n@{host} #{code}"


def _day(now: datetime) -> str:
    return now.date().isoformat()
