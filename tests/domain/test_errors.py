"""What each refusal says, and what it lets a page say in other words."""

from __future__ import annotations

import pytest

from domain import errors
from tests.builders import NOW

SAID = [
    (errors.CodeUnknown, (), "This is not a code of this bar. Scan the one on the screen now."),
    (errors.CodeExpired, (), "This code is too old. Scan the one on the screen now."),
    (errors.PassMissing, (), "Scan the code on the screen with this phone first."),
    (errors.PhoneNeeded, (), "Sign in with your phone number first."),
    (
        errors.OneTimeCodeWrong,
        (2,),
        "That is not the code in the text. Tries left with this one: 2.",
    ),
    (
        errors.OneTimeCodeOver,
        (),
        "This code is over. Ask for a new one; only the newest text counts.",
    ),
    (errors.CodeUsedUp, (10, NOW), "All 10 scans of this code are taken."),
    (errors.HasOpenOrder, ("a" * 32,), "You already have an open order."),
    (errors.OrdersOfDayUsedUp, (3,), "You have had all 3 orders for today."),
    (errors.TooManyRequests, (NOW,), "That was very often. Wait a little."),
    (errors.TooManyRequests, (NOW, "Slowly."), "Slowly."),
    (errors.ShopClosed, (), "The bar is closed."),
    (errors.ShopPaused, (NOW,), "The bar is catching up with its orders."),
    (errors.ShopFull, (), "The bar is full right now."),
    (
        errors.SoldOut,
        ("Latte",),
        "Latte has just sold out. Your time still runs; choose something else.",
    ),
    (errors.AlreadyTaken, ("Kim",), "Kim was first."),
    (errors.SettingInvalid, ("name", "A name."), "A name."),
    (errors.ChangedMeanwhile, ("Kim", NOW), "Kim changed this in the meantime."),
    (errors.ChangedMeanwhile, ("", NOW), "Somebody else changed this in the meantime."),
    (
        errors.ShopIdTaken,
        ("hall-2",),
        "There is a shop called hall-2 already. Choose another address.",
    ),
    (
        errors.LinkInvalid,
        (),
        "This sign-in link was already used or is older than 15 minutes. Ask for a fresh one.",
    ),
    (
        errors.SignInRefused,
        (),
        "This e-mail and password do not open this bar. Check both, then try again.",
    ),
    (
        errors.SignInOver,
        (),
        "This sign-in took too long. Begin again with your e-mail.",
    ),
]


@pytest.mark.parametrize("kind, values, sentence", SAID)
def test_a_refusal_says_its_sentence(kind, values, sentence):
    refusal = kind(*values)
    assert refusal.sentence == str(refusal) == sentence
    filled = refusal.message % refusal.values if refusal.values else refusal.message
    assert filled == sentence


def test_each_kind_of_refusal_that_has_words_of_its_own_is_listed():
    kinds, to_visit = set(), [errors.Refusal]
    while to_visit:
        for kind in to_visit.pop().__subclasses__():
            to_visit.append(kind)
            if kind.__module__ == "domain.errors" and "__init__" in vars(kind):
                kinds.add(kind)
    assert kinds == {kind for kind, _, _ in SAID}


def test_a_refusal_keeps_what_a_page_needs():
    assert errors.OneTimeCodeWrong(2).tries_left == 2
    used_up = errors.CodeUsedUp(10, NOW)
    assert (used_up.scans, used_up.next_at) == (10, NOW)
    assert errors.HasOpenOrder("a").order_id == "a"
    assert errors.OrdersOfDayUsedUp(3).most == 3
    assert errors.TooManyRequests(NOW).retry_at == NOW
    assert errors.ShopPaused(NOW).until == NOW
    assert errors.SoldOut("Tea").name == "Tea"
    assert errors.AlreadyTaken("Kim").barista_name == "Kim"
    assert errors.SettingInvalid("name", "").field == "name"
    changed = errors.ChangedMeanwhile("Kim", NOW)
    assert (changed.who, changed.at) == ("Kim", NOW)


def test_a_sentence_without_values_may_hold_a_percent_sign():
    assert errors.NotFound("100 % gone").sentence == "100 % gone"
