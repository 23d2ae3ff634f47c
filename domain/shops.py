"""A shop: one bar, its settings and its intake. The original calls a shop's id `eventId`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.menu import DEFAULT_MENU, Menu

SHOP_ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True)
class Shop:
    """A shop's settings.

    window_seconds: how long one QR code is shown.
    scans_per_code: how many customers one QR code lets in.
    grace_seconds: how long after its window a QR code still works, for the person who scanned
        in the last second.
    capacity: how many orders may be under way at once.
    version: grows by one with each change of the settings.
    """

    id: str
    name: str = "Main bar"
    pickup_place: str = "left end of the counter"
    timezone: str = "UTC"
    window_seconds: int = 300
    scans_per_code: int = 10
    grace_seconds: int = 20
    capacity: int = 20
    is_open: bool = True
    menu: Menu = DEFAULT_MENU
    version: int = 1

    def local_time(self, moment: datetime) -> datetime:
        """A moment on the shop's own clock."""
        return moment.astimezone(ZoneInfo(self.timezone))

    def day(self, now: datetime) -> str:
        """The shop's calendar day (YYYY-MM-DD) at `now`; order numbers begin anew with it."""
        return self.local_time(now).date().isoformat()
