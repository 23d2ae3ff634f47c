"""Phone numbers as people type them, checked against the countries a shop sends texts to.

The library knows every country's numbers and is large, so it is loaded by the first check.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import ChoiceInvalid
from domain.texts import N_

_LONGEST = 32
_PUNCTUATION = frozenset("+-–()./ \u00a0\u200e\u202a\u202c")
"""What phones and address books put between digits, direction marks among them."""
_HIDDEN_DIGITS = 3


@dataclass(frozen=True)
class PhoneNumber:
    """A number that can get a text message, in the international spelling: +4915123456789."""

    e164: str
    country_code: int

    @property
    def masked(self) -> str:
        """Enough to recognise one's own number by, too little to call it."""
        return f"+{self.country_code} ••• {self.e164[-2:]}"

    @property
    def block(self) -> str:
        """The thousand numbers it is one of: those who earn by texts own them in a row."""
        return self.e164[:-_HIDDEN_DIGITS]

    def customer_id(self, key: str) -> str:
        """The customer that the number stands for: always the same, and no way back to it."""
        message = f"phone|{self.e164}".encode()
        return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:32]


def read_number(text: str, countries: Sequence[str]) -> PhoneNumber:
    """The number that was typed, with or without the country's code. Raises ChoiceInvalid.

    Without a code, the first of `countries` in which it is a mobile number decides.
    """
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    text = text.strip()
    if not text:
        raise ChoiceInvalid(N_("Type your mobile number."))
    if len(text) <= _LONGEST and all(one.isdecimal() or one in _PUNCTUATION for one in text):
        mobile = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
        for country in countries:
            try:
                number = phonenumbers.parse(text, country)
            except phonenumbers.NumberParseException:
                continue
            if (
                number.country_code is not None
                and phonenumbers.region_code_for_number(number) in countries
                and phonenumbers.is_valid_number(number)
                and phonenumbers.number_type(number) in mobile
            ):
                e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
                return PhoneNumber(e164, number.country_code)
    codes = " / ".join(dict.fromkeys(f"+{calling_code(country)}" for country in countries))
    raise ChoiceInvalid(
        N_("This is not a mobile number that starts with %(codes)s. Check it again."), codes=codes
    )


def read_number_of_anywhere(text: str, countries: Sequence[str]) -> PhoneNumber:
    """As read_number; with its country's code the number may be of any. Raises ChoiceInvalid."""
    import phonenumbers

    if not text.strip().startswith("+"):
        if countries:
            return read_number(text, countries)
        raise ChoiceInvalid("Type the number with its country's code, such as +49.")
    try:
        return read_number(text, tuple(phonenumbers.SUPPORTED_REGIONS))
    except ChoiceInvalid:
        raise ChoiceInvalid("This is not a mobile number of any country. Check it again.") from None


def calling_code(country: str) -> int:
    """The number's beginning in a country: 49 for DE."""
    import phonenumbers

    return phonenumbers.country_code_for_region(country)


def example_number(country: str) -> str:
    """How a mobile number of the country looks."""
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number else ""


def read_countries(text: str) -> tuple[str, ...]:
    """The countries of a list such as "DE, AT ch", in its order. Raises ChoiceInvalid."""
    import phonenumbers

    codes = tuple(dict.fromkeys(text.upper().replace(",", " ").replace(";", " ").split()))
    for code in codes:
        if code not in phonenumbers.SUPPORTED_REGIONS or not example_number(code):
            raise ChoiceInvalid(
                f"“{code[:8]}” is no country's code. Write two letters each, such as DE or US."
            )
    return codes
