"""Who gets in: the QR code, its scans, its time, and the shop's door."""

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.admission import (
    check_intake,
    new_bucket,
    read_code,
    sign_code,
    window_at,
)
from domain.errors import CodeExpired, CodeUnknown, CodeUsedUp, ShopClosed, ShopFull
from tests.builders import NOW, a_shop

KEYS = ("the key",)
SHOP = a_shop(window_seconds=300, code_seconds=10, scans_per_code=10, capacity=20)
WINDOW = window_at(SHOP, NOW)
QR_CODE = sign_code(SHOP, NOW, KEYS)
CODE = QR_CODE.text
A_MOMENT = timedelta(milliseconds=1)


# Windows


def test_a_window_holds_the_moment_it_was_made_for():
    assert WINDOW.opens_at <= NOW < WINDOW.closes_at
    assert WINDOW.closes_at - WINDOW.opens_at == timedelta(seconds=300)


def test_windows_begin_on_whole_five_minutes():
    assert WINDOW.opens_at == datetime(2024, 5, 17, 9, 30, tzinfo=UTC)


def test_a_window_contains_its_first_moment_and_not_its_last():
    assert window_at(SHOP, WINDOW.opens_at) == WINDOW
    assert window_at(SHOP, WINDOW.closes_at - A_MOMENT) == WINDOW
    assert window_at(SHOP, WINDOW.closes_at).index == WINDOW.index + 1


def test_the_next_window_begins_when_this_one_ends():
    assert window_at(SHOP, WINDOW.closes_at).opens_at == WINDOW.closes_at


_quickly = settings(max_examples=80, deadline=None, derandomize=True, database=None)


@_quickly
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 86_400),
)
def test_every_moment_lies_in_its_window_and_its_code_is_read_back(now, window_seconds):
    shop = replace(SHOP, window_seconds=window_seconds)
    window = window_at(shop, now)
    assert window.opens_at <= now < window.closes_at
    assert read_code(shop, sign_code(shop, now, KEYS).text, KEYS, now) == window


# Token bucket


def test_a_new_bucket_holds_all_scans_of_its_window():
    bucket = new_bucket(SHOP, WINDOW)
    assert (bucket.shop_id, bucket.window) == ("main", WINDOW.index)
    assert (bucket.scans, bucket.taken, bucket.left) == (10, 0, 10)
    assert (bucket.opens_at, bucket.closes_at) == (WINDOW.opens_at, WINDOW.closes_at)


def test_ten_scans_are_let_in_and_the_eleventh_is_not():
    bucket = new_bucket(SHOP, WINDOW)
    for left in range(9, -1, -1):
        bucket = bucket.take()
        assert bucket.left == left
    with pytest.raises(CodeUsedUp) as refused:
        bucket.take()
    assert (refused.value.scans, refused.value.next_at) == (10, WINDOW.closes_at)
    assert refused.value.sentence == "All 10 scans of this code are taken."


def test_a_scan_given_back_can_be_taken_again():
    used_up = replace(new_bucket(SHOP, WINDOW), taken=10)
    assert used_up.give_back().take().left == 0


def test_a_bucket_never_holds_more_than_its_scans():
    assert new_bucket(SHOP, WINDOW).give_back() == new_bucket(SHOP, WINDOW)


@_quickly
@given(st.integers(1, 5), st.lists(st.sampled_from(["take", "give back"]), max_size=30))
def test_a_bucket_counts_like_a_purse(scans, moves):
    bucket, purse = new_bucket(replace(SHOP, scans_per_code=scans), WINDOW), scans
    for move in moves:
        if move == "give back":
            bucket, purse = bucket.give_back(), min(purse + 1, scans)
        elif purse:
            bucket, purse = bucket.take(), purse - 1
        else:
            with pytest.raises(CodeUsedUp):
                bucket.take()
        assert bucket.left == purse


# Reading a code


SHOWN_FROM = datetime(2024, 5, 17, 9, 31, 0, tzinfo=UTC)
"""NOW is seven seconds into this turn."""


def test_a_code_is_shown_for_ten_seconds_and_good_for_ten_more():
    assert QR_CODE.shown_until == SHOWN_FROM + timedelta(seconds=10)
    assert QR_CODE.good_until == SHOWN_FROM + timedelta(seconds=20)


def test_a_code_is_the_same_for_all_displays_and_another_one_in_the_next_turn():
    assert sign_code(SHOP, SHOWN_FROM, KEYS) == QR_CODE
    assert sign_code(SHOP, QR_CODE.shown_until - A_MOMENT, KEYS) == QR_CODE
    assert sign_code(SHOP, QR_CODE.shown_until, KEYS).text != CODE


def test_a_code_is_good_while_it_is_shown_and_one_turn_longer():
    for now in (SHOWN_FROM, NOW, QR_CODE.shown_until, QR_CODE.good_until - A_MOMENT):
        assert read_code(SHOP, CODE, KEYS, now) == WINDOW


@pytest.mark.parametrize("seconds", range(61))
def test_a_photo_of_a_code_is_dead_after_twenty_seconds_at_most(seconds):
    now = SHOWN_FROM + timedelta(seconds=seconds)
    if seconds < 20:
        assert read_code(SHOP, CODE, KEYS, now) == WINDOW
    else:
        with pytest.raises(CodeExpired):
            read_code(SHOP, CODE, KEYS, now)


def test_the_last_code_of_a_window_is_still_good_when_the_next_window_has_begun():
    last = sign_code(SHOP, WINDOW.closes_at - A_MOMENT, KEYS)
    end = WINDOW.closes_at + timedelta(seconds=10)
    assert (last.shown_until, last.good_until) == (WINDOW.closes_at, end)
    assert read_code(SHOP, last.text, KEYS, end - A_MOMENT) == WINDOW
    with pytest.raises(CodeExpired):
        read_code(SHOP, last.text, KEYS, end)


def test_a_turn_that_does_not_fit_into_its_window_ends_with_it():
    shop = replace(SHOP, code_seconds=7)
    last = sign_code(shop, WINDOW.closes_at - A_MOMENT, KEYS)
    assert last.shown_until == WINDOW.closes_at


def test_a_code_signed_with_a_key_that_was_replaced_a_moment_ago_is_still_read():
    assert read_code(SHOP, CODE, ("the new key", *KEYS), NOW) == WINDOW


@pytest.mark.parametrize("place", range(len(CODE)))
def test_a_code_with_any_one_character_changed_is_unknown(place):
    for other in string.ascii_letters + string.digits + "-_ .%":
        if other != CODE[place]:
            with pytest.raises(CodeUnknown):
                read_code(SHOP, CODE[:place] + other + CODE[place + 1 :], KEYS, NOW)


def test_a_code_cut_off_or_lengthened_is_unknown():
    for place in range(len(CODE)):
        with pytest.raises(CodeUnknown):
            read_code(SHOP, CODE[:place], KEYS, NOW)
    for longer in (CODE + "A", "0" + CODE, "+" + CODE, "0x" + CODE, " " + CODE, CODE + "\n"):
        with pytest.raises(CodeUnknown):
            read_code(SHOP, longer, KEYS, NOW)


def test_a_code_in_capitals_is_unknown_since_each_code_has_one_spelling():
    index, turn, proof = CODE.split("-", 2)
    assert index != index.upper()
    with pytest.raises(CodeUnknown):
        read_code(SHOP, f"{index.upper()}-{turn}-{proof}", KEYS, NOW)
    for other in (f"0{index}-{turn}-{proof}", f"{index}-0{turn}-{proof}"):
        with pytest.raises(CodeUnknown):
            read_code(SHOP, other, KEYS, NOW)


def test_a_code_of_another_shop_is_unknown():
    with pytest.raises(CodeUnknown):
        read_code(replace(SHOP, id="annex"), CODE, KEYS, NOW)


def test_a_code_of_another_key_is_unknown():
    with pytest.raises(CodeUnknown):
        read_code(SHOP, CODE, ("another key",), NOW)


def test_a_code_from_before_the_rhythm_changed_is_unknown():
    with pytest.raises(CodeUnknown):
        read_code(replace(SHOP, window_seconds=60), CODE, KEYS, NOW)
    with pytest.raises(CodeUnknown):
        read_code(replace(SHOP, code_seconds=60), CODE, KEYS, NOW)


def test_the_proof_of_one_turn_does_not_open_the_next():
    index, turn, proof = CODE.split("-", 2)
    for forged in (
        f"{WINDOW.index + 1:x}-{turn}-{proof}",
        f"{index}-{int(turn, 16) + 1:x}-{proof}",
    ):
        with pytest.raises(CodeUnknown):
            read_code(SHOP, forged, KEYS, NOW)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "-",
        "--",
        "abc",
        f"-{CODE}",
        f"{10**400:x}-1-{'A' * 22}",
        "f" * 5000,
        f"-1-{'A' * 22}",
        f"1_0-1-{'A' * 22}",
        f"٣-1-{'A' * 22}",
        f"1--{'A' * 22}",
        "☕-☕",
        "0-\x00",
        "\ud800-x",
        f"{WINDOW.index:x}-1-\ud800",
    ],
    ids=range(15),
)
def test_nonsense_is_unknown_whatever_it_is(code):
    with pytest.raises(CodeUnknown):
        read_code(SHOP, code, KEYS, NOW)


@_quickly
@given(st.text(max_size=40))
def test_no_text_but_the_code_itself_is_read(text):
    with pytest.raises((CodeUnknown, CodeExpired)):
        read_code(SHOP, text, KEYS, NOW)


def test_a_huge_number_is_no_accident():
    for code in (f"{'f' * 32}-0-{'A' * 22}", f"0-{'f' * 8}-{'A' * 22}"):
        with pytest.raises(CodeUnknown):
            read_code(SHOP, code, KEYS, NOW)


def test_a_code_says_nothing_of_the_key():
    assert KEYS[0] not in CODE
    assert sign_code(SHOP, NOW, ("the key2",)).text != CODE


# The door


def test_an_open_shop_with_a_free_place_takes_an_order():
    assert check_intake(SHOP, 19) is None


def test_a_shop_is_full_when_its_last_place_is_taken():
    with pytest.raises(ShopFull):
        check_intake(SHOP, 20)


def test_a_closed_shop_is_closed_even_when_it_is_also_full():
    with pytest.raises(ShopClosed):
        check_intake(replace(SHOP, is_open=False), 20)
