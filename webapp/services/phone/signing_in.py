"""Signs a browser in by phone for 30 days: with a phone number and a texted code.

This module has the use cases that a browser calls. Cognito keeps the steps in order with its custom
challenge, and calls its triggers to make and check the code (texted_codes). text_limits decides who
gets a text message.

Nobody can see whether a number is new, known or blocked: the pages, their status and the calls to
Cognito are the same, only the text message is left out, and no answer comes before `least_seconds`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from domain.errors import (
    ChoiceInvalid,
    OneTimeCodeOver,
    OneTimeCodeWrong,
    PassMissing,
    TooManyRequests,
)
from domain.shops import Shop
from domain.texts import N_
from webapp.services.intake import passes
from webapp.services.intake.ports import CustomerSession
from webapp.services.phone import text_limits, texted_codes
from webapp.services.phone.bundle import PhoneServices
from webapp.services.phone.numbers import PhoneNumber, read_number
from webapp.services.phone.ports import NEXT_TEXT_AFTER, PhoneSignIn
from webapp.words import SOURCE, current_locale

SIGNED_IN_FOR = timedelta(days=30)


def waiting(services: PhoneServices, shop: Shop, customer: CustomerSession | None) -> PhoneSignIn:
    """Returns this browser's sign-in that waits for its code. Raises OneTimeCodeOver."""
    sign_in = services.phone_sign_ins.get(customer.id) if customer else None
    if sign_in is None or sign_in.shop_id != shop.id:
        raise OneTimeCodeOver
    return sign_in


def ask_code(
    services: PhoneServices, shop: Shop, customer: CustomerSession | None, typed: str
) -> None:
    """Has a code texted to the number that was typed, if the browser has a pass.

    Raises ChoiceInvalid, TooManyRequests, Busy, or the errors of `passes.check_pass`.
    """
    number = read_number(typed, shop.phone_countries)
    if customer is None:
        raise PassMissing
    passes.check_pass(services, shop, customer)
    last = services.phone_sign_ins.get(customer.id)
    customer_id = number.customer_id(services.secret_keys[0])
    if last and last.customer_id == customer_id:
        _check_pause(services, last)
    _ask(services, shop, customer, number)


def ask_again(services: PhoneServices, shop: Shop, customer: CustomerSession | None) -> None:
    """Has a new code texted to the number that this browser has given; the old code ends.

    Raises OneTimeCodeOver, or the errors of `ask_code`.
    """
    if customer is None:
        raise OneTimeCodeOver
    last = waiting(services, shop, customer)
    passes.check_pass(services, shop, customer)
    _check_pause(services, last)
    _ask(services, shop, customer, read_number(last.number, shop.phone_countries))


def enter_code(
    services: PhoneServices, shop: Shop, customer: CustomerSession | None, typed: str
) -> tuple[str, CustomerSession]:
    """Signs the browser in as the number's customer; returns the secret and the new session.

    Raises ChoiceInvalid when the text is no code, OneTimeCodeWrong, OneTimeCodeOver, PassMissing or
    Busy.
    """
    if customer is None:
        raise OneTimeCodeOver
    sign_in = waiting(services, shop, customer)
    code = "".join(one for one in typed if one.isdecimal())
    if len(code) != texted_codes.DIGITS:
        raise ChoiceInvalid(
            N_("Type the %(digits)s digits of the code in the text."), digits=texted_codes.DIGITS
        )
    if not texted_codes.is_good(sign_in, services.now()):
        raise OneTimeCodeOver
    code = "".join(str(int(digit)) for digit in code)
    if not services.customer_pool.check_code(sign_in.customer_id, sign_in.session_id, code):
        text_limits.count_wrong_code(services, customer)
        left = texted_codes.MOST_TRIES - waiting(services, shop, customer).tries
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
    services: PhoneServices,
    shop: Shop,
    customer: CustomerSession,
    number: PhoneNumber,
) -> None:
    customer_id = number.customer_id(services.secret_keys[0])
    with _no_sooner(services):
        text_limits.count_asking(services, shop, customer, number)
        now = services.now()
        sign_in = PhoneSignIn(
            session_id=customer.id,
            shop_id=shop.id,
            customer_id=customer_id,
            number=number.e164,
            phone=number.masked,
            ask_id=secrets.token_hex(16),
            asked_at=now,
            is_silent=not text_limits.may_get_text(services, shop, customer_id),
            language=current_locale() if current_locale() != SOURCE else None,
        )
        services.phone_sign_ins.ask(sign_in)
        services.customer_sessions.prolong_pass(customer, now + texted_codes.LIFETIME)
        if not services.customer_pool.send_code(customer_id, sign_in.session_id):
            raise text_limits.pause_for_all(services)


def _check_pause(services: PhoneServices, last: PhoneSignIn) -> None:
    again_at = last.asked_at + NEXT_TEXT_AFTER
    if services.now() < again_at:
        raise TooManyRequests(
            again_at, N_("A code is on its way. Give the text a moment to arrive.")
        )


@contextmanager
def _no_sooner(services: PhoneServices) -> Iterator[None]:
    """Makes the block take at least `least_seconds`.

    Handing a text message over takes time. Without the wait, a fast answer would tell that it was
    left out.
    """
    ends_at = time.monotonic() + services.least_seconds
    try:
        yield
    finally:
        time.sleep(max(ends_at - time.monotonic(), 0))
