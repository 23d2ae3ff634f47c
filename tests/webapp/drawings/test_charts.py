"""Charts are inline SVG without what the Content-Security-Policy forbids."""

from __future__ import annotations

import re

import pytest

from webapp.drawings.charts import ACROSS, LEAST_COLUMNS, ON_TV, columns, rows

CHARTS = {
    "columns": columns(["8", "9"], [[1, 2], [None, 1000.5]], "Orders by hour"),
    "columns of nothing": columns([], [], "Orders by hour"),
    "rows": rows(["Latte", "Tea"], [12, 3], "Orders by drink", ON_TV),
    "rows of nothing": rows([], [], "Orders by drink", ACROSS),
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_a_chart_has_no_style_and_no_script_of_its_own(chart):
    assert not re.search(r"<(style|script|defs|title|desc)|\sstyle=|\son\w+=|<!--", chart)
    assert chart.startswith("<svg") and "xmlns=" not in chart


def test_a_chart_says_what_it_shows_and_scales_with_its_place():
    assert 'role="img" aria-label="Orders by hour"' in CHARTS["columns"]
    assert 'viewBox="0 0 1180 ' in CHARTS["rows"] and " width=" not in CHARTS["rows"].split(">")[0]


def test_the_numbers_stand_on_the_bars():
    assert ">1,000.5<" in CHARTS["columns"] and ">2<" in CHARTS["columns"]


def test_few_columns_have_room_for_others_beside_them():
    def width(count: int) -> float:
        chart = columns(["x"] * count, [[1] * count], "")
        return float(re.search(r'<rect [^>]*width="([\d.]+)" [^>]*class="rect', chart)[1])

    assert width(1) == pytest.approx(width(LEAST_COLUMNS))
    assert width(LEAST_COLUMNS) > width(2 * LEAST_COLUMNS)


def test_the_first_row_is_on_top():
    chart = CHARTS["rows"]
    heights = [float(y) for y in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>(?:12|3)<', chart)]
    assert len(heights) == 2 and heights == sorted(heights, reverse=True)
