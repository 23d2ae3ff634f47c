"""The words of the screens in the current locale.

Templates and presenters write English; a gettext catalog says it in another language. Whoever makes
a page or a fragment says first which locale is current: a page's route by its customer, the
forwarder by the order. docs/translations.md tells how a language is added.
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
    """From here on, in this request or task, words are in this language."""
    _locale.set(language)


def current_locale() -> str:
    """The language in which words are said now."""
    return _locale.get()


def direction() -> str:
    """Which way its lines run, as HTML says it."""
    return "rtl" if current_locale() in RIGHT_TO_LEFT else "ltr"


@contextmanager
def in_locale(language: str) -> Iterator[None]:
    """In this language for a while."""
    token = _locale.set(language)
    try:
        yield
    finally:
        _locale.reset(token)


def gettext(message: str, **values: object) -> str:
    """The message in the current locale; `values` take the place of their %(name)s."""
    # The catalog holds its own description under the empty message.
    text = _catalog(current_locale()).gettext(message) if message else ""
    return text % values if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The message for so many of a thing; %(count)s is how many."""
    return _catalog(current_locale()).ngettext(one, many, count) % {"count": count, **values}


def pgettext(context: str, message: str, **values: object) -> str:
    """A short message that may mean two things, with a word about which it is."""
    text = _catalog(current_locale()).pgettext(context, message)
    return text % values if values else text


_ = gettext


def sentence_of(refusal: Refusal) -> str:
    """What a refusal says, in the current locale."""
    return gettext(refusal.message, **refusal.values)


def comma() -> str:
    """What stands between the parts of a list."""
    return pgettext("between the parts of a list", ", ")


def listed(parts: Iterable[str]) -> str:
    """The parts as a list."""
    return comma().join(parts)


def as_said(text: str) -> str:
    """A name in the middle of a sentence: English writes it small there, German does not."""
    return text.lower() if current_locale() == SOURCE else text


def template_functions() -> Mapping[str, object]:
    """What compiled `trans` blocks call. As jinja2's own extension makes them, which is not loaded
    at run time: in a page the message is markup and its values are escaped."""

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
