"""Checks the accent colour of an event and derives the shades that go with it.

Contrast is measured as in WCAG 2, from 1 to 21. The bar's text has at least 7 (AAA) on light and on
dark screens.
"""

from __future__ import annotations

import re

from domain.errors import SettingInvalid

TEXT_CONTRAST = 7.0
HOUSE_ACCENT = "#2437b0"
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_DARK_CARD = "#281b14"
_STEPS = 50


def read_accent(text: str) -> str:
    """Returns the colour as "#rrggbb", or an empty text for the house's own colour.

    Raises SettingInvalid when the text is no colour, or when white words on the colour are hard to
    read.
    """
    text = text.strip()
    if not text:
        return ""
    match = _HEX.fullmatch(text)
    if match is None:
        raise SettingInvalid("accent", "Write a colour like #2437b0.")
    colour = "#" + match[1].lower()
    reached = contrast(colour, "#ffffff")
    if reached < TEXT_CONTRAST:
        raise SettingInvalid(
            "accent",
            f"White words on {colour} have a contrast of {reached:.1f}; 7 is the least that can "
            "be read from across a room. Take a darker colour.",
        )
    return "" if colour == HOUSE_ACCENT else colour


def contrast(one: str, other: str) -> float:
    """Returns the contrast of two colours by WCAG 2."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def shades(accent: str) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the colour tokens that follow from an accent, for light and for dark screens."""
    light_soft = mix(accent, "#ffffff", 0.88)
    light = {
        "accent": accent,
        "on-accent": "#ffffff",
        "accent-soft": light_soft,
        "accent-ink": _until_read(accent, "#000000", light_soft),
        "panel": accent,
        "on-panel": "#ffffff",
        "panel2": _until_read(mix(accent, "#ffffff", 0.85), "#ffffff", accent),
    }
    soft = mix(accent, _DARK_CARD, 0.65)
    bright = _until_read(mix(accent, "#ffffff", 0.5), "#ffffff", _DARK_CARD)
    dark = light | {
        "accent": bright,
        "on-accent": _until_read(accent, "#000000", bright),
        "accent-soft": soft,
        "accent-ink": _until_read(bright, "#ffffff", soft),
    }
    return light, dark


def mix(colour: str, other: str, part: float) -> str:
    """Returns the colour mixed with `part` (0 to 1) of the other colour."""
    pairs = zip(_channels(colour), _channels(other))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _until_read(colour: str, towards: str, ground: str) -> str:
    """Returns the first colour between `colour` and `towards` that is readable on the ground."""
    for step in range(_STEPS + 1):
        candidate = mix(colour, towards, step / _STEPS)
        if contrast(candidate, ground) >= TEXT_CONTRAST:
            return candidate
    return towards


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
