"""The kinds of shop settings: how each is read from a form or a file, checked, and written to both.

A form and a file hold one or several texts for a setting, each under its own name. A kind's `read`
takes all these texts and the present value; what the texts leave out stays as it is. `read` raises
SettingInvalid, which names the text and says what is possible. `control` is the macro of
components/settings.html that shows the setting on its page.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from zoneinfo import available_timezones

from domain.colours import HOUSE_ACCENT, read_accent
from domain.errors import SettingInvalid
from domain.hours import (
    DAYS,
    Hours,
    hours_to_dict,
    read_exceptions,
    read_spans,
    write_exceptions,
    write_spans,
)
from domain.languages import LANGUAGES
from domain.reading import read_number
from domain.texts import clean_text


@dataclass(frozen=True)
class Kind(ABC):
    """What all kinds share; unless a kind says otherwise, one text in its form and its file.

    label: what the page calls the setting. hint: what stands below its field.
    """

    label: str
    hint: str = ""

    control: ClassVar[str] = "text"

    def labels(self, name: str) -> dict[str, str]:
        """Returns what the page calls each text of the form, by the text's name."""
        return {name: self.label}

    def to_form(self, name: str, value: Any, offered: tuple[str, ...]) -> dict[str, Any]:
        """Returns the texts of the form by their names.

        offered: the shop's languages.
        """
        return {name: str(value)}

    def file_names(self, name: str) -> tuple[str, ...]:
        """Returns the names that a file may use for the setting or its parts."""
        return (name,)

    def to_file(self, name: str, value: Any) -> dict[str, Any]:
        """Returns the values of the file by their names."""
        return {name: value}

    @abstractmethod
    def read(self, name: str, values: Mapping[str, Any], now: Any) -> Any:
        """Returns the value that these texts say, or `now` where they say nothing."""


@dataclass(frozen=True)
class OneText(Kind):
    """A setting that is read from a single text."""

    def read(self, name: str, values: Mapping[str, Any], now: Any) -> Any:
        return self._read_text(name, str(values[name])) if name in values else now

    @abstractmethod
    def _read_text(self, name: str, text: str) -> Any:
        """Returns the value that the text says. Raises SettingInvalid."""


@dataclass(frozen=True)
class Text(OneText):
    """A line of at most `most` characters.

    missing: the sentence that refuses an empty line; "" where it may be empty.
    """

    most: int = 60
    missing: str = ""

    def _read_text(self, name: str, text: str) -> str:
        text = clean_text(text, self.most + 1)
        if not text and self.missing:
            raise SettingInvalid(name, self.missing)
        if len(text) > self.most:
            raise SettingInvalid(name, f"At most {self.most} characters.")
        return text


@dataclass(frozen=True)
class Number(OneText):
    """A whole number between two bounds."""

    least: int = 0
    most: int = 0

    control = "number"

    def _read_text(self, name: str, text: str) -> int:
        try:
            return read_number(text.strip(), self.least, self.most)
        except ValueError:
            raise SettingInvalid(
                name, f"{self.label}: a whole number from {self.least} to {self.most}."
            ) from None


@dataclass(frozen=True)
class TimeZone(OneText):
    """A time zone by its name in the IANA database."""

    control = "time_zone"

    def _read_text(self, name: str, text: str) -> str:
        zone = text.strip()
        if zone not in available_timezones():
            raise SettingInvalid(name, "Choose a time zone of the list, such as Europe/Berlin.")
        return zone


@dataclass(frozen=True)
class Accent(OneText):
    """A colour that white words are readable on. An empty text means the house's own colour."""

    control = "colour"

    def to_form(self, name: str, value: str, offered: tuple[str, ...]) -> dict[str, Any]:
        return {name: value or HOUSE_ACCENT}

    def _read_text(self, name: str, text: str) -> str:
        return read_accent(text)


@dataclass(frozen=True)
class Languages(Kind):
    """The languages offered to customers, with the shop's own first.

    The boxes of a form have an order of their own, so `own_language` says which one is the shop's.
    """

    own_label: str = ""
    own_hint: str = ""

    control = "languages"

    def labels(self, name: str) -> dict[str, str]:
        return {"own_language": self.own_label, name: self.label}

    def to_form(
        self, name: str, value: tuple[str, ...], offered: tuple[str, ...]
    ) -> dict[str, Any]:
        return {"own_language": value[0], name: list(value)}

    def read(self, name: str, values: Mapping[str, Any], now: tuple[str, ...]) -> tuple[str, ...]:
        own = str(values.get("own_language", ""))
        languages = tuple(dict.fromkeys((*([own] if own else []), *values.get(name, now))))
        if unknown := [language for language in languages if language not in LANGUAGES]:
            raise SettingInvalid(name, f"There is no language “{unknown[0]}” to choose.")
        if not languages:
            raise SettingInvalid(name, "Choose at least one language.")
        return languages


@dataclass(frozen=True)
class Translations(Kind):
    """The translations of another setting, `of`, into each language but the shop's own."""

    of: str = ""
    most: int = 60

    control = "translations"

    def text_name(self, language: str) -> str:
        """Returns the name of the text in a language."""
        return f"{self.of}_{language}"

    def labels(self, name: str) -> dict[str, str]:
        return {
            self.text_name(code): f"{self.label} ({language})"
            for code, language in LANGUAGES.items()
        }

    def to_form(
        self, name: str, value: Mapping[str, str], offered: tuple[str, ...]
    ) -> dict[str, Any]:
        return {self.text_name(code): value.get(code, "") for code in offered[1:]}

    def to_file(self, name: str, value: Mapping[str, str]) -> dict[str, Any]:
        return {name: value} if value else {}

    def read(
        self, name: str, values: Mapping[str, Any], now: Mapping[str, str]
    ) -> Mapping[str, str]:
        texts = now
        for language in LANGUAGES:
            if self.text_name(language) in values:
                text = clean_text(str(values[self.text_name(language)]), self.most)
                others = {code: one for code, one in texts.items() if code != language}
                texts = others | {language: text} if text else others
        return texts


@dataclass(frozen=True)
class WeekHours(Kind):
    """Opening hours: a text for each weekday, and `exceptions` with one a line.

    The texts always say all hours: a day that is left out is closed.
    """

    control = "hours"

    def labels(self, name: str) -> dict[str, str]:
        return {day: day.capitalize() for day in DAYS} | {"exceptions": self.label}

    def to_form(self, name: str, value: Hours, offered: tuple[str, ...]) -> dict[str, Any]:
        days = {day: write_spans(spans) for day, spans in zip(DAYS, value.weekly)}
        return days | {"exceptions": write_exceptions(value.exceptions)}

    def file_names(self, name: str) -> tuple[str, ...]:
        return (*DAYS, "exceptions")

    def to_file(self, name: str, value: Hours) -> dict[str, Any]:
        return hours_to_dict(value)

    def read(self, name: str, values: Mapping[str, Any], now: Hours) -> Hours:
        return Hours(
            weekly=tuple(read_spans(str(values.get(day, "")), day) for day in DAYS),
            exceptions=read_exceptions(str(values.get("exceptions", ""))),
        )


def setting(part: str, kind: Kind, after: str = "", **default: Any) -> Any:
    """Returns a field of Shop that people set on the settings page or in a file.

    part: one of domain.settings.PARTS.
    after: the setting that it follows on the page; "" where the page keeps the order of the fields.
    default, default_factory: as in `dataclasses.field`.
    """
    return field(**default, metadata={"part": part, "kind": kind, "after": after})
