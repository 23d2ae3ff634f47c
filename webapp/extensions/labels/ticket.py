"""Draws a ticket as PDF for tape of 62 mm. It is readable at arm's length, and as long as its text
needs."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH = 62.0
"""In millimetres, like all lengths in this module."""
FONTS = Path(__file__).parent / "fonts"
SEE_SCREEN = "(see the screen)"
"""Replaces a text that has letters which none of our fonts has."""

_MARGIN = 3.0
_POINT = 25.4 / 72
_LEADING = 1.18
_NUMBER, _NAME, _DRINK, _DIFFERENT, _TIME, _USUAL, _FOOT = 60, 22, 24, 19, 14, 12, 10
"""Sizes in points. The parts that must be read from farthest away are the largest."""
_GAP = 2.0
_HEAD = _MARGIN + 0.73 * _NUMBER * _POINT + _GAP
"""The height from the top to below the number; a digit is 0.73 of its type size high."""
_CORNER = 15.0
"""The width that is left for the time beside the number."""
_LEAST = 0.5
"""A word that is too long is set in smaller type, down to this part of its size; then it is
broken."""
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


@dataclass(frozen=True)
class Ticket:
    """What a ticket shows.

    differs: the options that are not the usual ones. usual: the other options. name: who the order
    is for; empty when the bar does not know. again: the drink is made again under its number.
    """

    number: int | None
    drink: str
    differs: tuple[str, ...]
    usual: tuple[str, ...]
    name: str
    pickup_place: str
    shop: str
    at: datetime
    again: bool = False


def draw_ticket(ticket: Ticket) -> bytes:
    """Returns the ticket's PDF, which has one page."""
    sheet = _Sheet()
    lines = [*sheet.lines(ticket.name, _NAME), *sheet.lines(ticket.drink, _DRINK)]
    for option in ticket.differs:
        lines += sheet.lines(option, _DIFFERENT)
    lines += sheet.lines(" · ".join(ticket.usual), _USUAL)
    foot = [*sheet.lines(ticket.pickup_place, _FOOT), *sheet.lines(ticket.shop, _FOOT)]
    heights = [line.height for line in lines + foot]
    return sheet.print(ticket, lines, foot, sum(heights))


@dataclass(frozen=True)
class _Line:
    """A line of text, with its letters from left to right as they are printed."""

    text: str
    is_rtl: bool
    font: str
    size: float

    @property
    def height(self) -> float:
        return self.size * _POINT * _LEADING


class _Sheet:
    """A PDF with our fonts."""

    def __init__(self) -> None:
        self._pdf, self._letters = _new_pdf()

    def lines(self, text: str, size: float) -> list[_Line]:
        """Returns the text broken into lines that fit; no line for an empty text."""
        font, text = self._printable(text)
        longest = max(text.split(), key=len, default="")
        size = self._largest(longest, font, size if text != SEE_SCREEN else _USUAL)
        return [_Line(*_as_seen(one), font, size) for one in self._broken(text)]

    def print(self, ticket: Ticket, lines: list, foot: list, height: float) -> bytes:
        pdf, number = self._pdf, "–" if ticket.number is None else str(ticket.number)
        pdf.add_page(format=(WIDTH, _HEAD + height + 3 * _GAP + _MARGIN))
        self._largest(number, _names()[0], _NUMBER, WIDTH - 2 * _MARGIN - _CORNER)
        y = _HEAD - _GAP
        pdf.text(_MARGIN, y, number)
        pdf.set_font(size=_TIME)
        corner = [f"{ticket.at:%H:%M}", *(["↻"] if ticket.again else [])]
        for row, text in enumerate(corner):
            right = WIDTH - _MARGIN - pdf.get_string_width(text)
            pdf.text(right, _MARGIN + (row + 1) * _TIME * _POINT, text)
        y += _GAP
        for line in lines:
            y = self._print_line(line, y)
        y += _GAP
        pdf.set_line_width(0.4)
        pdf.line(_MARGIN, y, WIDTH - _MARGIN, y)
        y += _GAP / 2
        for line in foot:
            y = self._print_line(line, y)
        pdf.set_creation_date(ticket.at)
        return bytes(pdf.output())

    def _print_line(self, line: _Line, y: float) -> float:
        self._pdf.set_font(line.font, size=line.size)
        width = self._pdf.get_string_width(line.text)
        x = WIDTH - _MARGIN - width if line.is_rtl else _MARGIN
        self._pdf.text(x, y + line.height * 0.82, line.text)
        return y + line.height

    def _printable(self, text: str) -> tuple[str, str]:
        """Returns the first font that has all letters and digits of a text, and the text without
        the other characters that the font lacks."""
        text = " ".join(unicodedata.normalize("NFC", text).split())
        for font, has in self._letters.items():
            lacks = {one for one in _joined(text) if ord(one) not in has}
            if not any(unicodedata.category(one)[0] in "LNM" for one in lacks):
                return font, "".join(one for one in text if one not in lacks).strip()
        return _names()[0], SEE_SCREEN

    def _largest(
        self, word: str, font: str, size: float, width: float = WIDTH - 2 * _MARGIN
    ) -> float:
        """Sets the font in the largest size in which the word fits; returns the size.

        The size is at most `size` and at least _LEAST of it.
        """
        self._pdf.set_font(font, size=size)
        needed = self._pdf.get_string_width(_joined(word))
        size *= max(_LEAST, min(1.0, width / needed if needed else 1.0))
        self._pdf.set_font(size=size)
        return size

    def _broken(self, text: str) -> Iterator[str]:
        line = ""
        for word in text.split():
            if line and not self._fits(f"{line} {word}"):
                yield line
                line = ""
            line = f"{line} {word}".lstrip()
            while not self._fits(line):
                # The line is one word that is wider than the tape.
                part = max(n for n in range(1, len(line)) if n == 1 or self._fits(line[:n]))
                yield line[:part]
                line = line[part:]
        if line:
            yield line

    def _fits(self, text: str) -> bool:
        return self._pdf.get_string_width(_joined(text)) <= WIDTH - 2 * _MARGIN


def _new_pdf() -> tuple[FPDF, dict[str, set[int]]]:
    with warnings.catch_warnings():
        # fpdf2 warns that it cannot draw pictures without Pillow, which a ticket does not need.
        warnings.simplefilter("ignore")
        from fpdf import FPDF
        from fpdf.fonts import TTFFont

    pdf = FPDF(unit="mm", format=(WIDTH, WIDTH))
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    letters: dict[str, set[int]] = {}
    for name in _names():
        pdf.add_font(name, fname=FONTS / f"{name}.ttf")
        font = pdf.fonts[name.lower()]
        letters[name] = set(font.cmap) if isinstance(font, TTFFont) else set()
    return pdf, letters


@cache
def _names() -> list[str]:
    """Returns the names of the fonts, our own first. A team may add others for further letters."""
    own = "DejaVuSansCondensed-Bold"
    others = sorted(file.stem for file in FONTS.glob("*.ttf") if file.stem != own)
    return [own, *others]


def _as_seen(text: str) -> tuple[str, bool]:
    """Returns a line's letters from left to right, and whether it is read from right to left."""
    from fpdf.bidi import BidiParagraph, auto_detect_base_direction
    from fpdf.enums import TextDirection

    is_rtl = auto_detect_base_direction(text) is TextDirection.RTL
    seen = BidiParagraph(_joined(text)).get_reordered_characters()
    letters = (
        one.character.translate(_MIRRORED) if one.embedding_level % 2 else one.character
        for one in seen
    )
    return "".join(letters), is_rtl


def _joined(text: str) -> str:
    """Returns the text with Arabic letters in the forms that they have beside each other."""
    from arabic_reshaper import reshape

    return reshape(text)
