"""Reads phone numbers as people type them, for the countries that a shop sends text messages to.

The library phonenumbers knows every country's numbers and is large, so it is loaded only by the
first check.
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
"""Characters that phones and address books put between digits; some mark a text's direction."""
_HIDDEN_DIGITS = 3


@dataclass(frozen=True)
class PhoneNumber:
    """A number that can get a text message.

    e164: the number in the international spelling, such as +4915123456789.
    """

    e164: str
    country_code: int

    @property
    def masked(self) -> str:
        """Returns enough of the number to recognise one's own, but too little to call it."""
        return f"+{self.country_code} ••• {self.e164[-2:]}"

    @property
    def block(self) -> str:
        """Returns the number without its last three digits, which names a block of a thousand.

        Fraudsters who earn money by text messages own such blocks.
        """
        return self.e164[:-_HIDDEN_DIGITS]

    def customer_id(self, key: str) -> str:
        """Returns the number's customer id: always the same one, and the number cannot be read
        from it."""
        message = f"phone|{self.e164}".encode()
        return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:32]


def read_number(text: str, countries: Sequence[str]) -> PhoneNumber:
    """Returns the number that was typed, with or without the country's calling code.

    Without a calling code, the number is of the first of `countries` in which it is a mobile
    number. Raises ChoiceInvalid.
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
    """Reads a number like `read_number`, but with its calling code it may be of any country.

    Raises ChoiceInvalid.
    """
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
    """Returns the calling code of a country: 49 for DE."""
    import phonenumbers

    return phonenumbers.country_code_for_region(country)


def example_number(country: str) -> str:
    """Returns an example of a mobile number of the country; empty when it has none."""
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number else ""


def read_countries(text: str) -> tuple[str, ...]:
    """Returns the countries of a list such as "DE, AT ch", in its order. Raises ChoiceInvalid."""
    import phonenumbers

    codes = tuple(dict.fromkeys(text.upper().replace(",", " ").replace(";", " ").split()))
    for code in codes:
        if code not in phonenumbers.SUPPORTED_REGIONS or not example_number(code):
            raise ChoiceInvalid(
                f"“{code[:8]}” is no country's code. Write two letters each, such as DE or US."
            )
    return codes
