"""The figures' pages: the deck's three lines, tables beside charts, CSV, and who is shown."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from tests.builders import NOW
from tests.webapp.consumers.test_metrics import a_day
from tests.webapp.routes.conftest import claim
from webapp.consumers.metrics import count


@pytest.fixture
def a_counted_day(services):
    for event in a_day(30):
        count(services, event, NOW)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def rows_of(answer) -> list[list[str]]:
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    text = answer.get_data().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_decks_headline_stands_on_the_page(screen, a_counted_day):
    page = text_of(screen("admin").get("/main/metrics"))
    headline = re.search(r'<dl class="headline card">(.*?)</dl>', page, re.DOTALL)[1]
    assert re.findall(r"<dt>([^<]+)</dt><dd><bdi>([^<]+)<", headline) == [
        ("orders", "24"),
        ("drinks per hour", "3"),
        ("from order to cup", "3m 0s"),
    ]


def test_each_chart_stands_beside_a_table_and_keeps_the_policy(screen, a_counted_day):
    page = text_of(screen("barista").get("/main/metrics"))
    charts = re.findall(r"<svg class=\"chart.*?</svg>", page, re.DOTALL)
    assert len(charts) >= 4 and page.count("<table>") >= 6
    for chart in charts:
        assert re.match(r'<svg class="chart" role="img" aria-label="[^"]+"', chart)
        assert not re.search(r"style=|<style|<script|\son\w+=|xmlns|pygal", chart)


def test_every_cause_is_told_in_words(services, screen, phone, app, a_counted_day):
    stranger = app.test_client()
    stranger.get("/main/scan/no-code-of-ours")
    stranger.get("/main/scan")
    page = text_of(screen("barista").get("/main/metrics"))
    for name, number in (
        ("Served", 6),
        ("Cancelled: the bar is closing", 6),
        ("Timed out: not made in time", 6),
        ("Under way", 6),
        ("Bar full", 6),
        ("Not a code of this bar", 1),
        ("Without a fresh scan", 1),
    ):
        assert f'<th scope="row">{name}</th><td>{number}</td>' in page, name


def test_an_address_cannot_make_up_figures_without_end(services, app):
    for _ in range(70):
        app.test_client().get("/main/scan", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert services.metrics.refusals("main", "2024-05-17", "2024-05-17") == {"PassMissing": 60}
    assert services.metrics.refusals("main", "2024-05-18", "2024-05-18") == {}


def test_any_day_and_a_span_of_days_can_be_chosen(screen, a_counted_day):
    barista = screen("barista")
    empty = text_of(barista.get("/main/metrics?from=2024-05-16"))
    assert "<h1>16 May 2024</h1>" in empty and "Nothing yet." in empty
    both = text_of(barista.get("/main/metrics?from=2024-05-16&to=2024-05-17"))
    assert "<h1>16 May 2024 to 17 May 2024</h1>" in both and "<bdi>24</bdi>" in both
    assert "sse-connect" not in empty


@pytest.mark.parametrize(
    "asked",
    [
        "from=yesterday",
        "from=2024-05-17&to=2024-05-16",
        "from=2024-05-17&to=2025-05-17",
        "from=0001-01-01",
        "from=9999-12-31",
    ],
)
def test_a_day_that_is_none_is_said_so_and_today_is_shown(screen, asked):
    barista = screen("barista")
    answer = barista.get(f"/main/metrics?{asked}")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="wrong-days" role="alert"' in page
    typed = dict(parse_qsl(asked))
    for name in ("from", "to"):
        assert (
            f'name="{name}" value="{typed.get(name, "")}"'
            ' aria-invalid="true" aria-describedby="wrong-days"'
        ) in page
    assert barista.get(f"/main/metrics/figures.csv?{asked}").status_code == 422


def test_baristas_are_shown_until_an_admin_says_otherwise(screen, a_counted_day):
    admin = screen("admin")
    path = "/main/metrics"
    assert "<bdi>Kim</bdi>" in text_of(admin.get(path))
    assert admin.post(f"{path}/baristas", data={"show": "0"}).status_code == 303
    for gone in (path, f"{path}/figures", f"{path}/figures.csv", f"{path}/orders.csv"):
        assert "Kim" not in admin.get(gone).get_data(as_text=True)
    admin.post(f"{path}/baristas", data={"show": "1"})
    assert "<bdi>Kim</bdi>" in text_of(admin.get(path))


def test_the_csv_files_hold_the_same_numbers(screen, a_counted_day):
    barista = screen("barista")
    figures = rows_of(barista.get("/main/metrics/figures.csv"))
    assert ["all", "", "orders", "24"] in figures
    assert ["all", "", "from order to cup: average seconds", "180.0"] in figures
    assert ["drink", "Latte", "served", "6"] in figures
    orders = rows_of(barista.get("/main/metrics/orders.csv"))
    assert len(orders) == 31
    assert [row[4] for row in orders].count("served") == 6
    disposition = barista.get("/main/metrics/orders.csv").headers["Content-Disposition"]
    assert disposition == 'attachment; filename="main-orders-2024-05-17.csv"'


def test_a_name_that_a_spreadsheet_would_calculate_stays_a_text(services, screen):
    from domain.events import MakeOrder

    for event in a_day(1):
        if isinstance(event, MakeOrder):
            event = replace(event, barista_name='=HYPERLINK("http://x")')
        count(services, event, NOW)
    barista = screen("barista")
    for name in ("figures", "orders"):
        cells = [c for row in rows_of(barista.get(f"/main/metrics/{name}.csv")) for c in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
        assert any(cell.startswith("'=HYPERLINK") for cell in cells)


def test_the_tv_shows_today_and_nothing_to_press(screen, a_counted_day):
    page = text_of(screen("display").get("/main/display/metrics"))
    assert "<dd><bdi>24</bdi></dd><dt>orders</dt>" in page
    assert "<button" not in page and "Kim" not in page


def test_a_screen_that_asks_for_the_figures_is_led_there_once_it_is_let_in(app, screen):
    tv = app.test_client()
    asked = tv.get("/main/display/metrics")
    assert asked.status_code == 401 and "/main/pair?show=figures" in asked.get_data(as_text=True)
    page = tv.get("/main/pair?show=figures").get_data(as_text=True)
    code = re.search(r'aria-label="Code ([^"]+)"', page)[1]
    screen("admin").post("/main/admin/screens", data={"code": code, "role": "display"})
    assert tv.get("/main/pair?show=figures").location == "/main/display/metrics"
    assert tv.get("/main/pair?show=figures").location == "/main/display/metrics"
    assert tv.get("/main/pair").location == "/main/display"


def test_a_scan_that_is_let_in_counts_no_refusal(services, phone, code_path):
    claim(phone, code_path)
    assert services.metrics.refusals("main", "2024-05-17", "2024-05-17") == {}


def test_the_wait_is_told_before_scanning_and_scored_afterwards(
    services, screen, phone, code_path, clock, monkeypatch
):
    from tests.webapp.services.orders.test_waits import serve
    from webapp.services.orders import waits

    monkeypatch.setattr(waits, "RECENT", timedelta(hours=5))
    tv = screen("display")
    for path in ("/main/", code_path):
        assert "right now" not in text_of(phone.get(path, follow_redirects=True))
    assert 'class="wait"' not in text_of(tv.get("/main/display"))
    serve(services, 9)
    for path in ("/main/", "/main/scan"):
        assert "<b><bdi>3–4 min</bdi></b> right now" in text_of(phone.get(path))
    assert "Ready in <b><bdi>3–4 min</bdi></b>" in text_of(tv.get("/main/display"))
    for event in a_day(1):
        if event.detail_type == "OrderProcessor.WaitingProduction":
            event = replace(event, told=(3, 4))
        count(services, event, NOW)
    page = text_of(screen("barista").get("/main/metrics"))
    everything = "<b>100\N{NO-BREAK SPACE}%</b>"
    assert f"We said <b>3–4 min</b> most often. Of 1 told waits {everything} were right" in page
    assert "We said 3–4 min, right <b><bdi>100\N{NO-BREAK SPACE}%</bdi></b>" in text_of(
        tv.get("/main/display/metrics")
    )
