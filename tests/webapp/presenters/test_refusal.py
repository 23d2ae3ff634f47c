"""What a phone reads when it is turned down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import (
    CodeExpired,
    CodeUnknown,
    CodeUsedUp,
    HasOpenOrder,
    OneTimeCodeOver,
    OrdersOfDayUsedUp,
    PassMissing,
    ShopClosed,
    ShopFull,
    ShopPaused,
    SoldOut,
    TooManyRequests,
)
from tests.builders import NOW, a_shop
from webapp.presenters.refusal import refusal_view

SOON = NOW + timedelta(minutes=4)


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        (CodeUsedUp(10, SOON), "used_up"),
        (CodeUsedUp(10, NOW), "used_up"),
        (CodeExpired(), "expired"),
        (PassMissing(), "expired"),
        (OrdersOfDayUsedUp(1), "used_up"),
        (OneTimeCodeOver(), "expired"),
        (TooManyRequests(SOON, "Slowly."), "full"),
        (CodeUnknown(), "unknown"),
        (ShopClosed(), "closed"),
        (ShopPaused(SOON), "full"),
        (ShopFull(), "full"),
        (HasOpenOrder("0" * 32), "open_order"),
        (SoldOut("Latte"), "unknown"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else one,
)
def test_each_refusal_shows_the_picture_of_its_kind(in_app, refused, kind):
    view = refusal_view(a_shop(), refused, NOW)
    assert view["kind"] == kind
    assert view["title"]


def test_a_code_for_a_single_drink_says_so(in_app):
    why = refusal_view(a_shop(), CodeUsedUp(1, SOON), NOW)["why"]
    assert "good for one drink," in why and "1" not in why
    assert "good for 10 drinks," in refusal_view(a_shop(), CodeUsedUp(10, SOON), NOW)["why"]
