"""Removes the line breaks of the templates' source from the pages.

A line break in a template is a space only between a literal word and another word, a value or an
inline element; not where the line begins with a full stop or a comma. Everywhere else it is
nothing. Where a space must show all the same, the template says `{{ ' ' }}`.

This is a Jinja extension, because then a template is shortened once, when it is compiled, and the
line numbers in its tracebacks stay true. The packaged function holds compiled templates and never
imports this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_INLINE = frozenset({"a", "b", "bdi", "code", "em", "i", "mark", "small", "span", "strong", "time"})
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
_AS_WRITTEN = frozenset({"pre", "textarea"})
_PIECE = re.compile(
    r"(?P<break>\s*\n\s*)|<(?P<tag>/?[A-Za-z][\w-]*)|(?P<end>/?>)|(?P<quote>[\"'])"
    r"|(?P<other>[^\s<>/\"']+|.)"
)
_NO_SPACE_BEFORE = tuple(".,;:!?)…")


class _Beside(Enum):
    """What stands on one side of a line break."""

    WORD = auto()
    VALUE = auto()
    INLINE = auto()
    """The outer side of an inline element."""
    OTHER = auto()
    """A block element, a statement, or the edge of the template or of an element."""


_VALUES = {"variable_begin": _Beside.VALUE, "variable_end": _Beside.VALUE}


class LineBreaks(Extension):
    """Takes line breaks and indentation out of a template while it is compiled."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Returns the same tokens, their markup without what only the source needs."""
        markup, tokens = _Markup(), _merged(stream)
        types = ["", *(token.type for token in tokens), ""]
        for token, last, following in zip(tokens, types, types[2:]):
            if token.type == "data":
                before = _VALUES.get(last, _Beside.OTHER)
                after = _VALUES.get(following, _Beside.OTHER)
                yield Token(token.lineno, "data", markup.read(token.value, before, after))
            else:
                yield token


def _merged(stream: Iterable[Token]) -> list[Token]:
    """Returns a template's tokens with the markup on both sides of a comment as one token."""
    merged: list[Token] = []
    for token in stream:
        if merged and token.type == merged[-1].type == "data":
            merged[-1] = Token(merged[-1].lineno, "data", merged[-1].value + token.value)
        else:
            merged.append(token)
    return merged


class _Markup:
    """Reads the markup of one template, from its first piece to its last."""

    def __init__(self) -> None:
        self._tag = ""
        """The open tag that is being read, with its slash; empty in text."""
        self._quote = ""
        """The quotation mark of the attribute value that is being read."""
        self._as_written = ""
        """The element whose text keeps its line breaks."""

    def read(self, markup: str, before: _Beside, after: _Beside) -> str:
        """Returns the next markup without its line breaks.

        before, after: what stands on the two sides of the markup.
        """
        parts: list[str] = []
        left = before
        for match in _PIECE.finditer(markup):
            kind, text = match.lastgroup, match.group()
            if kind == "break":
                right = self._right_of(markup, match.end(), after)
                rest = markup[match.end() :]
                parts.append(self._in_place_of_break(text, left, right, rest))
                continue
            if text == "/>" and not self._quote and self._tag in _VOID:
                # The formatter writes the slash, but HTML does not need it.
                text = ">"
                if parts and parts[-1] == " ":
                    parts.pop()
            parts.append(text)
            left = self._after(kind, text, match.group("tag") or "")
        return "".join(parts)

    def _after(self, kind: str | None, text: str, tag: str) -> _Beside:
        """Goes past this piece and returns what stands left of a line break right after it."""
        if self._quote:
            self._quote = "" if text == self._quote else self._quote
        elif self._tag:
            if kind == "quote":
                self._quote = text
                return _Beside.OTHER
            if kind == "end":
                return self._close_tag()
        elif kind == "tag" and self._as_written in ("", tag.removeprefix("/")):
            self._tag = tag
        return _Beside.WORD

    def _close_tag(self) -> _Beside:
        name, self._tag = self._tag, ""
        is_end, name = name.startswith("/"), name.removeprefix("/")
        if name in _AS_WRITTEN:
            self._as_written = "" if is_end else name
        return _Beside.INLINE if is_end and name in _INLINE else _Beside.OTHER

    def _right_of(self, markup: str, place: int, after: _Beside) -> _Beside:
        """Returns what stands right of a line break that ends here."""
        if place == len(markup):
            return after
        match = _PIECE.match(markup, place)
        if match and (tag := match.group("tag")):
            return _Beside.INLINE if tag in _INLINE else _Beside.OTHER
        return _Beside.OTHER if markup.startswith(_NO_SPACE_BEFORE, place) else _Beside.WORD

    def _in_place_of_break(self, text: str, left: _Beside, right: _Beside, rest: str) -> str:
        if self._quote:
            return "" if left is _Beside.OTHER or rest.startswith(self._quote) else " "
        if self._tag:
            return "" if rest.startswith((">", "/>")) else " "
        if self._as_written:
            return text
        is_space = _Beside.WORD in (left, right) and _Beside.OTHER not in (left, right)
        return " " if is_space else ""
