"""The drawing of the workflow lies where the definition says, and lights the way of an order."""

from __future__ import annotations

import json
import re

import pytest

from scripts.workflow_layout import layout_text
from webapp.drawings.workflow import workflow_svg
from webapp.words import in_locale
from workflows.graph import END, LAYOUT_FILE, START, edges, repair_states, usual_states
from workflows.order_workflow import TableNames, order_definition

DEFINITION = order_definition(TableNames.with_prefix("serverlesspresso-"))
LAYOUTS = json.loads(LAYOUT_FILE.read_text())
MADE = [START, "AdmitOrder", "AwaitBarista", END]
REPAIRED = [START, "AdmitOrder", "AwaitBarista", "ReadOrder", "FindPlace", "Finished", END]


@pytest.fixture(autouse=True)
def in_english():
    with in_locale("en"):
        yield


def test_the_committed_layout_is_that_of_the_definition():
    assert LAYOUT_FILE.read_text() == layout_text(DEFINITION), "run scripts/generate_workflow"


@pytest.mark.parametrize(
    "kind, states",
    [
        ("usual", usual_states(DEFINITION)),
        ("repaired", [*usual_states(DEFINITION), *repair_states(DEFINITION)]),
    ],
)
def test_a_layout_has_each_state_and_edge_once(kind, states):
    layout = LAYOUTS[kind]
    assert set(layout["states"]) == {START, END, *states}
    told = {(edge["source"], edge["target"], edge["is_catch"]) for edge in layout["edges"]}
    assert told == {(e.source, e.target, e.is_catch) for e in edges(DEFINITION, states)}
    assert len(told) == len(layout["edges"])


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_no_two_states_of_a_layout_touch(kind):
    places = list(LAYOUTS[kind]["states"].values())
    for number, (x, y) in enumerate(places):
        assert all(abs(x - a) >= 60 or abs(y - b) >= 46 for a, b in places[:number])


def test_the_drawing_holds_no_style_no_script_and_stays_on_a_phone():
    svg = str(workflow_svg(MADE[:3], False, False))
    assert "style" not in svg and "<script" not in svg and "on" + "load" not in svg
    assert 'viewBox="0 0 356 ' in svg
    for x in re.findall(r'<rect x="([-\d.]+)"', svg):
        assert 0 <= float(x) <= 356 - 98


def test_the_way_of_the_order_is_lit_and_said():
    svg = str(workflow_svg(MADE, True, True))
    assert svg.count('class="lit"') + svg.count('class="lit catch"') == len(MADE) - 1
    assert "way: admit order, await barista, end." in svg
    assert 'class="good"' in svg and 'class="now"' not in svg


def test_where_an_order_stands_is_marked_as_long_as_it_is_not_over():
    assert str(workflow_svg(MADE[:3], False, False)).count('class="now"') == 1
    assert str(workflow_svg(MADE[:3], True, False)).count('class="now"') == 0


def test_an_end_that_is_not_good_is_drawn_so():
    svg = str(workflow_svg([START, "AdmitOrder", "Finished", END], True, False))
    assert 'class="ended"' in svg and 'class="good"' not in svg


def test_the_states_of_a_repair_are_drawn_when_the_order_went_there():
    assert "Find" in str(workflow_svg(REPAIRED, True, False))
    assert "Find" not in str(workflow_svg(MADE, True, False))
