"""Templates, scripts and styles ask for an order's phase and flags, never for its state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from domain.orders import OrderState, Phase

TEMPLATES = sorted(Path("templates").rglob("*.html"))
SOURCES = sorted(
    path for kind in ("js", "css") for path in Path("webapp/static/src").rglob(f"*.{kind}")
)
DRAWINGS = {Path("templates/components/icons.html"), Path("templates/components/pictures.html")}
"""They compare names of drawings, some of which are also words for a state."""

_NAMES = "|".join(OrderState)
_SHOUTED = re.compile(rf"\b(?:{_NAMES})\b")
_QUOTED = rf"['\"`](?:{_NAMES})['\"`]"
_COMPARED = re.compile(
    # An attribute's value; beside an operator; in a `case`, a list, a set or a call that asks.
    rf"\[\s*[\w-]+\s*[~|^$*]?=\s*['\"]?(?:{_NAMES})\b|[!=]==?\s*{_QUOTED}|{_QUOTED}\s*[!=]==?"
    rf"|\bcase\s+{_QUOTED}|\[[^\[\]]*{_QUOTED}|\.(?:includes|has|get)\(\s*{_QUOTED}",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(r"[pP]hase(?:\(\))?(?: [!=]== |=)'([\w-]+)'")


def states_named(path: Path, text: str) -> list[str]:
    """Where the text of a template, script or style asks for an order's state by its name."""
    found = _SHOUTED.findall(text)
    if path.suffix != ".html":
        return found + _COMPARED.findall(text)
    if path in DRAWINGS:
        return found
    found += re.findall(rf"data-(?:state|phase)=['\"]?(?:{_NAMES})\b", text, re.IGNORECASE)
    return found + [name for name in _asked_for(text) if name.upper() in set(OrderState)]


def _asked_for(text: str) -> Iterator[str]:
    """The texts that a template compares something with, or looks something up by."""
    for compared in _parsed(text).find_all(nodes.Compare):
        yield from _texts_in(compared)
    for looked_up in _parsed(text).find_all((nodes.Getitem, nodes.Test)):
        yield from _texts_in(looked_up)
    for call in _parsed(text).find_all(nodes.Call):
        if getattr(call.node, "attr", "") == "get":
            yield from (text for argument in call.args for text in _texts_in(argument))
    for pair in _parsed(text).find_all(nodes.Pair):
        yield from _texts_in(pair.key)


def _parsed(text: str) -> nodes.Template:
    return Environment(extensions=["jinja2.ext.i18n"]).parse(text)


def _texts_in(node: nodes.Node) -> Iterator[str]:
    consts = [node] if isinstance(node, nodes.Const) else node.find_all(nodes.Const)
    return (one.value for one in consts if isinstance(one.value, str))


def phases_asked_for(path: Path, text: str) -> set[str]:
    """The phases that a template, script or style names."""
    if path.suffix != ".html":
        return set(_ASKED_FOR.findall(text))
    return {
        name
        for compared in _parsed(text).find_all(nodes.Compare)
        if "phase" in (getattr(compared.expr, "name", ""), getattr(compared.expr, "attr", ""))
        for name in _texts_in(compared)
    }


@pytest.mark.parametrize("path", TEMPLATES + SOURCES, ids=str)
def test_no_order_state_is_named_in(path):
    assert states_named(path, path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES + SOURCES, ids=str)
def test_each_phase_that_is_asked_for_is_one_in(path):
    assert phases_asked_for(path, path.read_text()) <= set(Phase)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", "{% if order.state == 'MAKING' %}{% endif %}"),
        ("page.html", "{% if state in ('making', 'ready') %}{% endif %}"),
        ("page.html", "{{ {'collected': 'a'}[order.state] }}"),
        ("page.html", "{{ words['queued'] }}"),
        ("page.html", "{{ words.get('timed_out') }}"),
        ("page.html", '<p data-state="making">'),
        ("page.js", "if (panel.dataset.state === 'making') read()"),
        ("page.js", "const ENDED = ['served', 'cancelled']"),
        ("page.js", "switch (state) { case 'queued': read() }"),
        ("page.js", "const WAITING = 'QUEUED'"),
        ("page.js", "root.querySelector('[data-state=making]')"),
        ("page.css", ".status[data-state='completed'] {}"),
        ("page.css", ".status[data-state=COMPLETED] {}"),
    ],
)
def test_a_state_that_is_named_would_be_found(name, text):
    assert states_named(Path(name), text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", "{{ icon('making') }}<section id='making'>{{ order.state }}</section>"),
        ("page.html", "{% if order.phase == 'ready' %}{% endif %}"),
        ("page.js", "const DRAWN = { make: 'making' }"),
        ("page.css", ".pill.making {}"),
    ],
)
def test_names_of_drawings_and_of_places_on_a_page_are_no_states(name, text):
    assert not states_named(Path(name), text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", "{% if order.phase in ('ready', 'steaming') %}{% endif %}"),
        ("page.js", "if (panelPhase() === 'steaming') read()"),
        ("page.css", ".panel[data-phase='steaming'] {}"),
    ],
)
def test_a_phase_that_there_is_not_would_be_found(name, text):
    assert "steaming" in phases_asked_for(Path(name), text)
