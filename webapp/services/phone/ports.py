"""The ports of the sign-in by phone: sign-ins under way, accounts and text messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

NEXT_TEXT_AFTER = timedelta(seconds=30)
"""How long a browser has to wait before it may ask for another code. Its page counts down."""


@dataclass(frozen=True)
class PhoneSignIn:
    """A sign-in under way: a browser has given a phone number and waits for its texted code.

    number: in the international spelling. It is stored nowhere else and is deleted with the
    sign-in. phone: the number, masked. ask_id: changes with each code that is asked for.
    is_silent: no text message is sent, because the number has had too many text messages or wrong
    codes; the pages look the same as for any other number.
    language: of the text message; None for English. code_hash: empty until the code is made.
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
        """Begins a sign-in; an earlier code of this browser is not accepted any more."""

    def get(self, session_id: str) -> PhoneSignIn | None: ...
    def give_code(self, sign_in: PhoneSignIn, code_hash: str, ends_at: datetime) -> bool:
        """Stores the hash of a new code; returns False when this `ask_id` has its code already."""

    def count_try(
        self, sign_in: PhoneSignIn, try_id: str, most_tries: int, day: str, most_wrong: int
    ) -> bool:
        """Counts a try, both for the code and for its phone number's day.

        Returns False, and counts nothing for the day, when either limit is used up or the code is
        no longer that of `sign_in`. try_id: names the try, so that it can be taken back.
        """

    def take_back_try(self, customer_id: str, day: str, try_id: str) -> None:
        """Takes a try off its number's day, as its code was right. A repetition is harmless."""

    def wrong_codes(self, customer_id: str, day: str) -> int: ...
    def end(self, session_id: str) -> None: ...


class CustomerPool(Protocol):
    """The accounts behind phone numbers. Any call may raise Busy.

    The pool calls our triggers (webapp/consumers/sign_in_triggers.py) to make, send and check the
    code.
    """

    def send_code(self, customer_id: str, sign_in_id: str) -> bool:
        """Has a code sent; returns False when the text message could not be handed over."""

    def check_code(self, customer_id: str, sign_in_id: str, code: str) -> bool: ...
    def forget(self, customer_id: str) -> None:
        """Deletes the account, if there is one."""


class TextNotSent(Exception):
    """The text message could not be handed over."""


class Texts(Protocol):
    def send(self, number: str, text: str) -> None:
        """Hands a text message over. Raises TextNotSent."""
