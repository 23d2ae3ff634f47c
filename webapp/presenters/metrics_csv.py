"""The figures as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from domain.metrics import OrderRecord, Times
from domain.shops import Shop
from webapp.presenters.metrics import Read, ends, refused_scans

_FORMULA = re.compile(r"(^|[;,\t\r\n]) *(?=[=+\-@＝＋－＠]|\t|\r|\n)")
"""Finds where a spreadsheet would begin a formula: at the start of a cell, and after characters
that the spreadsheet may take for the end of a cell."""


def figures_csv(shop: Shop, read: Read) -> str:
    """Returns all figures, one a line: the group, its name, the measure and the number."""
    figures = read.figures
    lines: list[tuple] = [
        ("all", "", "scans let in", figures.scans),
        ("all", "", "orders", figures.orders),
        ("all", "", "served", figures.served),
        ("all", "", "service seconds", figures.service_ms / 1000),
        ("all", "", "drinks per hour", round(figures.drinks_per_hour or 0, 2)),
    ]
    lines += _times("all", "", "waited", figures.waited)
    lines += _times("all", "", "made in", figures.made_in)
    lines += _times("all", "", "from order to cup", figures.in_all)
    kept = figures.promises
    lines += [
        ("estimate", "", measure, count)
        for measure, count in (
            ("told", kept.count),
            ("right", kept.right),
            ("earlier", kept.early),
            ("later", kept.late),
        )
    ]
    groups = [("hour", figures.hours), ("drink", figures.drinks), ("option", figures.options)]
    if shop.shows_baristas:
        groups.append(("barista", figures.baristas))
    for of, group in groups:
        for line in group:
            lines += [
                (of, line.name, "orders", line.orders),
                (of, line.name, "served", line.served),
            ]
            lines += _times(of, line.name, "waited", line.waited)
            lines += _times(of, line.name, "made in", line.made_in)
    lines += [("end", name, "orders", count) for name, count in ends(figures)]
    lines += [("refused scan", row["name"], "scans", row["count"]) for row in refused_scans(read)]
    return _csv(("of", "name", "measure", "number"), lines)


def orders_csv(shop: Shop, records: Iterable[OrderRecord]) -> str:
    """Returns one line an order. It names only the barista, and only if the shop shows baristas."""
    head = [
        "scanned",
        "ordered",
        "taken",
        "ended",
        "outcome",
        "cause",
        "drink",
        "options",
        "waited seconds",
        "made in seconds",
        "told from minutes",
        "told to minutes",
    ]
    lines = []
    for record in records:
        line = [
            *(
                at and shop.local_time(at).isoformat(timespec="seconds")
                for at in (record.began_at, record.placed_at, record.making_at, record.ended_at)
            ),
            record.outcome.value,
            record.cause,
            record.drink,
            ", ".join(choice.name for choice in record.choices),
            record.waited and record.waited.total_seconds(),
            record.made_in and record.made_in.total_seconds(),
            *(record.told or (None, None)),
        ]
        lines.append([*line, record.barista] if shop.shows_baristas else line)
    return _csv([*head, "barista"] if shop.shows_baristas else head, lines)


def _times(of: str, name: str, measure: str, times: Times) -> list[tuple]:
    return [
        (of, name, f"{measure}: average seconds", _seconds(times.average_ms)),
        (of, name, f"{measure}: 90th percentile seconds", _seconds(times.percentile_90_ms)),
    ]


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _csv(head: Iterable[str], lines: Iterable[Iterable]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_safe(cell) for cell in line] for line in lines)
    return file.getvalue()


def _safe(cell: object) -> object:
    """Marks a cell as text where a spreadsheet would calculate it."""
    if isinstance(cell, str):
        return _FORMULA.sub(lambda found: f"{found[0]}'", cell)
    return "" if cell is None else cell
