"""The codes that a TV has in hand before their time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.admission import coming_codes, read_code, sign_code, window_at
from domain.errors import CodeUnknown
from tests.builders import NOW, a_shop

KEYS = ("a key",)


def test_each_coming_code_is_the_one_that_will_be_shown_when_the_one_before_is_over():
    shop = a_shop()
    shown = sign_code(shop, NOW, KEYS)
    for coming in coming_codes(shop, NOW, KEYS, 2):
        assert coming == sign_code(shop, shown.shown_until, KEYS)
        shown = coming


def test_no_code_of_another_window_is_in_hand():
    shop = a_shop()
    window = window_at(shop, NOW)
    just_before = window.closes_at - timedelta(seconds=1)
    assert coming_codes(shop, just_before, KEYS, 5) == []
    assert len(coming_codes(shop, window.opens_at, KEYS, 5)) == 5


def test_a_code_opens_nothing_before_the_turn_before_its_own():
    shop = a_shop()
    turn = timedelta(seconds=shop.code_seconds)
    begins = window_at(shop, NOW).opens_at + 5 * turn
    code = sign_code(shop, begins, KEYS).text
    with pytest.raises(CodeUnknown):
        read_code(shop, code, KEYS, begins - turn - timedelta(milliseconds=1))
    assert read_code(shop, code, KEYS, begins - turn) == window_at(shop, NOW)
