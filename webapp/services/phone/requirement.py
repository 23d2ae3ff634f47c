"""The shop setting for how customers sign in: as guests or with a phone number."""

from __future__ import annotations

from dataclasses import replace

from domain.errors import ChoiceInvalid
from domain.shops import Shop, SignIn
from webapp.services.phone.bundle import PhoneServices
from webapp.services.phone.numbers import read_countries
from webapp.services.shop.editing import change_shop


def set_sign_in(services: PhoneServices, shop_id: str, sign_in: str, countries: str) -> Shop:
    """Lets guests order, or only people with a phone number of these countries.

    sign_in: a SignIn. countries: a list such as "DE, AT". Orders under way go on.
    Raises ChoiceInvalid or Busy.
    """
    if sign_in not in list(SignIn):
        raise ChoiceInvalid("Choose how customers sign in.")
    codes = read_countries(countries)
    if sign_in == SignIn.PHONE and not codes:
        raise ChoiceInvalid("Choose the countries whose numbers get text messages, such as DE.")
    return change_shop(
        services,
        shop_id,
        lambda shop: replace(shop, sign_in=SignIn(sign_in), phone_countries=codes),
    )
