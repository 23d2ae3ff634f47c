"""The tablet's board: which card stands where."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.orders import OrderState
from tests.builders import NOW, a_shop, an_order
from webapp.presenters.barista import barista_board


def _in_hand(order_id: str, barista: str, minute: int):
    order = an_order(OrderState.MAKING, id=order_id, number=minute, barista_id=barista)
    return replace(order, making_at=order.making_at + timedelta(minutes=minute))


@pytest.mark.parametrize(("barista", "first"), [("kim", "b"), ("ada", "a")])
def test_the_drinks_in_ones_own_hands_stand_first(barista, first):
    orders = [_in_hand("a", "ada", 1), _in_hand("b", "kim", 2), _in_hand("c", "kim", 3)]
    board = barista_board(a_shop(), orders, barista, barista.title(), NOW)
    cards = board["making"]
    assert cards[0]["id"] == first
    own = [card["is_mine"] for card in cards]
    assert own == sorted(own, reverse=True) and any(own)
