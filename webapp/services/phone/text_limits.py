"""Limits how many text messages may be asked for and sent, because each of them costs money.

The browser is told about its own limits: its tries, the QR code's share and the shop's hour. It is
not told about a phone number's own limits, because that would reveal something about the number:
such a number gets no text message, and the pages look as usual.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import TooManyRequests
from domain.shops import Shop
from domain.texts import N_
from webapp.services.intake.ports import CustomerSession
from webapp.services.limits import limits
from webapp.services.limits.limits import Limit
from webapp.services.phone import texted_codes
from webapp.services.phone.bundle import PhoneServices
from webapp.services.phone.numbers import PhoneNumber
from workflows.signals import Signal, counted

log = logging.getLogger(__name__)

_FEWEST_TEXTS_PER_HOUR, _FEW_TEXTS = 10, 3
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_PER_NUMBER = 3
TEXTS_TO_NUMBER = Limit("texts", _PER_NUMBER, _HOUR, "")
"""Never told, because it would reveal that somebody else has asked for codes to this number."""
_ASKED_HERE = Limit(
    "texts-asked",
    _PER_NUMBER,
    _HOUR,
    N_(
        "This number has had three codes within the hour. The newest one still works for its "
        "five minutes."
    ),
)
_ASKED_BY_BROWSER = Limit(
    "texts-by-browser",
    6,
    _HOUR,
    N_("That were many codes for one phone. The next one has to wait."),
)
_WRONG_HERE = Limit(
    "wrong-codes",
    texted_codes.MOST_WRONG_PER_DAY,
    _DAY,
    N_(
        "Ten codes were wrong, so this phone has to wait until tomorrow. Ask at the counter "
        "meanwhile."
    ),
)
_OF_WINDOW = Limit(
    "texts-of-window",
    0,
    timedelta(0),
    N_("All the text messages for this code have been asked for. The next code brings new ones."),
)
"""For one shop and one QR code. Somebody who asks for all its text messages leaves those of the
next QR code to others."""
_TO_BLOCK = Limit(
    "texts-to-block",
    10,
    _HOUR,
    N_("Many numbers like yours are signing in. Try again a little later."),
)
_OF_SHOP = Limit(
    "texts-of-shop",
    0,
    _HOUR,
    N_(
        "The bar has sent all the text messages it may send in an hour. Ask at the counter "
        "meanwhile."
    ),
)
_TOLD = Limit("texts-paused-told", 1, _HOUR, "")
_FAILING = Limit(
    "texts-failing",
    1,
    timedelta(minutes=1),
    N_("Text messages do not get through right now. Your scan is kept for a few minutes."),
)


@dataclass(frozen=True)
class TextBudget:
    """A shop's text messages of this hour: how many are sent, and the most that may be sent.

    When they are used up nobody gets a text message until `ends_at`.
    """

    sent: int
    most: int
    ends_at: datetime

    @property
    def is_used_up(self) -> bool:
        return self.sent >= self.most


def text_budget(services: PhoneServices, shop: Shop) -> TextBudget:
    """Returns how many text messages the shop has sent in this hour, and how many it may send."""
    limit = _shop_limit(shop)
    sent, ends_at = limits.usage(services, limit, shop.id)
    return TextBudget(sent, limit.most, ends_at)


def count_asking(
    services: PhoneServices,
    shop: Shop,
    customer: CustomerSession,
    number: PhoneNumber,
) -> None:
    """Counts that a browser asks for a code to a number. Raises TooManyRequests at a limit."""
    customer_id = number.customer_id(services.secret_keys[0])
    limits.check_of(services, _FAILING, "")
    limits.check_of(services, _WRONG_HERE, customer.id)
    limits.check_of(services, _shop_limit(shop), shop.id)
    # Checked before the browser's and the number's tries are counted: without a text message left,
    # asking must not use them up.
    limits.check_of(services, _window_limit(shop), shop.id)
    limits.take_of(services, _ASKED_BY_BROWSER, customer.id)
    limits.take_of(services, _ASKED_HERE, f"{customer.id}|{customer_id}")
    limits.take_of(services, _TO_BLOCK, _hash(services, number.block))
    limits.take_of(services, _window_limit(shop), shop.id)


def may_get_text(services: PhoneServices, shop: Shop, customer_id: str) -> bool:
    """Counts a text message to a number; returns False when the number has had too many text
    messages or wrong codes.

    Raises TooManyRequests when the shop's text messages of this hour are used up.
    """
    if texted_codes.has_many_wrong(services, customer_id):
        return False
    if not limits.take_quietly(services, TEXTS_TO_NUMBER, customer_id):
        return False
    limits.take_of(services, _shop_limit(shop), shop.id)
    budget = text_budget(services, shop)
    if budget.is_used_up and limits.take_quietly(services, _TOLD, shop.id):
        log.error(
            "text messages are paused: the shop's hour is used up",
            extra=counted(Signal.SMS_STOPPED, shop_id=shop.id, sent=budget.sent),
        )
    return True


def pause_for_all(services: PhoneServices) -> TooManyRequests:
    """Notes that text messages do not get through; returns the error for the caller to raise.

    For a minute everybody gets this error, blocked numbers too, so that they do not stand out.
    """
    _, ends_at = limits.usage(services, _FAILING, "")
    limits.take_quietly(services, _FAILING, "")
    return TooManyRequests(ends_at, _FAILING.sentence)


def count_wrong_code(services: PhoneServices, customer: CustomerSession) -> None:
    """Counts a wrong code of this browser. The browser may be told of this limit, but not of the
    number's limit."""
    limits.take_quietly(services, _WRONG_HERE, customer.id)


def _shop_limit(shop: Shop) -> Limit:
    """Returns the shop's limit for an hour: two text messages for each possible scan, because some
    people ask for a second code."""
    return replace(_OF_SHOP, most=max(2 * shop.scans_per_hour, _FEWEST_TEXTS_PER_HOUR))


def _window_limit(shop: Shop) -> Limit:
    """Returns the shop's limit for a window: three text messages for every two scans, because some
    people ask for a second code, and a few more for windows with few scans; never more than the
    window's part of the shop's hour, so that no window can use up the hour."""
    share = -(-3 * shop.scans_per_code // 2) + _FEW_TEXTS
    part = _shop_limit(shop).most * shop.window_seconds // int(_HOUR.total_seconds())
    most = min(share, max(part, 1))
    return replace(_OF_WINDOW, most=most, span=timedelta(seconds=shop.window_seconds))


def _hash(services: PhoneServices, block: str) -> str:
    # Hashed with a key, so that the table of limits does not list phone numbers.
    key = services.secret_keys[0].encode()
    return hmac.new(key, f"block|{block}".encode(), hashlib.sha256).hexdigest()[:32]
