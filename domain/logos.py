"""Checks the logo of an event: a small picture of a kind that cannot hold a script."""

from __future__ import annotations

from domain.errors import SettingInvalid

MOST_BYTES = 100_000
MOST_PIXELS = 2_000
"""The limit for width and height, because a small file can unfold into a picture that is too large
for a phone's memory."""
KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def kind_of(picture: bytes) -> str:
    """Returns the file ending of the picture's kind, read from its bytes and never from its name.

    Raises SettingInvalid for any other kind, and for a picture with too many bytes or pixels. SVG
    is not allowed, because it may hold scripts.
    """
    if not picture:
        raise SettingInvalid("logo", "Choose a picture first.")
    if len(picture) > MOST_BYTES:
        raise SettingInvalid("logo", f"A logo has {MOST_BYTES // 1000} kB at most.")
    kind = _kind(picture)
    size = _SIZES[kind](picture)
    if size is None:
        raise SettingInvalid("logo", "This picture cannot be read. Save it again as a PNG.")
    if not all(1 <= length <= MOST_PIXELS for length in size):
        raise SettingInvalid(
            "logo", f"A logo is {MOST_PIXELS:,} pixels wide and high at most. Save it smaller."
        )
    return kind


def _kind(picture: bytes) -> str:
    if picture.startswith(_PNG):
        return "png"
    if picture.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "webp"
    raise SettingInvalid("logo", "A logo is a PNG, JPEG or WebP picture.")


_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The marks of a JPEG's parts that have no length, and of the parts that say how large it is."""


def _size_of_png(picture: bytes) -> tuple[int, int] | None:
    if len(picture) < 24 or picture[12:16] != b"IHDR":
        return None
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])


def _size_of_jpeg(picture: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        mark = picture[at + 1]
        if mark == 0xFF or mark in _JPEG_WITHOUT_LENGTH:
            at += 1 if mark == 0xFF else 2
            continue
        if mark in _JPEG_FRAMES:
            height, width = picture[at + 5 : at + 7], picture[at + 7 : at + 9]
            return int.from_bytes(width), int.from_bytes(height)
        at += 2 + int.from_bytes(picture[at + 2 : at + 4])
    return None


def _size_of_webp(picture: bytes) -> tuple[int, int] | None:
    kind = picture[12:16]
    if len(picture) < 30:
        return None
    if kind == b"VP8X":
        width, height = picture[24:27], picture[27:30]
        return 1 + int.from_bytes(width, "little"), 1 + int.from_bytes(height, "little")
    if kind == b"VP8L" and picture[20] == 0x2F:
        bits = int.from_bytes(picture[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and picture[23:26] == b"\x9d\x01\x2a":
        width, height = picture[26:28], picture[28:30]
        return (
            int.from_bytes(width, "little") & 0x3FFF,
            int.from_bytes(height, "little") & 0x3FFF,
        )
    return None


_SIZES = {"png": _size_of_png, "jpg": _size_of_jpeg, "webp": _size_of_webp}
