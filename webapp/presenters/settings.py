"""The settings pages: a shop's values as a form has them, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.errors import ChangedMeanwhile
from domain.languages import LANGUAGES
from domain.settings import settings_of
from domain.shops import Shop
from webapp.presenters.times import coming, duration, moment

_MENU_LABELS = {
    "name": "Name",
    "hint": "Hint",
    "icon": "Drawing",
    "groups": "Options",
    "allergens": "Contains",
    "options": "Options",
}


def fields(shop: Shop, part: str, typed: Mapping | None = None) -> dict:
    """Returns the values of a part's form: the shop's, or what somebody typed that was refused."""
    values: dict = {}
    for one in settings_of(part):
        values |= one.kind.to_form(one.name, getattr(shop, one.name), shop.languages)
    known = labels(part)
    return values | {name: value for name, value in (typed or {}).items() if name in known}


def labels(part: str) -> dict[str, str]:
    """Returns the label of each field of a part's form."""
    return {
        name: label
        for one in settings_of(part)
        for name, label in one.kind.labels(one.name).items()
    }


def menu_labels() -> dict[str, str]:
    """Returns the label of each field of a drink's or an option group's form."""
    translated = {
        f"{name}_{code}": f"{_MENU_LABELS[name]} ({language})"
        for name in ("name", "hint", "options")
        for code, language in LANGUAGES.items()
    }
    return _MENU_LABELS | translated


def conflict(
    shop: Shop,
    stored: Mapping,
    typed: Mapping,
    called: Mapping[str, str],
    refused: ChangedMeanwhile,
) -> dict:
    """Returns both values of each field in which two editors differ, and who was first.

    called: the label of each field.
    """
    return {
        "who": refused.who or "Somebody",
        "when": moment(shop, refused.at, refused.at) if refused.at else "",
        "fields": [
            {
                "label": called[name],
                "theirs": _words(stored[name]),
                "yours": _words(typed[name]),
            }
            for name in stored
            if name in typed and _words(typed[name]) != _words(stored[name])
        ],
    }


def last_edit(shop: Shop, part: str, now: datetime) -> str:
    """Returns who changed a part last; empty if nobody has changed it."""
    edit = shop.edits.get(part)
    return f"Changed by {edit.by}, {moment(shop, edit.at, now)}" if edit else ""


def door(shop: Shop, now: datetime) -> str:
    """Returns whether the shop is open, and when its hours will decide again."""
    word = "Open" if shop.is_open else "Closed"
    boundary = shop.hours.next_boundary(now, shop.zone) if shop.hours else None
    if boundary is None:
        return f"{word}. The baristas open and close it by hand."
    return f"{word}. The hours decide again {coming(shop, boundary, now)}."


def deadlines(choose_seconds: int, make_seconds: int) -> list[dict]:
    """Returns the deadlines of this deployment, which only a new deployment changes."""
    return [
        {"label": "To choose a drink", "value": duration(choose_seconds)},
        {"label": "To make it", "value": duration(make_seconds)},
    ]


def _words(value: str | list[str]) -> str:
    if isinstance(value, list):
        return ", ".join(sorted(LANGUAGES.get(name) or name for name in value))
    return LANGUAGES.get(value) or " ".join(value.split())
