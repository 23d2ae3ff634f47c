"""The words of the screens in the current locale.

Templates and presenters write English, and a gettext catalog holds the other languages. The code
that makes a page or a fragment first sets the locale: a page's route takes it from the customer,
the forwarder from the order. docs/translations.md says how to add a language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from domain.errors import Refusal

SOURCE = "en"
"""The language in which messages are written."""
RIGHT_TO_LEFT = frozenset({"ar"})
FOLDER = Path(__file__).resolve().parent / "translations"

_locale: ContextVar[str] = ContextVar("current_locale", default=SOURCE)


def use_locale(language: str) -> None:
    """Sets the current locale for the rest of this request or task."""
    _locale.set(language)


def current_locale() -> str:
    """Returns the current locale."""
    return _locale.get()


def direction() -> str:
    """Returns the direction of the locale's lines, as HTML writes it."""
    return "rtl" if current_locale() in RIGHT_TO_LEFT else "ltr"


@contextmanager
def in_locale(language: str) -> Iterator[None]:
    """Sets the locale within a `with` block."""
    token = _locale.set(language)
    try:
        yield
    finally:
        _locale.reset(token)


def gettext(message: str, **values: object) -> str:
    """Returns the message in the current locale; `values` replace its %(name)s."""
    # The catalog holds its own description under the empty message.
    text = _catalog(current_locale()).gettext(message) if message else ""
    return text % values if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Returns the message for this count; %(count)s is the count."""
    return _catalog(current_locale()).ngettext(one, many, count) % {"count": count, **values}


def pgettext(context: str, message: str, **values: object) -> str:
    """Returns a short message that may mean two things; `context` says which one is meant."""
    text = _catalog(current_locale()).pgettext(context, message)
    return text % values if values else text


_ = gettext


def sentence_of(refusal: Refusal) -> str:
    """Returns the refusal's sentence in the current locale."""
    return gettext(refusal.message, **refusal.values)


def comma() -> str:
    """Returns what stands between the parts of a list."""
    return pgettext("between the parts of a list", ", ")


def listed(parts: Iterable[str]) -> str:
    """Returns the parts as a list in one text."""
    return comma().join(parts)


def as_said(text: str) -> str:
    """Returns a name for use within a sentence: in small letters in English, else unchanged."""
    return text.lower() if current_locale() == SOURCE else text


def template_functions() -> Mapping[str, object]:
    """Returns the functions that compiled `trans` blocks call.

    They work like those of jinja2's own extension, which is not loaded at run time: in a page the
    message is markup, and its values are escaped.
    """

    @pass_eval_context
    def in_page(eval_ctx: EvalContext, message: str, **values: object) -> str:
        return _filled(eval_ctx, gettext(message), values)

    @pass_eval_context
    def counted(eval_ctx: EvalContext, one: str, many: str, num: int, **values: object) -> str:
        text = _catalog(current_locale()).ngettext(one, many, num)
        return _filled(eval_ctx, text, {"num": num, **values})

    @pass_eval_context
    def in_context(eval_ctx: EvalContext, context: str, message: str, **values: object) -> str:
        return _filled(eval_ctx, pgettext(context, message), values)

    return {
        "gettext": in_page,
        "_": in_page,
        "ngettext": counted,
        "pgettext": in_context,
        "current_locale": current_locale,
        "direction": direction,
        "comma": comma,
    }


def _filled(eval_ctx: EvalContext, text: str, values: Mapping[str, object]) -> str:
    return (Markup(text) if eval_ctx.autoescape else text) % values


@cache
def _catalog(language: str) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    try:
        with open(FOLDER / f"{language}.mo", "rb") as file:
            return GNUTranslations(file)
    except FileNotFoundError:
        return NullTranslations()
