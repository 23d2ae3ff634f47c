"""Computes the layout of the workflow once, for the drawing of an order's journey.

This is a small layered layout (longest path, dummies on long edges, barycentres, ports): the graph
has some ten states, and the drawing must fit a phone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from workflows.graph import BOX, DOT, END, START, WIDTH, Edge, edges, repair_states, usual_states

_LANE = (12, 46)
_GAP, _LEVEL = 8, 40
_PORT = 13
_SWEEPS = 6


@dataclass
class _Node:
    name: str
    level: int
    size: tuple[int, int]
    x: float = 0
    y: float = 0
    above: list[_Node] = field(default_factory=list)
    below: list[_Node] = field(default_factory=list)


def layout_text(definition: Mapping) -> str:
    """Returns two layouts of a definition as JSON.

    `usual` has the usual states; `repaired` also has the states of a repair.
    """
    usual = usual_states(definition)
    layouts = {
        "usual": _layout(definition, usual),
        "repaired": _layout(definition, [*usual, *repair_states(definition)]),
    }
    return json.dumps(layouts, indent=1) + "\n"


def _layout(definition: Mapping, shown: list[str]) -> dict:
    nodes, routes = _laid_out(edges(definition, shown))
    return {
        "height": round(max(node.y for node in nodes.values()) + DOT[1] / 2 + 2),
        "states": {node.name: [round(node.x, 3), round(node.y, 3)] for node in nodes.values()},
        "edges": [
            {
                "source": edge.source,
                "target": edge.target,
                "is_catch": edge.is_catch,
                "line": _line(points),
                "head": f"M{points[-1][0] - 5:.1f} {points[-1][1] - 7:.1f}h10l-5 7z",
            }
            for edge, points in routes.items()
        ],
    }


def _line(points: list[tuple[float, float]]) -> str:
    line = ["M{:.1f} {:.1f}".format(*points[0])]
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (y + to_y) / 2
        line.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(line)


def _laid_out(found: list[Edge]) -> tuple[dict[str, _Node], dict[Edge, list[tuple[float, float]]]]:
    levels = _levels(found)
    nodes = {
        name: _Node(name, level, DOT if name in (START, END) else BOX)
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
    """Places each state below all states that lead to it; an edge
    back to an earlier one is ignored.
    """
    forward = _without_loops(found)
    levels = {name: 0 for edge in found for name in (edge.source, edge.target)}
    for _ in levels:
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
    y = DOT[1] / 2 + 2
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
    """Keeps each node near its place, without touching its neighbours or leaving the drawing."""
    edge = 0.0
    for node in row:
        node.x = max(node.x, edge + node.size[0] / 2)
        edge = node.x + node.size[0] / 2 + _GAP
    edge = float(WIDTH)
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
