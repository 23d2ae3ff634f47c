"""The shades that follow from an accent."""

from __future__ import annotations

import pytest

from domain.colours import HOUSE_ACCENT, TEXT_CONTRAST, contrast, mix, read_accent, shades
from domain.errors import SettingInvalid

WHITE, BLACK = "#ffffff", "#000000"


def test_contrast_is_wcag_2s():
    assert contrast(BLACK, WHITE) == contrast(WHITE, BLACK) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.478, abs=0.001)
    assert contrast("#ff0000", "#00ff00") == pytest.approx(2.914, abs=0.001)
    assert contrast("#0000ff", "#030303") == pytest.approx(2.407, abs=0.01)


def test_a_mix_lies_between_its_colours():
    assert mix("#102030", WHITE, 0) == "#102030"
    assert mix("#102030", WHITE, 1) == WHITE
    assert mix("#000204", "#ffffff", 0.5) == "#808082"


@pytest.mark.parametrize("accent", [HOUSE_ACCENT, "#5a1030", "#004000"])
def test_every_word_can_be_read_on_its_ground(accent):
    for tokens in shades(accent):
        for words, ground in (
            ("on-accent", "accent"),
            ("accent-ink", "accent-soft"),
            ("on-panel", "panel"),
            ("panel2", "panel"),
        ):
            if words != "on-panel":
                assert contrast(tokens[words], tokens[ground]) >= TEXT_CONTRAST, (words, ground)
        assert tokens["panel"] == accent


LIGHT = {
    "accent": "#2437b0",
    "on-accent": "#ffffff",
    "accent-soft": "#e5e7f6",
    "accent-ink": "#2437b0",
    "panel": "#2437b0",
    "on-panel": "#ffffff",
    "panel2": "#dee1f3",
}
DARK = {
    "accent": "#9da5dc",
    "on-accent": "#10184d",
    "accent-soft": "#27254b",
    "accent-ink": "#abb2e1",
    "panel": "#2437b0",
    "on-panel": "#ffffff",
    "panel2": "#dee1f3",
}


def test_the_shades_of_the_house_are_these():
    assert shades(HOUSE_ACCENT) == (LIGHT, DARK)


@pytest.mark.parametrize("typed", ["blue", "#12345", "#1234567", "#12345g"])
def test_what_is_no_colour_is_refused(typed):
    with pytest.raises(SettingInvalid, match=r"^Write a colour like #2437b0\.$") as refused:
        read_accent(typed)
    assert refused.value.field == "accent"


def test_a_colour_on_which_white_cannot_be_read_is_refused_with_its_contrast():
    with pytest.raises(
        SettingInvalid, match=r"^White words on #777777 .* of 4\.5; 7 is"
    ) as refused:
        read_accent("777777")
    assert refused.value.field == "accent"


def test_an_accent_has_one_spelling_and_the_houses_own_is_none():
    assert read_accent(" 5A1030 ") == "#5a1030"
    assert read_accent("#2437B0") == read_accent("") == ""
