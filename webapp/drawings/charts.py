"""Draws charts as inline SVG with pygal, without what the Content-Security-Policy forbids.

pygal adds a style and a script of its own. Both are removed, and so are its tooltips: metrics.css
sets colours and type, and the numbers stand on the bars and in the table beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

LEAST_COLUMNS = 6
"""The least number of columns for which a chart has room. Otherwise the column of a single hour
would be as wide as the chart."""
_DROPPED = {"defs", "title", "desc", "style", "script"}
_SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True)
class Size:
    """The size of a drawing in its own pixels. A page scales it to the width that it has there."""

    width: int
    height: int
    type_size: int


ON_TABLET = Size(520, 280, 17)
ACROSS = Size(860, 260, 17)
ON_TV = Size(1180, 400, 40)


def columns(
    labels: Sequence[str],
    series: Sequence[Sequence[float | None]],
    words: str,
    size: Size = ON_TABLET,
) -> Markup:
    """Draws columns beside each other: at each label one column for each series.

    words: says what the chart shows, for screen readers.
    """
    import pygal

    chart = pygal.Bar(**_options(size, size.height), show_minor_y_labels=False)
    spare = max(LEAST_COLUMNS - len(labels), 0)
    return _drawn(
        chart, [*labels, *[""] * spare], [[*one, *[None] * spare] for one in series], words
    )


def rows(
    labels: Sequence[str], values: Sequence[float], words: str, size: Size = ON_TABLET
) -> Markup:
    """Draws bars under each other, the first on top. words: says what the chart shows."""
    import pygal

    height = round((len(labels) * 2.2 + 2) * size.type_size)
    # The longest bar leaves room for its number.
    reach = max(values, default=1) * 1.2
    chart = pygal.HorizontalBar(**_options(size, height), show_x_labels=False, range=(0, reach))
    # pygal draws the first bar at the bottom, so the order is reversed.
    return _drawn(chart, labels[::-1], [values[::-1]], words)


def _options(size: Size, height: int) -> dict:
    from pygal.style import Style

    type_size = size.type_size
    return {
        "width": size.width,
        "height": height,
        "margin": type_size // 2,
        "spacing": type_size // 2,
        "show_legend": False,
        "print_values": True,
        "print_values_position": "top",
        "print_zeroes": False,
        "truncate_label": 24,
        "include_x_axis": True,
        "min_scale": 3,
        "max_scale": 5,
        "rounded_bars": type_size // 4,
        "formatter": _plain,
        "style": Style(
            label_font_size=type_size,
            major_label_font_size=type_size,
            value_font_size=type_size,
            font_family="sans-serif",
            value_font_family="sans-serif",
        ),
    }


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}".removesuffix(".0")


def _drawn(
    chart: Any, labels: Sequence[str], series: Sequence[Sequence[float | None]], words: str
) -> Markup:
    from pygal.etree import etree

    # If lxml is installed, pygal would use it and the result would differ.
    etree.to_etree()
    chart.x_labels = list(labels)
    for number, values in enumerate(series):
        chart.add(str(number), list(values))
    root = chart.render_tree()
    _strip(root)
    root.attrib = {
        "class": "chart",
        "role": "img",
        "aria-label": words,
        "viewBox": root.get("viewBox"),
    }
    # An inline SVG needs no namespace in HTML.
    return Markup(ElementTree.tostring(root, encoding="unicode").replace(f' xmlns="{_SVG}"', ""))


def _strip(element: ElementTree.Element) -> None:
    for child in list(element):
        is_comment = not isinstance(child.tag, str)
        name = "" if is_comment else child.tag.rpartition("}")[2]
        if is_comment or name in _DROPPED or "tooltip-overlay" in child.get("class", ""):
            element.remove(child)
            continue
        for attribute in [key for key in child.attrib if key == "style" or key.startswith("on")]:
            del child.attrib[attribute]
        _strip(child)
