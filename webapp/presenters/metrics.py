"""The figures as the team's page and the TV show them, with their wordings and number formats."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from domain.instants import to_ms
from domain.metrics import UNKNOWN, Days, Figures, Line, Promises, Times
from domain.orders import TimeOutCause
from domain.shops import Shop
from webapp.drawings import charts
from webapp.presenters.times import minutes_and_seconds

_REFUSALS = {
    "CodeUnknown": "Not a code of this bar",
    "CodeExpired": "Code too old",
    "CodeUsedUp": "Code used up",
    "PassMissing": "Without a fresh scan",
    "HasOpenOrder": "Had an order under way",
    "OrdersOfDayUsedUp": "Had all orders of the day",
    "TooManyRequests": "Too often from one network",
    "ShopClosed": "Bar closed",
    "ShopPaused": "Bar paused",
    "ShopFull": "Bar full",
    "closed": "Bar closed",
    "full": "Bar full",
}
_CANCELS = {"customer": "By the customer", "barista": "By the bar", UNKNOWN: "Nobody said why"}
_TIMEOUTS = {
    TimeOutCause.CUSTOMER.value: "No drink chosen in time",
    TimeOutCause.BARISTA.value: "Not made in time",
    UNKNOWN: "Nobody said whose time",
}
_MOST_BARS = 10
_MOST_ON_TV = 5
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Read:
    """The figures that were read for one page."""

    days: Days
    figures: Figures
    refused_scans: dict[str, int]


def metrics_view(shop: Shop, read: Read, now: datetime) -> dict:
    """Returns all figures of the chosen days."""
    figures, refusals = read.figures, refused_scans(read)
    return {
        "at_ms": to_ms(now),
        "title": _title(shop, read.days, now),
        "headline": headline(figures),
        "times": [
            {"name": name, **times(of)}
            for name, of in (
                ("Waiting", figures.waited),
                ("Making", figures.made_in),
                ("From order to cup", figures.in_all),
            )
        ],
        "service": minutes_and_seconds(figures.service_ms / 1000),
        "ends": _ends(figures),
        "promise": promise(figures.promises),
        "refusals": refusals,
        "hours": _lines(figures.hours),
        "hours_chart": _hours_chart(figures.hours),
        "times_chart": _times_chart(figures.hours),
        "drinks": _lines(figures.drinks),
        "drinks_chart": _rows_chart(figures.drinks, "Drinks ordered"),
        "options": _lines(_with_group_names(shop, figures.options)),
        "options_chart": _rows_chart(_with_group_names(shop, figures.options), "Options ordered"),
        "baristas": _lines(figures.baristas) if shop.shows_baristas else None,
        "refusals_chart": _counts_chart(refusals, "Scans refused"),
    }


def metrics_on_tv(shop: Shop, read: Read, now: datetime) -> dict:
    """Returns today's figures in a form that can be read from across the room."""
    figures = read.figures
    most = max((line.orders for line in figures.drinks), default=1)
    return {
        "at_ms": to_ms(now),
        "headline": headline(figures),
        "hours_chart": _hours_chart(figures.hours[-9:], charts.ON_TV),
        "drinks": [
            {
                "name": line.name,
                "orders": f"{line.orders:,}",
                "orders_number": line.orders,
                "most": most,
            }
            for line in figures.drinks[:_MOST_ON_TV]
        ],
        "waited": times(figures.waited),
        "made_in": times(figures.made_in),
        "promise": promise(figures.promises),
    }


def promise(promises: Promises) -> dict | None:
    """Returns how often told waits were right: "we said 4–6 min, right 83 %"; None without any."""
    if not promises.count or promises.usual is None:
        return None
    percent = {
        name: f"{100 * count / promises.count:.0f}\N{NO-BREAK SPACE}%"
        for name, count in (
            ("right", promises.right),
            ("early", promises.early),
            ("late", promises.late),
        )
    }
    low, high = promises.usual
    said = f"{low}–{high} min" if low else f"up to {high} min"
    return {"said": said, "count": f"{promises.count:,}", **percent}


def headline(figures: Figures) -> dict:
    """Returns the three figures of the deck: "1,920 orders, 71 drinks per hour, 3m 34s"."""
    per_hour, in_all = figures.drinks_per_hour, figures.in_all.average_ms
    return {
        "orders": f"{figures.orders:,}",
        "orders_word": "order" if figures.orders == 1 else "orders",
        "per_hour": None if per_hour is None else f"{per_hour:,.0f}",
        "time": None if in_all is None else minutes_and_seconds(in_all / 1000),
    }


def times(of: Times) -> dict:
    """Returns an average and a 90th percentile; a dash stands for a time without any count."""
    return {
        "count": f"{of.count:,}",
        "average": _span(of.average_ms),
        "percentile": _span(of.percentile_90_ms),
    }


def refused_scans(read: Read) -> list[dict]:
    """Returns the refusals before and after an order existed, by cause, the most frequent first."""
    counts: Counter[str] = Counter()
    for cause, count in (*read.refused_scans.items(), *read.figures.refusals):
        counts[_REFUSALS.get(cause) or _words(cause)] += count
    return [{"name": name, "count": count} for name, count in counts.most_common()]


def ends(figures: Figures) -> list[tuple[str, int]]:
    """Returns how orders ended, with the causes in words."""
    return [
        ("Served", figures.served),
        *((f"Cancelled: {_cause(cause, _CANCELS)}", count) for cause, count in figures.cancels),
        *((f"Timed out: {_cause(cause, _TIMEOUTS)}", count) for cause, count in figures.timeouts),
        ("Under way", figures.open),
    ]


def _ends(figures: Figures) -> list[dict]:
    return [{"name": name, "count": f"{count:,}"} for name, count in ends(figures)]


def _cause(cause: str, known: dict[str, str]) -> str:
    return known.get(cause, cause).lower() if cause in known else cause


def _title(shop: Shop, days: Days, now: datetime) -> str:
    if days.first == days.last == shop.local_time(now).date():
        return "Today"
    first = f"{days.first.day} {days.first:%B %Y}"
    return first if days.first == days.last else f"{first} to {days.last.day} {days.last:%B %Y}"


def _lines(lines: tuple[Line, ...]) -> list[dict]:
    return [
        {
            "name": line.name,
            "orders": f"{line.orders:,}",
            "served": f"{line.served:,}",
            "waited": _span(line.waited.average_ms),
            "made_in": _span(line.made_in.average_ms),
        }
        for line in lines
    ]


def _with_group_names(shop: Shop, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    names = {group.id: group.name for group in shop.menu.groups}
    return tuple(
        Line(
            f"{names.get(group, group)}: {option}".removeprefix(": "),
            line.orders,
            line.served,
            line.waited,
            line.made_in,
        )
        for line in lines
        for group, _, option in (line.name.partition(": "),)
    )


def _hours_chart(hours: tuple[Line, ...], size: charts.Size = charts.ON_TABLET) -> Markup | None:
    if not hours:
        return None
    served = [line.served for line in hours]
    words = f"Drinks served in each hour; the most were {max(served)}."
    return charts.columns([_hour(line) for line in hours], [served], words, size)


def _times_chart(hours: tuple[Line, ...]) -> Markup | None:
    series = [
        [_minutes(getattr(line, name).average_ms) for line in hours]
        for name in ("waited", "made_in")
    ]
    # Robots take only seconds, so a chart in minutes would be empty.
    if not any(value for values in series for value in values):
        return None
    words = "Average minutes of waiting and of making in each hour."
    return charts.columns([_hour(line) for line in hours], series, words, charts.ACROSS)


def _rows_chart(lines: tuple[Line, ...], words: str) -> Markup | None:
    if not lines:
        return None
    shown = lines[:_MOST_BARS]
    return charts.rows(
        [line.name for line in shown],
        [line.orders for line in shown],
        f"{words}: {shown[0].name} most often.",
    )


def _counts_chart(rows: list[dict], words: str) -> Markup | None:
    if not rows:
        return None
    return charts.rows(
        [row["name"] for row in rows],
        [row["count"] for row in rows],
        f"{words}: most often {rows[0]['name'].lower()}.",
    )


def _hour(line: Line) -> str:
    return line.name.removesuffix(":00").lstrip("0") or "0"


def _minutes(ms: int | None) -> float | None:
    return None if ms is None else round(ms / _MINUTE_MS, 1)


def _span(ms: int | None) -> str:
    return "–" if ms is None else minutes_and_seconds(ms / 1000)


def _words(name: str) -> str:
    """Returns the words of a name: CodeUnknown becomes "Code unknown"."""
    first, *rest = re.findall(r"[A-Z]?[a-z]+|\d+", name) or [name]
    return " ".join([first.capitalize(), *(word.lower() for word in rest)])
