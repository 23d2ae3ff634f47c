"""What a shop's settings may be: texts from a form or a file, checked and turned into values.

Each function takes a shop and the raw values of one part and returns the changed shop. Fields left
out stay as they are. All raise SettingInvalid, which names the field and says what is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from zoneinfo import available_timezones

from domain.colours import read_accent
from domain.errors import SettingInvalid
from domain.hours import DAYS, Hours, read_exceptions, read_spans
from domain.languages import LANGUAGES
from domain.reading import read_number
from domain.shops import SHOP_ID_PATTERN, Shop
from domain.texts import clean_text

NAME_LENGTH = 40
PLACE_LENGTH = 60


@dataclass(frozen=True)
class Number:
    """A whole number between two bounds."""

    label: str
    least: int
    most: int


NUMBERS = {
    "capacity": Number("Orders at once", 1, 500),
    "scans_per_code": Number("Scans per code", 1, 500),
    "window_seconds": Number("Seconds of a code’s scans", 30, 3600),
    "code_seconds": Number("Seconds a code is shown", 3, 300),
    "pass_seconds": Number("Seconds to take the place", 30, 900),
    "open_orders_per_customer": Number("Open orders per person", 1, 20),
    "orders_per_day": Number("Orders per person and day", 1, 200),
    "auto_pause_at": Number("Pause by itself at", 0, 500),
    "keep_days": Number("Days names are kept", 1, 30),
}


def change_bar(shop: Shop, values: Mapping) -> Shop:
    """Name, place to collect, time zone and languages; `own_language` is the bar's."""
    zone = str(values.get("timezone", shop.timezone)).strip()
    if zone not in available_timezones():
        raise SettingInvalid("timezone", "Choose a time zone of the list, such as Europe/Berlin.")
    languages = tuple(dict.fromkeys(values.get("languages", shop.languages)))
    if own := str(values.get("own_language", "")):
        # A form's boxes have an order of their own; the bar's language comes first.
        languages = tuple(dict.fromkeys((own, *languages)))
    if unknown := [language for language in languages if language not in LANGUAGES]:
        raise SettingInvalid("languages", f"There is no language “{unknown[0]}” to choose.")
    if not languages:
        raise SettingInvalid("languages", "Choose at least one language.")
    return replace(
        shop,
        name=_text(values, "name", shop.name, NAME_LENGTH, "The bar needs a name."),
        pickup_place=_text(
            values,
            "pickup_place",
            shop.pickup_place,
            PLACE_LENGTH,
            "Say where drinks are collected.",
        ),
        timezone=zone,
        languages=languages,
        pickup_places=_places(values, shop.pickup_places),
    )


def _places(values: Mapping, places: Mapping[str, str]) -> Mapping[str, str]:
    """Where drinks are collected, by language: what the values hold, else as it was."""
    for language in LANGUAGES:
        field = f"pickup_place_{language}"
        if field in values:
            place = clean_text(str(values[field]), PLACE_LENGTH)
            others = {code: one for code, one in places.items() if code != language}
            places = others | {language: place} if place else others
    return places


def change_hours(shop: Shop, values: Mapping) -> Shop:
    """The weekly hours, one text a weekday, and `exceptions`, a line each.

    Changed hours decide about the door at once; by hand it can be moved again after that.
    """
    hours = Hours(
        weekly=tuple(read_spans(str(values.get(day, "")), day) for day in DAYS),
        exceptions=read_exceptions(str(values.get("exceptions", ""))),
    )
    return shop if hours == shop.hours else replace(shop, hours=hours, door_at=None)


def change_intake(shop: Shop, values: Mapping) -> Shop:
    """How many are let in: capacity, scans, orders per person, and when the bar pauses itself.

    And for how many days it is kept who ordered.
    """
    changed = replace(
        shop, **{name: _number(values, name, getattr(shop, name)) for name in NUMBERS}
    )
    if changed.code_seconds > changed.window_seconds:
        raise SettingInvalid("code_seconds", "A code cannot be shown longer than its scans last.")
    if changed.auto_pause_at > changed.capacity:
        raise SettingInvalid(
            "auto_pause_at",
            f"The bar is full at {changed.capacity}; pause at fewer, or at 0 never.",
        )
    return changed


def change_look(shop: Shop, values: Mapping) -> Shop:
    """The accent colour."""
    return replace(shop, accent=read_accent(str(values.get("accent", shop.accent))))


PARTS: Mapping[str, Callable[[Shop, Mapping], Shop]] = {
    "bar": change_bar,
    "hours": change_hours,
    "intake": change_intake,
    "look": change_look,
}
"""The parts of the settings that are edited together, each with its check."""


def read_shop_id(text: str) -> str:
    """A shop's id, the first part of its address. Raises SettingInvalid."""
    shop_id = text.strip().lower()
    if not SHOP_ID_PATTERN.fullmatch(shop_id) or shop_id in _TAKEN_ADDRESSES:
        raise SettingInvalid(
            "shop_id",
            "The address is made of small letters, digits and hyphens, such as hall-2; "
            "at most 32, and none that the bar's own pages use.",
        )
    return shop_id


_TAKEN_ADDRESSES = frozenset({"static", "look", "healthz", "api", "favicon.ico", "robots.txt"})


def _text(values: Mapping, name: str, now: str, most: int, missing: str) -> str:
    text = clean_text(str(values.get(name, now)), most + 1)
    if not text:
        raise SettingInvalid(name, missing)
    if len(text) > most:
        raise SettingInvalid(name, f"At most {most} characters.")
    return text


def _number(values: Mapping, name: str, now: int) -> int:
    bounds = NUMBERS[name]
    try:
        return read_number(str(values.get(name, now)).strip(), bounds.least, bounds.most)
    except ValueError:
        raise SettingInvalid(
            name, f"{bounds.label}: a whole number from {bounds.least} to {bounds.most}."
        ) from None
