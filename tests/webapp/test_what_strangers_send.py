"""Files, pictures and texts that strangers make: refused with a sentence, whatever is in them.

Routes and their fields are walked in routes/test_hostile_requests.py and test_long_names.py.
"""

from __future__ import annotations

import json
import pkgutil
import re
import sys
import time
from importlib import import_module

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import domain
import webapp
from domain import logos
from domain.errors import SettingInvalid
from domain.recordings import RecordedEvent, Unplayable, read_envelope
from domain.settings import _TAKEN_ADDRESSES, read_shop_id
from domain.shop_file import read_shop, write_shop
from domain.shops import Shop
from scripts.commands.replay import read_recording
from tests.builders import a_png, a_shop
from webapp.presenters.metrics_csv import _csv

_fuzz = settings(max_examples=150, deadline=None, derandomize=True, database=None)


# Pictures


def a_jpeg(width: int, height: int) -> bytes:
    application = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    frame = b"\xff\xc2\x00\x11\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x03" + b"\0" * 9
    return b"\xff\xd8" + application + b"\xff\xff" + frame[1:] + b"\xff\xd9"


def a_webp(width: int, height: int, kind: bytes = b"VP8X") -> bytes:
    if kind == b"VP8X":
        rest = b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        bits = (width - 1) | (height - 1) << 14
        rest = b"\x2f" + bits.to_bytes(4, "little") + b"\0" * 8
    else:
        rest = b"\0\0\0\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"RIFF\0\0\0\0WEBP" + kind + b"\0\0\0\0" + rest + b"\0" * 20


PICTURES = [
    (a_png, "png"),
    (a_jpeg, "jpg"),
    (a_webp, "webp"),
    (lambda *size: a_webp(*size, b"VP8L"), "webp"),
    (lambda *size: a_webp(*size, b"VP8 "), "webp"),
]


@pytest.mark.parametrize(("draw", "kind"), PICTURES)
def test_a_picture_is_taken_up_to_two_thousand_pixels_each_way(draw, kind):
    assert logos.kind_of(draw(2000, 2000)) == logos.kind_of(draw(1, 300)) == kind
    for size in ((2001, 10), (10, 2001), (16_000, 16_000)):
        with pytest.raises(SettingInvalid) as refused:
            logos.kind_of(draw(*size))
        assert "2,000" in refused.value.sentence


@_fuzz
@given(
    st.sampled_from([draw(30, 30) for draw, _ in PICTURES]),
    st.integers(0, 60),
    st.binary(max_size=40),
)
def test_no_picture_is_a_fault(picture, at, odd):
    for spoiled in (picture[:at], picture[:at] + odd + picture[at:], picture[:at] + odd):
        try:
            assert logos.kind_of(spoiled) in logos.KINDS
        except SettingInvalid as refused:
            assert refused.sentence


# Files


@_fuzz
@given(
    st.integers(0, 400),
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            ['x = "', "[", "[[drinks]]\n", "\x00", "\ud800", "''' ", "=1e999\n", "{a="]
        ),
    ),
    st.integers(0, 60),
)
def test_no_settings_file_is_a_fault(at, odd, without):
    text = "format = 1\n" + write_shop(Shop("main")).partition("format = 1\n")[2]
    at = at * len(text) // 400
    try:
        assert isinstance(read_shop(Shop("main"), text[:at] + odd + text[at + without :]), Shop)
    except SettingInvalid as refused:
        assert refused.sentence


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 900 + "]" * 900,
        "x = " + "[" * 15_000,
        "x = " + "{a = " * 300 + "1" + "}" * 300,
        ".".join("a" * 7_900) + " = 1",
        "[" + ".".join("a" * 7_900) + "]",
        "x = {" + ".".join("a" * 7_900) + " = 1}",
        "x = " + "9" * 5_000,
        "x = 0x" + "f" * 5_000,
        "# " + "x" * 300_000,
    ],
    ids=lambda text: text[:8],
)
def test_a_settings_file_without_end_is_refused_with_a_sentence(text):
    with pytest.raises(SettingInvalid) as refused:
        read_shop(Shop("main"), text)
    assert len(refused.value.sentence) < 300


_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["2024-05-17T09:31:07Z", "0001-01-01T00:00:00Z", "main", "a" * 3000]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "userId",
                    "orderId",
                    "eventId",
                    "orderNumber",
                    "drinkOrder",
                    "drink",
                    "modifiers",
                    "version",
                    "at",
                    "time",
                    "Message",
                    "baristaUserId",
                    "robot",
                    "number",
                ]
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=8,
)


@_fuzz
@given(
    st.sampled_from(
        [
            "OrderManager.MakeOrder",
            "OrderManager.WaitingCompletion",
            "OrderProcessor.OrderTimeOut",
            "OrderManager.Order" + "-" * 3000 + "COMPLETED",
            "",
        ]
    ),
    _JSON,
    _JSON,
)
@example("OrderManager.MakeOrder", {"version": float("inf")}, "2024-05-17T09:31:07Z")
def test_no_envelope_of_a_recording_is_a_fault(name, detail, at):
    for envelope in ({"detail-type": name, "detail": detail, "time": at}, detail):
        try:
            assert isinstance(read_envelope(envelope), RecordedEvent)
        except Unplayable as reason:
            assert str(reason)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" + "9" * 5_000 + "]", "\ud800", "{}", ""])
def test_a_recording_that_is_none_is_one_line(tmp_path, text):
    file = tmp_path / "day.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(SystemExit) as stopped:
        read_recording(file)
    assert str(file) in str(stopped.value)


def test_a_recording_of_odd_envelopes_leaves_them_out(tmp_path):
    file = tmp_path / "day.json"
    file.write_text(json.dumps([None, [], {"detail": {}}, "x", {"detail-type": [], "detail": 1}]))
    events, left_out = read_recording(file)
    assert events == [] and left_out.total() == 5


# Texts


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
@pytest.mark.parametrize("before", ["", ";", " ", "x; ", "a,", "a\n", "a\t"])
def test_a_spreadsheet_calculates_no_text_wherever_it_ends_a_cell(sign, before):
    line = _csv(["name"], [[f"{before}{sign}1+1"]]).partition("\r\n")[2]
    for cell in re.split(r'[;,\t\r\n"]', line):
        assert not cell.strip(" ").startswith(sign)


def test_numbers_and_plain_texts_are_written_as_they_are():
    assert _csv(["a", "b", "c"], [[-1.5, "Oat-milk latte", None]]) == (
        "a,b,c\r\n-1.5,Oat-milk latte,\r\n"
    )


def _patterns() -> dict[str, re.Pattern]:
    """Every pattern of the product that stands in a module."""
    for package in (domain, webapp):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".extensions." not in module.name and not module.name.endswith("__main__"):
                import_module(module.name)
    return {
        f"{name}.{own}": value
        for name, module in list(sys.modules.items())
        if name.startswith(("domain.", "webapp."))
        for own, value in vars(module).items()
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
    }


_SEE_OWN_TEXTS_ONLY = {"webapp.line_breaks._PIECE"}
"""Templates, while they are compiled."""


_UNITS = ("=", "a=", "-", "1 ", "(1", "Aa1", "/scan/", "<", " ", "a.", "a@", ";", "\t", "_", "0-")


def _work(pattern: re.Pattern, text: str) -> float:
    """Seconds of this process's own time; the quickest of three, so that others count less."""
    spans = []
    for _ in range(3):
        begun = time.process_time()
        pattern.search(text + "\x01")
        pattern.sub("", text + "\x01")
        spans.append(time.process_time() - begun)
    return min(spans)


def test_no_pattern_takes_the_square_of_a_long_text_in_work():
    found = _patterns()
    assert len(found) > 20
    slow = [
        (name, unit)
        for name, pattern in found.items()
        if name not in _SEE_OWN_TEXTS_ONLY
        for unit in _UNITS
        if (long := _work(pattern, unit * (16_000 // len(unit)))) > 0.03
        and long > 24 * _work(pattern, unit * (2_000 // len(unit)))
    ]
    assert slow == []


# Addresses


def test_no_bar_can_be_called_what_the_bars_own_pages_are_called(in_app):
    from flask import current_app

    own = {rule.rule.split("/")[1] for rule in current_app.url_map.iter_rules()}
    own = {name for name in own if name and not name.startswith("<")} | {"developer"}
    assert own <= _TAKEN_ADDRESSES
    for name in own:
        with pytest.raises(SettingInvalid):
            read_shop_id(name)
    assert read_shop_id(a_shop().id) == "main"
