"""Draws the workflow with the path of an order, as inline SVG that obeys the strict CSP.

scripts/generate_workflow computes where its states and edges lie. journey.css has the classes for
colours and line widths.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from markupsafe import Markup

from webapp.words import _
from workflows.graph import BOX, END, LAYOUT_FILE, START, WIDTH


@cache
def _layouts() -> Mapping:
    return json.loads(LAYOUT_FILE.read_text())


def workflow_svg(path: Sequence[str], is_over: bool, good: bool) -> Markup:
    """Returns the drawing of an order's path.

    path: the workflow states that it entered. is_over: it waits for nothing any more. good: it
    ended well.
    """
    usual, repaired = _layouts()["usual"], _layouts()["repaired"]
    layout = usual if usual["states"].keys() >= set(path) else repaired
    lit = set(pairwise(path))
    drawn = sorted(layout["edges"], key=lambda edge: (edge["source"], edge["target"]) in lit)
    parts = [_edge(edge, (edge["source"], edge["target"]) in lit) for edge in drawn]
    for name, (x, y) in layout["states"].items():
        state = "ahead"
        if name in path:
            state = "now" if name == path[-1] and not is_over else "done"
        if name == END and state == "done":
            state = "good" if good else "ended"
        parts.append(_dot(name, x, y, state) if name in (START, END) else _box(name, x, y, state))
    words = ", ".join(_words(name).lower() for name in path[1:])
    label = _("The workflow")
    if words:
        label = _("The workflow. This order's way: %(words)s.", words=words)
    return Markup(
        '<svg class="workflow" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>'
    ).format(label, WIDTH, layout["height"], Markup("").join(parts))


def _edge(edge: Mapping, is_lit: bool) -> Markup:
    light = "lit" if is_lit else "dim"
    kind = light + (" catch" if edge["is_catch"] else "")
    return Markup('<path class="{}" d="{}"/><path class="{} head" d="{}"/>').format(
        kind, edge["line"], light, edge["head"]
    )


def _dot(name: str, x: float, y: float, state: str) -> Markup:
    ring = '<circle class="ring" cx="{0:.1f}" cy="{1:.1f}" r="10"/>' if name == END else ""
    dot = f'<g class="{{2}}">{ring}<circle cx="{{0:.1f}}" cy="{{1:.1f}}" r="6"/></g>'
    return Markup(dot).format(x, y, state)


def _box(name: str, x: float, y: float, state: str) -> Markup:
    first, _, second = _words(name).partition(" ")
    width, height = BOX
    right, top = x + width / 2 - 2, y - height / 2 + 2
    badge = Markup('<circle class="badge" cx="{:.1f}" cy="{:.1f}" r="8"/>').format(right, top)
    tick = Markup('<path class="tick" d="m{:.1f} {:.1f} 2.500 2.500 5-5.500"/>')
    mark = {"done": badge + tick.format(right - 4, top), "now": badge}.get(state, "")
    text = Markup('<text x="{:.1f}" y="{:.1f}">{}</text>')
    lines = [(first, -4), (second, 13)] if second else [(first, 5)]
    return Markup(
        '<g class="{}"><rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="10"/>{}{}</g>'
    ).format(
        state,
        x - width / 2,
        y - height / 2,
        width,
        height,
        mark,
        Markup("").join(text.format(x, y + down, words) for words, down in lines),
    )


def _words(name: str) -> str:
    """Returns a workflow state's name as words: AdmitOrder becomes "Admit order"."""
    first, *rest = re.findall(r"[A-Z][a-z]*", name)
    return " ".join([first, *(word.lower() for word in rest)])
