"""The two forms by which a customer signs in with a phone number."""

from __future__ import annotations

from datetime import datetime

from domain.errors import Refusal
from domain.shops import Shop
from webapp.presenters.times import clock, to_ms
from webapp.services.phone.numbers import calling_code, example_number
from webapp.services.phone.ports import NEXT_TEXT_AFTER, PhoneSignIn
from webapp.words import sentence_of


def phone_number_view(shop: Shop, typed: str, error: str) -> dict:
    """Returns the form that asks for a number: which countries are served, and an example."""
    codes = dict.fromkeys(f"+{calling_code(country)}" for country in shop.phone_countries)
    first = shop.phone_countries[0] if shop.phone_countries else ""
    return {
        "typed": typed[:32],
        "error": error,
        "codes": " / ".join(codes),
        "example": example_number(first),
    }


def phone_code_view(
    shop: Shop, sign_in: PhoneSignIn, refused: Refusal | None, now: datetime
) -> dict:
    """Returns the form that asks for the texted code, and when another one may be sent."""
    again_at = sign_in.asked_at + NEXT_TEXT_AFTER
    ends_at = sign_in.code_ends_at
    return {
        "phone": sign_in.phone,
        "error": sentence_of(refused) if refused else "",
        "ends_clock": clock(shop, ends_at) if ends_at and ends_at > now else None,
        "again_ms": to_ms(again_at) if again_at > now else None,
    }
