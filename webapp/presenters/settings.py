"""What the settings pages show: a shop's values as a form has them, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.colours import HOUSE_ACCENT
from domain.errors import ChangedMeanwhile
from domain.hours import DAYS, write_exceptions, write_spans
from domain.languages import LANGUAGES
from domain.settings import NUMBERS
from domain.shops import Shop
from webapp.presenters.times import coming, duration, moment

_LABELS = (
    {
        "name": "Name of the bar",
        "pickup_place": "Drinks are collected at the",
        "timezone": "Time zone",
        "own_language": "The bar’s own language",
        "languages": "Languages",
        "exceptions": "Other days",
        "accent": "Accent colour",
        "hint": "Hint",
        "icon": "Drawing",
        "groups": "Options",
        "allergens": "Contains",
        "options": "Options",
    }
    | {day: day.capitalize() for day in DAYS}
    | {name: number.label for name, number in NUMBERS.items()}
)


_TRANSLATED = {
    "name": "Name",
    "hint": "Hint",
    "options": "Options",
    "pickup_place": "Drinks are collected",
}
"""What has a field in each language."""


def fields(shop: Shop, part: str, typed: Mapping | None = None) -> dict:
    """The values of a part's form: the shop's, or what somebody typed that was not taken."""
    return {
        **_stored(shop, part),
        **{
            name: value
            for name, value in (typed or {}).items()
            if name in _LABELS or name.startswith("pickup_place_")
        },
    }


def conflict(shop: Shop, stored: Mapping, typed: Mapping, refused: ChangedMeanwhile) -> dict:
    """Both values of each field in which two editors differ, and who came first."""
    return {
        "who": refused.who or "Somebody",
        "when": moment(shop, refused.at, refused.at) if refused.at else "",
        "fields": [
            {
                "label": _label(name),
                "theirs": _words(stored[name]),
                "yours": _words(typed[name]),
            }
            for name in stored
            if name in typed and _words(typed[name]) != _words(stored[name])
        ],
    }


def _label(name: str) -> str:
    field, _, language = name.rpartition("_")
    if field in _TRANSLATED and language in LANGUAGES:
        return f"{_TRANSLATED[field]} ({LANGUAGES[language]})"
    return _LABELS[name]


def last_edit(shop: Shop, part: str, now: datetime) -> str:
    """Who changed a part last; empty while it is as it was made."""
    edit = shop.edits.get(part)
    return f"Changed by {edit.by}, {moment(shop, edit.at, now)}" if edit else ""


def door(shop: Shop, now: datetime) -> str:
    """Whether the bar is open, and until when the clock leaves it so."""
    word = "Open" if shop.is_open else "Closed"
    boundary = shop.hours.next_boundary(now, shop.zone) if shop.hours else None
    if boundary is None:
        return f"{word}. The baristas open and close it by hand."
    return f"{word}. The hours decide again {coming(shop, boundary, now)}."


def deadlines(choose_seconds: int, make_seconds: int) -> list[dict]:
    """The deadlines of this deployment, which only a new deployment changes."""
    return [
        {"label": "To choose a drink", "value": duration(choose_seconds)},
        {"label": "To make it", "value": duration(make_seconds)},
    ]


def _stored(shop: Shop, part: str) -> dict:
    return {
        "bar": lambda: {
            "name": shop.name,
            "pickup_place": shop.pickup_place,
            "timezone": shop.timezone,
            "own_language": shop.languages[0],
            "languages": list(shop.languages),
            **{
                f"pickup_place_{code}": shop.pickup_places.get(code, "")
                for code in shop.languages[1:]
            },
        },
        "hours": lambda: {
            **{day: write_spans(spans) for day, spans in zip(DAYS, shop.hours.weekly)},
            "exceptions": write_exceptions(shop.hours.exceptions),
        },
        "intake": lambda: {name: str(getattr(shop, name)) for name in NUMBERS},
        "look": lambda: {"accent": shop.accent or HOUSE_ACCENT},
    }[part]()


def _words(value) -> str:
    if isinstance(value, list):
        return ", ".join(sorted(LANGUAGES.get(name, name) for name in value))
    return LANGUAGES.get(value) or " ".join(str(value).split())
