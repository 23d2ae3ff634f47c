"""Who gets in: the QR code, its scans, its time, and the shop's door."""

import string
from dataclasses import replace
from datetime import datetime, timedelta, timezone

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

KEY = "the key"
SHOP = a_shop(window_seconds=300, grace_seconds=20, scans_per_code=10, capacity=20)
WINDOW = window_at(SHOP, NOW)
CODE = sign_code(SHOP, WINDOW, KEY)
A_MOMENT = timedelta(milliseconds=1)


# Windows


def test_a_window_holds_the_moment_it_was_made_for():
    assert WINDOW.opens_at <= NOW < WINDOW.closes_at
    assert WINDOW.closes_at - WINDOW.opens_at == timedelta(seconds=300)


def test_windows_begin_on_whole_five_minutes():
    assert WINDOW.opens_at == datetime(2024, 5, 17, 9, 30, tzinfo=timezone.utc)


def test_a_window_contains_its_first_moment_and_not_its_last():
    assert window_at(SHOP, WINDOW.opens_at) == WINDOW
    assert window_at(SHOP, WINDOW.closes_at - A_MOMENT) == WINDOW
    assert window_at(SHOP, WINDOW.closes_at).index == WINDOW.index + 1


def test_the_next_window_begins_when_this_one_ends():
    assert window_at(SHOP, WINDOW.closes_at).opens_at == WINDOW.closes_at


_quickly = settings(max_examples=80, deadline=None, derandomize=True, database=None)


@_quickly
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(timezone.utc)),
    st.integers(1, 86_400),
)
def test_every_moment_lies_in_its_window_and_its_code_is_read_back(now, window_seconds):
    shop = replace(SHOP, window_seconds=window_seconds)
    window = window_at(shop, now)
    assert window.opens_at <= now < window.closes_at
    assert read_code(shop, sign_code(shop, window, KEY), KEY, now) == window


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


def test_a_code_is_good_while_it_is_shown():
    for now in (WINDOW.opens_at, NOW, WINDOW.closes_at - A_MOMENT):
        assert read_code(SHOP, CODE, KEY, now) == WINDOW


def test_a_code_is_good_for_the_grace_time_after_its_window():
    end = WINDOW.closes_at + timedelta(seconds=20)
    assert read_code(SHOP, CODE, KEY, end - A_MOMENT) == WINDOW


def test_a_code_is_too_old_the_moment_its_grace_time_is_over():
    with pytest.raises(CodeExpired):
        read_code(SHOP, CODE, KEY, WINDOW.closes_at + timedelta(seconds=20))


def test_without_grace_time_a_code_ends_with_its_window():
    shop = replace(SHOP, grace_seconds=0)
    with pytest.raises(CodeExpired):
        read_code(shop, CODE, KEY, WINDOW.closes_at)


@pytest.mark.parametrize("place", range(len(CODE)))
def test_a_code_with_any_one_character_changed_is_unknown(place):
    for other in string.ascii_letters + string.digits + "-_ .%":
        if other != CODE[place]:
            with pytest.raises(CodeUnknown):
                read_code(SHOP, CODE[:place] + other + CODE[place + 1 :], KEY, NOW)


def test_a_code_cut_off_or_lengthened_is_unknown():
    for place in range(len(CODE)):
        with pytest.raises(CodeUnknown):
            read_code(SHOP, CODE[:place], KEY, NOW)
    for longer in (CODE + "A", "0" + CODE, "+" + CODE, "0x" + CODE, " " + CODE, CODE + "\n"):
        with pytest.raises(CodeUnknown):
            read_code(SHOP, longer, KEY, NOW)


def test_a_code_in_capitals_is_unknown_since_each_code_has_one_spelling():
    index, _, proof = CODE.partition("-")
    assert index != index.upper()
    with pytest.raises(CodeUnknown):
        read_code(SHOP, f"{index.upper()}-{proof}", KEY, NOW)


def test_a_code_of_another_shop_is_unknown():
    with pytest.raises(CodeUnknown):
        read_code(replace(SHOP, id="annex"), CODE, KEY, NOW)


def test_a_code_of_another_key_is_unknown():
    with pytest.raises(CodeUnknown):
        read_code(SHOP, CODE, "another key", NOW)


def test_a_code_from_before_the_window_length_changed_is_unknown():
    with pytest.raises(CodeUnknown):
        read_code(replace(SHOP, window_seconds=60), CODE, KEY, NOW)


def test_the_proof_of_one_window_does_not_open_the_next():
    proof = CODE.partition("-")[2]
    with pytest.raises(CodeUnknown):
        read_code(SHOP, f"{WINDOW.index + 1:x}-{proof}", KEY, NOW)


@pytest.mark.parametrize(
    "code",
    [
        "", "-", "--", "abc", f"-{CODE}", f"{10**400:x}-AAAAAAAAAAAA", "f" * 5000,
        f"-1-{'A' * 12}", "1_0-AAAAAAAAAAAA", "٣-AAAAAAAAAAAA", "☕-☕", "0-\x00", "\ud800-x",
        f"{WINDOW.index:x}-\ud800",
    ],
    ids=range(14),
)
def test_nonsense_is_unknown_whatever_it_is(code):
    with pytest.raises(CodeUnknown):
        read_code(SHOP, code, KEY, NOW)


@_quickly
@given(st.text(max_size=40))
def test_no_text_but_the_code_itself_is_read(text):
    with pytest.raises((CodeUnknown, CodeExpired)):
        read_code(SHOP, text, KEY, NOW)


def test_a_huge_index_is_no_accident_even_when_somebody_signed_it():
    huge = replace(WINDOW, index=10**30)
    assert read_code(SHOP, sign_code(SHOP, huge, KEY), KEY, NOW).index == 10**30


def test_a_code_says_nothing_of_the_key():
    assert KEY not in CODE
    assert sign_code(SHOP, WINDOW, KEY) == CODE != sign_code(SHOP, WINDOW, KEY + "2")


# The door


def test_an_open_shop_with_a_free_place_takes_an_order():
    assert check_intake(SHOP, 19) is None


def test_a_shop_is_full_when_its_last_place_is_taken():
    with pytest.raises(ShopFull):
        check_intake(SHOP, 20)


def test_a_closed_shop_is_closed_even_when_it_is_also_full():
    with pytest.raises(ShopClosed):
        check_intake(replace(SHOP, is_open=False), 20)
