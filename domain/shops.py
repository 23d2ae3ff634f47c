"""A shop: one bar, its settings and its intake. The original calls a shop's id `eventId`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.menu import DEFAULT_MENU, Menu

SHOP_ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class SignIn(StrEnum):
    """What a customer needs to order beside the scan: nothing, or a phone number that is theirs."""

    GUEST = "guest"
    PHONE = "phone"


@dataclass(frozen=True)
class Shop:
    """A shop's settings.

    window_seconds: how long one QR code's token bucket lasts.
    scans_per_code: how many customers it lets in.
    code_seconds: how long one drawing of the code is shown; it works for as long again, so a
        forwarded picture is dead before anybody can use it.
    pass_seconds: how long a browser that opened a fresh code may take its place.
    capacity: how many orders may be under way at once.
    open_orders_per_customer, orders_per_day: for one customer; with SignIn.PHONE for one number.
    phone_countries: whose numbers get text messages (ISO 3166 codes); none until somebody chooses.
    version: grows by one with each change of the settings.
    """

    id: str
    name: str = "Main bar"
    pickup_place: str = "left end of the counter"
    timezone: str = "UTC"
    window_seconds: int = 300
    scans_per_code: int = 10
    code_seconds: int = 10
    pass_seconds: int = 180
    capacity: int = 20
    open_orders_per_customer: int = 1
    orders_per_day: int = 10
    is_open: bool = True
    sign_in: SignIn = SignIn.GUEST
    phone_countries: tuple[str, ...] = ()
    menu: Menu = DEFAULT_MENU
    version: int = 1

    @property
    def scans_per_hour(self) -> int:
        """How many customers the QR codes let in within an hour at most, rounded up."""
        return -(-3600 * self.scans_per_code // self.window_seconds)

    def local_time(self, moment: datetime) -> datetime:
        """A moment on the shop's own clock."""
        return moment.astimezone(ZoneInfo(self.timezone))

    def day(self, now: datetime) -> str:
        """The shop's calendar day (YYYY-MM-DD) at `now`; order numbers begin anew with it."""
        return self.local_time(now).date().isoformat()
