"""The logo of an event: a small picture of a kind that cannot hold a script."""

from __future__ import annotations

from domain.errors import SettingInvalid

MOST_BYTES = 100_000
KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def kind_of(picture: bytes) -> str:
    """The ending of the picture's kind, told from its first bytes, never from its name.

    Raises SettingInvalid for anything else, and for one that is too large. SVG is none of them: it
    may hold scripts.
    """
    if not picture:
        raise SettingInvalid("logo", "Choose a picture first.")
    if len(picture) > MOST_BYTES:
        raise SettingInvalid("logo", f"A logo has {MOST_BYTES // 1000} kB at most.")
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if picture.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "webp"
    raise SettingInvalid("logo", "A logo is a PNG, JPEG or WebP picture.")
