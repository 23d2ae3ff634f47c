"""A ticket as PDF: everything is on it, however long and in whatever letters."""

import itertools
import re
from dataclasses import replace
from datetime import datetime

import pytest

from webapp.extensions.labels import ticket as tickets
from webapp.extensions.labels.ticket import SEE_SCREEN, WIDTH, Ticket, draw_ticket

LATTE = Ticket(
    7,
    "Latte",
    ("Oat",),
    ("Regular",),
    "Ana",
    "left end of the counter",
    "Main bar",
    datetime(2026, 11, 25, 9, 34),
)


@pytest.fixture
def drawn(monkeypatch):
    """Draws a ticket; gives what was put on it, and where: (text, left, top, right) in mm."""
    tickets._new_pdf()
    from fpdf import FPDF

    put, text = [], FPDF.text

    def noting(pdf, x, y, words):
        put.append((words, x, y, x + pdf.get_string_width(words)))
        text(pdf, x, y, words)

    def drawn(ticket: Ticket):
        put.clear()
        monkeypatch.setattr(FPDF, "text", noting)
        return draw_ticket(ticket), list(put)

    return drawn


def _size(pdf: bytes) -> tuple[float, float]:
    """Width and height of the only page, in millimetres."""
    assert pdf.count(b"/Type /Page\n") == 1
    *_, box = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return tuple(float(one) * 25.4 / 72 for one in box)


def test_it_is_a_pdf_of_one_page_as_wide_as_the_tape(drawn):
    pdf, _ = drawn(LATTE)
    assert pdf.startswith(b"%PDF-")
    assert _size(pdf)[0] == pytest.approx(WIDTH, abs=0.05)


def test_all_that_the_bar_needs_is_on_it(drawn):
    _, put = drawn(LATTE)
    assert [words for words, *_ in put] == [
        "7",
        "09:34",
        "Ana",
        "Latte",
        "Oat",
        "Regular",
        "left end of the counter",
        "Main bar",
    ]


LONG = replace(
    LATTE,
    number=1920,
    again=True,
    name="Maximiliane-Charlotte von",
    drink="Iced caramel macchiato with a foam of oats",
    differs=("Sugar-free hazelnut syrup", "Rindfleischetikettierungsüberwachung", "x" * 90),
    usual=("Medium", "Regular", "For here", "With lid", "No straw", "No sugar"),
)


@pytest.mark.parametrize(
    "ticket",
    [LATTE, LONG, replace(LATTE, name="", differs=(), usual=()), replace(LATTE, number=None)],
    ids=["short", "long", "no name", "no number"],
)
def test_nothing_leaves_the_paper_or_lies_on_anything_else(drawn, ticket):
    pdf, put = drawn(ticket)
    width, height = _size(pdf)
    for words, left, bottom, right in put:
        assert left > 0 and right <= width - 2.9 and 0 < bottom < height, words
    rows = [bottom for _, _, bottom, _ in put[2 + ticket.again :]]
    assert all(after - before > 3 for before, after in itertools.pairwise(rows))
    (_, _, _, number_ends), (_, time_begins, _, _) = put[:2]
    assert number_ends < time_begins


def test_a_long_list_makes_a_longer_ticket_and_loses_no_letter(drawn):
    pdf, put = drawn(LONG)
    assert _size(pdf)[1] > 2 * _size(drawn(LATTE)[0])[1]
    written = "".join(words for words, *_ in put).replace(" ", "")
    for text in (LONG.name, LONG.drink, *LONG.differs, *LONG.usual):
        assert text.replace(" ", "") in written


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("נועה", "העונ"),
        ("محمد", "\ufeaa\ufee4\ufea4\ufee3"),
        ("Ελένη", "Ελένη"),
        ("Žofie Łucja", "Žofie Łucja"),
        ("Нина", "Нина"),
    ],
)
def test_names_stand_in_their_own_letters_and_direction(drawn, name, seen):
    _, put = drawn(replace(LATTE, name=name))
    words, left, _, right = put[2]
    assert words == seen
    is_from_the_right = name[0] in "נم"
    assert (right == pytest.approx(WIDTH - 3)) is is_from_the_right
    assert (left == pytest.approx(3)) is not is_from_the_right


def test_arabic_letters_are_joined_and_brackets_turned(drawn):
    _, put = drawn(replace(LATTE, name="محمد (٢)"))
    words = put[2][0]
    assert words.startswith("(") and ")" in words
    assert not set(words) & set("محمد"), "each letter in the form it has beside its neighbours"


def test_letters_that_no_font_has_are_on_the_screen_and_it_says_so(drawn):
    _, put = drawn(replace(LATTE, name="田中さくら"))
    assert put[2][0] == SEE_SCREEN
    assert put[3][0] == "Latte"


def test_a_smile_is_left_out(drawn):
    _, put = drawn(replace(LATTE, name="Zoë 🙂"))
    assert put[2][0] == "Zoë"


def test_a_font_put_beside_ours_is_used_for_letters_that_ours_lacks(monkeypatch, drawn):
    sheet = tickets._Sheet()
    monkeypatch.setattr(tickets, "_new_pdf", lambda: (sheet._pdf, {"a": {32, 65}, "b": {32, 66}}))
    other = tickets._Sheet()
    assert other._printable("A A") == ("a", "A A")
    assert other._printable("B B") == ("b", "B B")
    assert other._printable("A B")[1] == SEE_SCREEN


def test_the_letters_travel_with_the_ticket_and_no_others():
    pdf = draw_ticket(LATTE)
    assert pdf.count(b"/FontFile2") == 1 and len(pdf) < 20_000
