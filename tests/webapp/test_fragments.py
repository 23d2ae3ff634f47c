"""Pushed fragments: inert in every state, whatever people have written."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.menu import ChosenOption, DrinkOrder
from domain.orders import OrderState, TimeOutCause
from scripts.environment import ROOT, node_environment
from tests.builders import NOW, a_shop, an_order
from tests.fragment_rules import ATTRIBUTES, OF_SVG, OF_TAG, TAGS, broken_rules, elements
from tests.hostile_texts import XSS
from tests.services import PUBLIC_URL, SECRET_KEY
from webapp import create_app, fragments
from webapp.presenters.display import display_board
from webapp.presenters.order import order_view
from webapp.settings import Settings

PLAIN = "Latte"
LATER = NOW + timedelta(minutes=9)


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(secret_key=SECRET_KEY, public_url=PUBLIC_URL), services=object())


@pytest.fixture
def context(app):
    with app.app_context():
        yield


def a_shop_called(text: str):
    return a_shop(name=text, pickup_place=text)


def an_order_with(text: str, state: OrderState):
    order = an_order(state)
    drink = DrinkOrder("latte", text, "latte", (ChosenOption(text, text, False),))
    changes = {"drink_order": drink if order.drink_order else None}
    if order.barista_name:
        changes["barista_name"] = text
    if state is OrderState.CANCELLED:
        changes["reason"] = text
    return replace(order, **changes)


def pushed(text: str) -> dict[str, str]:
    """Every fragment that is ever pushed, in each of its states, with this text for all words."""
    shop, found = a_shop_called(text), {}
    orders = [an_order_with(text, state) for state in OrderState]
    for order in orders:
        view = order_view(shop, order, orders, LATER)
        found[f"order_status {order.state}"] = fragments.order_status(view, shop)
    for cause in TimeOutCause:
        order = replace(an_order_with(text, OrderState.TIMED_OUT), reason=cause)
        view = order_view(shop, order, [], LATER)
        found[f"order_status TIMED_OUT {cause}"] = fragments.order_status(view, shop)
    for is_open in (True, False):
        for count, board in (("none", []), ("some", orders), ("many", orders * 9)):
            view = display_board(replace(shop, is_open=is_open), board, LATER)
            found[f"display_board {is_open} {count}"] = fragments.display_board(view, shop)
    found["board_changed"] = fragments.board_changed(text, LATER)
    for state in ("open", "full", "used_up", "closed"):
        for scans in (10, 20, 1000):
            found[f"code_count {state} {scans}"] = fragments.code_count(a_code(state, scans), shop)
    return found


def a_code(state: str, scans: int) -> dict:
    return {
        "state": state,
        "window": "5719898",
        "scans": scans,
        "left": 0 if state == "used_up" else 3,
        "next_ms": 1_715_938_500_000,
        "next_clock": "09:35",
        "at_ms": 1_715_938_267_000,
        "version": 0,
    }


def _printable(text: str) -> str:
    """As all that people write is stored."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or "x"


def _shape(html: str) -> list[str]:
    return [element.tag for element in elements(html)]


def _words(html: str) -> str:
    """All that can be read in a fragment, or is said by it."""
    found = elements(html)
    texts = [text for one in found for text in (one.text, one.tail, *one.attrib.values()) if text]
    return " ".join(" ".join(texts).lower().split())


@pytest.mark.parametrize("text", [PLAIN, *XSS])
def test_a_fragment_holds_nothing_but_what_can_be_looked_at(context, text):
    plain = pushed(PLAIN)
    for name, html in pushed(_printable(text)).items():
        assert broken_rules(html) == [], name
        # Whatever was written, it has made no element and taken none away.
        assert _shape(html) == _shape(plain[name]), name


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (OrderState.QUEUED, True),
        (OrderState.MAKING, True),
        (OrderState.COMPLETED, True),
        (OrderState.COLLECTED, False),
        (OrderState.CANCELLED, False),
    ],
)
def test_a_signal_says_how_its_order_stands_so_that_the_tapping_tablet_need_not_read(
    context, state, stands
):
    order = an_order_with(PLAIN, state)
    told = f'data-order="{order.number} {order.version if stands else "left"}"'
    shop = a_shop()
    board = display_board(shop, [], LATER)
    assert told in fragments.display_board(board, shop, order)
    assert "data-order" not in fragments.display_board(board, shop)


def _lists_of_the_browser() -> tuple[list[str], str]:
    """The tags, and the pattern of attributes, that the screens' script lets through."""
    script = """
        import { ATTRIBUTES, TAGS } from './webapp/static/src/js/inert.js'
        console.log(JSON.stringify([[...TAGS], ATTRIBUTES.source]))
    """
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(
        command, cwd=ROOT, env=node_environment(), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_browsers_list_of_what_is_inert_is_this_one():
    tags, pattern = _lists_of_the_browser()
    attributes = re.compile(pattern)
    assert set(tags) == {tag.rpartition("}")[2] for tag in TAGS}
    for name in ATTRIBUTES | OF_SVG | OF_TAG["progress"]:
        assert attributes.match(name), name
    for name in (
        "onclick",
        "hx-get",
        "data-hx-get",
        "sse-swap",
        "style",
        "src",
        "href",
        "name",
        "data-url",
        "data-read",
        "action",
        "formaction",
        "xlink:href",
    ):
        assert not attributes.match(name), name


def test_what_was_written_can_be_read(context):
    for text in map(_printable, XSS):
        words = " ".join(text.lower().split())
        for name in ("order_status MAKING", "display_board True some", "board_changed"):
            assert words in _words(pushed(text)[name]), (name, text)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=60).map(_printable))
def test_no_text_at_all_makes_a_fragment_act(context, text):
    plain = pushed(PLAIN)
    for name, html in pushed(text).items():
        assert broken_rules(html) == [], name
        assert _shape(html) == _shape(plain[name]), name


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        "<p onclick='x()'>",
        "<div>not closed",
        "<a href='/main/'>x</a>",
        "<button>x</button>",
        "<form action='/x'></form>",
        "<p hx-get='/x'></p>",
        "<p data-hx-get='/x'></p>",
        "<img src='x'>",
        "<p style='color:red'>x</p>",
        "<!-- x -->",
        "<svg><use href='//evil.example#x'/></svg>",
        "<svg><path fill='url(//evil.example)'/></svg>",
        "<svg><a href='#x'/></svg>",
        "<svg><path onload='x()'/></svg>",
        "<iframe></iframe>",
        "<input name='x'>",
        "<p sse-swap='x'></p>",
        "<p class=x y>z</p",
    ],
)
def test_what_acts_or_leads_away_is_found(html):
    assert broken_rules(html)


def test_a_paused_bar_does_not_tell_people_that_they_could_be_first(context):
    shop = a_shop(is_open=True)
    told = {}
    for until in (None, LATER):
        view = display_board(replace(shop, paused_until=until), [], LATER)
        told[until] = fragments.display_board(view, shop)
    assert "Your order could be first." in told[None]
    assert "Your order could be first." not in told[LATER]
