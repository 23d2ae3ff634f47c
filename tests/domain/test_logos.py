"""A logo is told from its first bytes."""

from __future__ import annotations

import pytest

from domain.errors import SettingInvalid
from domain.logos import KINDS, MOST_BYTES, kind_of
from tests.builders import a_png

PNG = a_png(300, 100)
JPEG = b"\xff\xd8\xff\xc0\0\x0b\x08\0\x64\x01\x2c\0\0"
WEBP = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x2c\x01\x64\0"


@pytest.mark.parametrize("picture, kind", [(PNG, "png"), (JPEG, "jpg"), (WEBP, "webp")])
def test_the_kind_is_told_and_has_a_media_type(picture, kind):
    assert kind_of(picture) == kind
    assert KINDS[kind].startswith("image/")


@pytest.mark.parametrize(
    "other",
    [b"<svg/>", b"GIF89a", PNG[1:], b"\xff\xd8", b"RIFF....AVI ", b"riff....WEBP", b"x" + WEBP],
)
def test_anything_else_is_refused(other):
    with pytest.raises(
        SettingInvalid, match=r"^A logo is a PNG, JPEG or WebP picture\.$"
    ) as refused:
        kind_of(other)
    assert refused.value.field == "logo"


def test_nothing_and_too_much_are_refused_in_their_own_words():
    assert kind_of(PNG.ljust(MOST_BYTES, b"x")) == "png"
    for picture, words in (
        (PNG.ljust(MOST_BYTES + 1, b"x"), r"^A logo has 100 kB at most\.$"),
        (b"", r"^Choose a picture first\.$"),
    ):
        with pytest.raises(SettingInvalid, match=words) as refused:
            kind_of(picture)
        assert refused.value.field == "logo"
