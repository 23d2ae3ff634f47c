"""Draws the workflow with the way an order took, as inline SVG that obeys the strict CSP.

A small layered layout (longest path, dummies on long edges, barycentres, ports): the graph has
ten states, and the drawing must fit a phone. Colours and weights are classes of journey.css.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from markupsafe import Markup

from webapp.words import _
from workflows.graph import END, START, Edge, edges, path_taken, usual_states
from workflows.order_workflow import TableNames, order_definition

__all__ = ["path_taken", "workflow_svg"]

_WIDTH = 356
_BOX, _DOT, _LANE = (98, 46), (22, 22), (12, 46)
_GAP, _LEVEL = 8, 40
_PORT = 13
_SWEEPS = 6


@cache
def _definition() -> dict:
    # Only names and edges are drawn, so any tables and deadlines will do.
    return order_definition(TableNames.with_prefix(""))


@dataclass
class _Node:
    name: str
    level: int
    size: tuple[int, int]
    x: float = 0
    y: float = 0
    above: list[_Node] = field(default_factory=list)
    below: list[_Node] = field(default_factory=list)


def workflow_svg(path: Sequence[str], is_over: bool, good: bool) -> Markup:
    """The drawing. path: the states entered; is_over: nothing is awaited; good: it ended well."""
    definition = _definition()
    usual = usual_states(definition)
    shown = [name for name in definition["States"] if name in {*usual, *path}]
    nodes, routes = _laid_out(edges(definition, shown))
    lit = set(pairwise(path))
    drawn = sorted(routes, key=lambda edge: (edge.source, edge.target) in lit)
    height = max(node.y for node in nodes.values()) + _DOT[1] / 2 + 2
    parts = [_edge(edge, routes[edge], (edge.source, edge.target) in lit) for edge in drawn]
    for node in nodes.values():
        state = "ahead"
        if node.name in path:
            state = "now" if node.name == path[-1] and not is_over else "done"
        if node.name == END and state == "done":
            state = "good" if good else "ended"
        parts.append(_node(node, state))
    words = ", ".join(_words(name).lower() for name in path[1:])
    label = _("The workflow")
    if words:
        label = _("The workflow. This order's way: %(words)s.", words=words)
    return Markup(
        '<svg class="workflow" role="img" aria-label="{}" viewBox="0 0 {} {:.0f}">{}</svg>'
    ).format(label, _WIDTH, height, Markup("").join(parts))


def _laid_out(found: list[Edge]) -> tuple[dict[str, _Node], dict[Edge, list[tuple[float, float]]]]:
    levels = _levels(found)
    nodes = {
        name: _Node(name, level, _DOT if name in (START, END) else _BOX)
        for name, level in levels.items()
    }
    chains, rows = {}, defaultdict(list)
    for node in nodes.values():
        rows[node.level].append(node)
    for edge in found:
        source, target = nodes[edge.source], nodes[edge.target]
        lanes = [_Node("", level, _LANE) for level in range(source.level + 1, target.level)]
        for lane in lanes:
            rows[lane.level].append(lane)
        chains[edge] = [source, *lanes, target]
        for upper, lower in pairwise(chains[edge]):
            upper.below.append(lower)
            lower.above.append(upper)
    ordered = [rows[level] for level in sorted(rows)]
    _order_and_place(ordered)
    return nodes, _routes(chains)


def _levels(found: list[Edge]) -> dict[str, int]:
    """Each state under all that lead to it; an edge back to an earlier state does not count."""
    forward = _without_loops(found)
    levels = {name: 0 for edge in found for name in (edge.source, edge.target)}
    for _round in levels:
        for edge in forward:
            levels[edge.target] = max(levels[edge.target], levels[edge.source] + 1)
    return levels


def _without_loops(found: list[Edge]) -> list[Edge]:
    after = defaultdict(list)
    for edge in found:
        after[edge.source].append(edge)
    kept, open_states, closed = [], set(), set()

    def visit(name: str) -> None:
        open_states.add(name)
        for edge in after[name]:
            if edge.target in open_states:
                continue
            kept.append(edge)
            if edge.target not in closed:
                visit(edge.target)
        open_states.discard(name)
        closed.add(name)

    visit(START)
    return kept


def _order_and_place(rows: list[list[_Node]]) -> None:
    for row in rows:
        _spread(row)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        for row in rows if downwards else reversed(rows):
            for node in row:
                near = node.above if downwards else node.below
                if near:
                    node.x = sum(other.x for other in near) / len(near)
            row.sort(key=lambda node: node.x)
            _spread(row)
    y = _DOT[1] / 2 + 2
    for level, row in enumerate(rows):
        for node in row:
            node.y = y
        if level + 1 < len(rows):
            y += (
                max(n.size[1] for n in row) / 2
                + _LEVEL
                + max(n.size[1] for n in rows[level + 1]) / 2
            )


def _spread(row: list[_Node]) -> None:
    """Keeps each node near where it is without touching its neighbours or leaving the drawing."""
    edge = 0.0
    for node in row:
        node.x = max(node.x, edge + node.size[0] / 2)
        edge = node.x + node.size[0] / 2 + _GAP
    edge = float(_WIDTH)
    for node in reversed(row):
        node.x = min(node.x, edge - node.size[0] / 2)
        edge = node.x - node.size[0] / 2 - _GAP


def _routes(chains: dict[Edge, list[_Node]]) -> dict[Edge, list[tuple[float, float]]]:
    leaving, arriving = defaultdict(list), defaultdict(list)
    for edge in chains:
        leaving[edge.source].append(edge)
        arriving[edge.target].append(edge)
    points = {edge: [(node.x, node.y) for node in chain] for edge, chain in chains.items()}
    for edge, chain in chains.items():
        first, last = chain[0], chain[-1]
        out = sorted(leaving[edge.source], key=lambda one: chains[one][1].x)
        come = sorted(arriving[edge.target], key=lambda one: chains[one][-2].x)
        points[edge][0] = (_port(first, out.index(edge), len(out)), first.y + first.size[1] / 2)
        points[edge][-1] = (_port(last, come.index(edge), len(come)), last.y - last.size[1] / 2)
    return points


def _port(node: _Node, place: int, count: int) -> float:
    apart = min(_PORT, (node.size[0] - 10) / max(count - 1, 1))
    return node.x + (place - (count - 1) / 2) * apart


def _edge(edge: Edge, points: list[tuple[float, float]], is_lit: bool) -> Markup:
    (x, y), *rest = points
    line = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        line.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    kind = ("lit" if is_lit else "dim") + (" catch" if edge.is_catch else "")
    return Markup('<path class="{}" d="{}"/><path class="{} head" d="{}"/>').format(
        kind, "".join(line), "lit" if is_lit else "dim", f"M{x - 5:.1f} {y - 7:.1f}h10l-5 7z"
    )


def _node(node: _Node, state: str) -> Markup:
    if node.size == _DOT:
        ring = '<circle class="ring" cx="{0:.1f}" cy="{1:.1f}" r="10"/>' if node.name == END else ""
        dot = f'<g class="{{2}}">{ring}<circle cx="{{0:.1f}}" cy="{{1:.1f}}" r="6"/></g>'
        return Markup(dot).format(node.x, node.y, state)
    first, _, second = _words(node.name).partition(" ")
    width, height = node.size
    x, y = node.x + width / 2 - 2, node.y - height / 2 + 2
    badge = Markup('<circle class="badge" cx="{:.1f}" cy="{:.1f}" r="8"/>').format(x, y)
    tick = Markup('<path class="tick" d="m{:.1f} {:.1f} 2.500 2.500 5-5.500"/>').format(x - 4, y)
    mark = {"done": badge + tick, "now": badge}.get(state, "")
    text = Markup('<text x="{:.1f}" y="{:.1f}">{}</text>')
    lines = [(first, -4), (second, 13)] if second else [(first, 5)]
    return Markup(
        '<g class="{}"><rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="10"/>{}{}</g>'
    ).format(
        state,
        node.x - width / 2,
        node.y - height / 2,
        width,
        height,
        mark,
        Markup("").join(text.format(node.x, node.y + down, words) for words, down in lines),
    )


def _words(name: str) -> str:
    """AdmitOrder as "Admit order"."""
    first, *rest = re.findall(r"[A-Z][a-z]*", name)
    return " ".join([first, *(word.lower() for word in rest)])
