"""The operator job that makes a rehearsal shop for scripts/verify, which removes it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.settings import read_shop_id
from domain.shops import Shop, SignIn
from webapp.services.all_services import Services
from webapp.settings import Settings

_NUMBERS = ("capacity", "scans_per_code", "window_seconds", "code_seconds", "pass_seconds")


def make_rehearsal(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Makes an open rehearsal shop with the limits in `asked`; returns whether it is new.

    Raises SettingInvalid when no shop may have that address.
    """
    numbers: dict[str, Any] = {name: int(asked[name]) for name in _NUMBERS if name in asked}
    shop = Shop(
        read_shop_id(asked["shop"]),
        name="Verification",
        is_rehearsal=True,
        sign_in=SignIn.PHONE if asked.get("country") else SignIn.GUEST,
        phone_countries=(asked["country"],) if asked.get("country") else (),
        **numbers,
    )
    return {"shop": shop.id, "created": services.shops.create(shop)}
