"""A shop is one bar with its settings. The original calls a shop's id `eventId`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.errors import NotAllowedNow
from domain.hours import Hours
from domain.menu import DEFAULT_MENU, Menu
from domain.setting_kinds import (
    Accent,
    Languages,
    Number,
    Text,
    TimeZone,
    Translations,
    WeekHours,
    setting,
)
from domain.texts import N_

SHOP_ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class SignIn(StrEnum):
    """What a customer needs beside the scan: nothing, or a phone number of their own."""

    GUEST = "guest"
    PHONE = "phone"


@dataclass(frozen=True)
class Edit:
    """The last change of one part of the settings: its number, who made it and when."""

    number: int
    by: str
    at: datetime


@dataclass(frozen=True)
class Shop:
    """A shop's settings. A field made by `setting` appears on its page and in its file by itself.

    window_seconds: how long one QR code's token bucket lasts.
    scans_per_code: how many customers the token bucket lets in.
    code_seconds: how long one drawing of the code is shown. The code works for as long again, so a
        forwarded picture is useless before anybody can use it.
    pass_seconds: how long a browser that opened a fresh code may claim its order.
    capacity: how many orders may be under way at once.
    open_orders_per_customer, orders_per_day: the limits for one customer; with SignIn.PHONE for one
        phone number.
    phone_countries: countries whose phone numbers get text messages (ISO 3166 codes); empty until
        an admin chooses some.
    is_rehearsal: robots and recorded days may use the shop; its screens say so.
    door_at: when the door was last moved, by hand or by the clock.
    extra_minutes: the minutes that a barista adds to the told wait in a rush; 0 in quiet times.
    paused_until: the shop takes no new scans before this moment; None when it is not paused.
    auto_pause_at: the number of open orders at which the shop pauses by itself; 0 means never.
    no_auto_pause_until: a barista ended an automatic pause, so the shop begins no other one before
        this moment.
    languages: the languages offered to customers, with the shop's own first.
    pickup_places: the names of pickup_place in the other languages, by language code.
    accent: the event's colour ("#rrggbb"); empty for the house's own.
    logo: the name of the logo's picture.
    shows_baristas: whether the figures are also shown for each barista.
    keep_days: for how many days the shop keeps who ordered and who made what; after that only
        figures are left.
    edits: the last change of each part of the settings, so that two editors do not overwrite each
        other.
    version: grows by one with each change of any part.
    """

    id: str
    name: str = setting(
        "bar",
        Text("Name of the bar or event", most=40, missing="The bar needs a name."),
        default="Main bar",
    )
    pickup_place: str = setting(
        "bar",
        Text(
            "Drinks are collected at the",
            "As it reads after “Collect at the”.",
            most=60,
            missing="Say where drinks are collected.",
        ),
        default=N_("left end of the counter"),
    )
    timezone: str = setting("bar", TimeZone("Time zone"), default="UTC")
    pickup_places: Mapping[str, str] = setting(
        "bar",
        Translations("Place to collect", of="pickup_place", most=60),
        default_factory=dict,
    )
    languages: tuple[str, ...] = setting(
        "bar",
        Languages(
            "Languages offered to customers",
            own_label="The bar’s own language",
            own_hint="The one in which the menu is written and the TV speaks first.",
        ),
        default=("en",),
    )
    capacity: int = setting(
        "intake",
        Number(
            "Orders at once",
            "Orders under way before the bar says it is full.",
            least=1,
            most=500,
        ),
        default=20,
    )
    scans_per_code: int = setting(
        "intake",
        Number(
            "Scans per code",
            "Customers that one window of the code lets in.",
            least=1,
            most=500,
        ),
        default=10,
    )
    window_seconds: int = setting(
        "intake",
        Number("Seconds of a code’s scans", "How long that window lasts.", least=30, most=3600),
        default=300,
    )
    code_seconds: int = setting(
        "intake",
        Number(
            "Seconds a code is shown",
            "A photo of the code is dead after twice this time.",
            least=3,
            most=300,
        ),
        default=10,
    )
    pass_seconds: int = setting(
        "intake",
        Number(
            "Seconds to take the place",
            "From scanning to taking the place in line.",
            least=30,
            most=900,
        ),
        default=180,
    )
    open_orders_per_customer: int = setting(
        "intake", Number("Open orders per person", least=1, most=20), default=1
    )
    orders_per_day: int = setting(
        "intake", Number("Orders per person and day", least=1, most=200), default=10
    )
    auto_pause_at: int = setting(
        "intake",
        Number(
            "Pause by itself at",
            "Open orders at which the bar pauses new scans; it goes on at half of them. "
            "0 is never.",
            least=0,
            most=500,
        ),
        default=0,
        after="capacity",
    )
    keep_days: int = setting(
        "intake",
        Number(
            "Days names are kept",
            "Who ordered, who made it and for whom. After that only drinks, times and figures are "
            "left.",
            least=1,
            most=30,
        ),
        default=1,
    )
    hours: Hours = setting(
        "hours",
        WeekHours("Other days, one a line", "2026-12-24 09:00–12:00, or 2026-12-25 closed."),
        default=Hours(),
    )
    accent: str = setting(
        "look",
        Accent(
            "Accent colour",
            "For buttons, chosen things and the code’s panel on the TV. It has to carry white "
            "words.",
        ),
        default="",
    )
    menu: Menu = DEFAULT_MENU
    logo: str = ""
    is_open: bool = True
    sign_in: SignIn = SignIn.GUEST
    phone_countries: tuple[str, ...] = ()
    is_rehearsal: bool = False
    door_at: datetime | None = None
    extra_minutes: int = 0
    paused_until: datetime | None = None
    pause_is_automatic: bool = False
    no_auto_pause_until: datetime | None = None
    is_archived: bool = False
    shows_baristas: bool = True
    edits: Mapping[str, Edit] = field(default_factory=dict)
    version: int = 1

    @property
    def zone(self) -> ZoneInfo:
        """Returns the shop's time zone."""
        return ZoneInfo(self.timezone)

    def offered_language(self, language: str | None) -> str:
        """Returns this language if it is offered to customers, else the shop's own."""
        return language if language in self.languages else self.languages[0]

    @property
    def scans_per_hour(self) -> int:
        """Returns how many customers the QR codes let in within an hour at most, rounded up."""
        return -(-3600 * self.scans_per_code // self.window_seconds)

    @property
    def look(self) -> str:
        """Returns what every page shows of the shop.

        A page that was made with another value is old.
        """
        return f"{self.name}|{self.accent}|{self.logo}"

    def local_time(self, moment: datetime) -> datetime:
        """Returns the moment on the shop's own clock."""
        return moment.astimezone(self.zone)

    def day(self, now: datetime) -> str:
        """Returns the shop's calendar day (YYYY-MM-DD) at `now`.

        Order numbers begin again each day.
        """
        return self.local_time(now).date().isoformat()

    def day_begins_at(self, now: datetime) -> datetime:
        """Returns the midnight that began the shop's day, in UTC."""
        today = self.local_time(now).date()
        return datetime.combine(today, time(), self.zone).astimezone(UTC)

    def day_ends_at(self, now: datetime) -> datetime:
        """Returns the midnight that ends the shop's day, in UTC."""
        tomorrow = self.local_time(now).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self.zone).astimezone(UTC)

    def at(self, now: datetime) -> Shop:
        """Returns the shop at `now`: a pause or "sold out" that ends by the clock has ended."""
        shop = self
        if shop.paused_until is not None and shop.paused_until <= now:
            shop = replace(shop, paused_until=None, pause_is_automatic=False)
        menu = shop.menu.at(now)
        return shop if menu is shop.menu else replace(shop, menu=menu)

    def opens_again_at(self, now: datetime) -> datetime | None:
        """Returns when the clock opens a closed shop again; None when only people open it."""
        return None if self.is_archived else self.hours.next_opening(now, self.zone)


def move_door(shop: Shop, is_open: bool, now: datetime) -> Shop:
    """Returns the shop opened or closed by hand, until the next boundary of its hours.

    Closing also ends a pause and a rush, so that the next day begins calmly. Raises NotAllowedNow
    for an archived shop, because it stays closed.
    """
    if is_open and shop.is_archived:
        raise NotAllowedNow("This shop is put away. An admin can take it out again.")
    shop = replace(shop, is_open=is_open, door_at=now)
    return shop if is_open else _calm(shop)


def follow_clock(shop: Shop, now: datetime) -> Shop:
    """Returns the shop as its hours want it, if a boundary has passed since the door last moved."""
    if shop.is_archived or not shop.hours:
        return shop
    boundary = shop.hours.last_boundary(now, shop.zone)
    if boundary is None or (shop.door_at is not None and shop.door_at >= boundary):
        return shop
    is_open = shop.hours.is_open(now, shop.zone)
    if is_open == shop.is_open:
        return shop
    return replace(move_door(shop, is_open, now), door_at=boundary)


def _calm(shop: Shop) -> Shop:
    return replace(
        shop,
        extra_minutes=0,
        paused_until=None,
        pause_is_automatic=False,
        no_auto_pause_until=None,
    )
