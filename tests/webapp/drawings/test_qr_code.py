"""A QR code is drawn with whole pixels and a quiet zone, and what it says can be read."""

from __future__ import annotations

import re

import pytest
import qrcode

from webapp.drawings.qr_code import qr_svg

LINK = "https://bar.example/main/?code=" + "a" * 24


def _dark(svg: str) -> set[tuple[int, int]]:
    path = re.search(r'fill="#000" d="([^"]*)"', svg)[1]
    return {
        (x, int(y))
        for left, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", path)
        for x in range(int(left), int(left) + int(length))
    }


def test_the_drawing_has_the_codes_modules_within_a_quiet_zone():
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
    code.add_data(LINK)
    code.make(fit=True)
    wanted = {
        (x, y)
        for y, row in enumerate(code.get_matrix())
        for x, is_dark in enumerate(row)
        if is_dark
    }
    assert _dark(qr_svg(LINK)) == wanted


@pytest.mark.parametrize("side", [200, 560, 1000])
def test_each_module_is_a_whole_number_of_pixels_and_all_fit(side):
    svg = qr_svg(LINK, side)
    width, modules = (int(re.search(one, svg)[1]) for one in (r'width="(\d+)"', r"0 0 (\d+) "))
    assert width % modules == 0 and side - modules < width <= side


def test_a_label_is_said_and_escaped():
    assert 'aria-label="a &lt; b"' in qr_svg(LINK, label="a < b")
