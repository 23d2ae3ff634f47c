"""Each state of an order has its words and its drawing."""

from __future__ import annotations

import re

import pytest

from domain.orders import OrderState, Phase
from tests.builders import a_shop, an_order
from webapp.presenters.order_looks import picture_of, short_word, texts_of, tv_word


@pytest.fixture(autouse=True)
def _in_app(in_app):
    """Words are said in the language of the request."""


@pytest.mark.parametrize("state", OrderState)
def test_each_state_has_a_word_for_the_list_and_a_headline_for_the_phone(state):
    order = an_order(state)
    headline, _, _ = texts_of(a_shop(), order, 1)
    assert headline
    assert short_word(order)


@pytest.mark.parametrize("state", OrderState)
def test_each_state_that_the_tv_lists_as_being_prepared_has_a_word_there(state):
    order = an_order(state)
    if order.phase in (Phase.WAITING, Phase.IN_HAND):
        assert re.fullmatch(r"[A-Z][a-z ]+", tv_word(order))


@pytest.mark.parametrize("state", OrderState)
def test_each_state_that_an_order_ends_in_has_a_drawing(state):
    order = an_order(state)
    if order.phase in (Phase.SERVED, Phase.OVER):
        assert picture_of(order)
