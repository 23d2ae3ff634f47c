"""How many text messages may be asked for and sent; each of them is paid for.

What the browser may know it is told: its own tries, the code's share, the shop's hour. What would
tell something about a number is not: such a number gets no text and everything looks as usual.
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
"""Never told: it would say that somebody else has asked for codes to this number."""
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
"""Of a shop for one code: whoever takes them all leaves the next code's to others."""
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
    """How many texts a shop has sent within this hour, of how many; then nobody gets one."""

    sent: int
    most: int
    ends_at: datetime

    @property
    def is_used_up(self) -> bool:
        return self.sent >= self.most


def text_budget(services: PhoneServices, shop: Shop) -> TextBudget:
    """What the shop's breaker stands at."""
    limit = _shop_limit(shop)
    sent, ends_at = limits.usage(services, limit, shop.id)
    return TextBudget(sent, limit.most, ends_at)


def count_asking(
    services: PhoneServices,
    shop: Shop,
    customer: CustomerSession,
    number: PhoneNumber,
) -> None:
    """Counts that a browser asks for a code to a number. Raises TooManyRequests."""
    customer_id = number.customer_id(services.secret_keys[0])
    limits.check_of(services, _FAILING, "")
    limits.check_of(services, _WRONG_HERE, customer.id)
    limits.check_of(services, _shop_limit(shop), shop.id)
    limits.take_of(services, _ASKED_BY_BROWSER, customer.id)
    limits.take_of(services, _ASKED_HERE, f"{customer.id}|{customer_id}")
    limits.take_of(services, _TO_BLOCK, _hash(services, number.block))
    limits.take_of(services, _window_limit(shop), shop.id)


def may_get_text(services: PhoneServices, shop: Shop, customer_id: str) -> bool:
    """Counts a text to a number; False when it has had too many texts or wrong codes.

    Raises TooManyRequests when the shop's are used up.
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
    """No text gets through: for a minute everybody is told, blocked numbers too. To be raised."""
    _, ends_at = limits.usage(services, _FAILING, "")
    limits.take_quietly(services, _FAILING, "")
    return TooManyRequests(ends_at, _FAILING.sentence)


def count_wrong_code(services: PhoneServices, customer: CustomerSession) -> None:
    """The browser's own, which may be told; those of the number may not."""
    limits.take_quietly(services, _WRONG_HERE, customer.id)


def _shop_limit(shop: Shop) -> Limit:
    """Twice what the scans of an hour could need: one text each, and one more for half a slip."""
    return replace(_OF_SHOP, most=max(2 * shop.scans_per_hour, _FEWEST_TEXTS_PER_HOUR))


def _window_limit(shop: Shop) -> Limit:
    """One text for each scan of the code, one more for half a slip, and a few for a small code."""
    most = -(-3 * shop.scans_per_code // 2) + _FEW_TEXTS
    return replace(_OF_WINDOW, most=most, span=timedelta(seconds=shop.window_seconds))


def _hash(services: PhoneServices, block: str) -> str:
    # The table of limits is no list of numbers.
    key = services.secret_keys[0].encode()
    return hmac.new(key, f"block|{block}".encode(), hashlib.sha256).hexdigest()[:32]
