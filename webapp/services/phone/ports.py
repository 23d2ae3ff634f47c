"""What the sign-in by phone speaks to: the asking, the accounts and the text messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

NEXT_TEXT_AFTER = timedelta(seconds=30)
"""How long a browser waits for another code; its page counts down to it."""


@dataclass(frozen=True)
class PhoneSignIn:
    """A browser that has said a phone number and must type the code texted to it.

    number: in the international spelling; nothing else keeps it, and it goes with the sign-in.
    ask_id: changes with each code that is asked for. is_silent: nothing is texted, for a number
    that has had too many texts or wrong codes; from outside it looks like any other. language: of
    the text; None for English.
    code_hash: empty until the code is made.
    """

    session_id: str
    shop_id: str
    customer_id: str
    number: str = field(repr=False)
    phone: str
    ask_id: str
    asked_at: datetime
    is_silent: bool = False
    language: str | None = None
    code_hash: str = ""
    code_ends_at: datetime | None = None
    tries: int = 0


class PhoneSignIns(Protocol):
    def ask(self, sign_in: PhoneSignIn) -> None:
        """Begins anew: an earlier code of this browser is worth nothing any more."""

    def get(self, session_id: str) -> PhoneSignIn | None: ...
    def give_code(self, sign_in: PhoneSignIn, code_hash: str, ends_at: datetime) -> bool:
        """False when this asking has its code already."""

    def count_try(
        self, sign_in: PhoneSignIn, try_id: str, most_tries: int, day: str, most_wrong: int
    ) -> bool:
        """Counts a try of the code and of its number's day; False when either is used up, or the
        code is no longer the one of `sign_in`. Then the day counts nothing."""

    def take_back_try(self, customer_id: str, day: str, try_id: str) -> None:
        """A right code is no wrong one of the number's day; once more is harmless."""

    def wrong_codes(self, customer_id: str, day: str) -> int: ...
    def end(self, session_id: str) -> None: ...


class CustomerPool(Protocol):
    """The accounts behind phone numbers. Any call may raise Busy.

    It asks our triggers (webapp/consumers/sign_in_triggers.py) to make, send and check the code.
    """

    def send_code(self, customer_id: str, sign_in_id: str) -> bool:
        """False when the text could not be handed over."""

    def check_code(self, customer_id: str, sign_in_id: str, code: str) -> bool: ...
    def forget(self, customer_id: str) -> None:
        """Deletes the account, if there is one."""


class TextNotSent(Exception):
    """The text message could not be handed over."""


class Texts(Protocol):
    def send(self, number: str, text: str) -> None:
        """Hands a text message over. Raises TextNotSent."""
