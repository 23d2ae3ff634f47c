"""The figures: a page for the team, a view for a TV, and CSV.

The modules that count and draw are imported in the functions that use them, because the first page
of a cold start is usually a phone's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import ChoiceInvalid
from domain.people import StaffRole
from domain.shops import Shop
from webapp.access import ADMIN, BARISTA, DISPLAY, allow, services, still_staff, team_member
from webapp.cloud.live_topics import board_topic
from webapp.routes.live import feed, live_url
from webapp.services.shop.switches import set_shows_baristas

if TYPE_CHECKING:
    from domain.metrics import Days
    from webapp.presenters.metrics import Read

blueprint = Blueprint("metrics", __name__, url_prefix="/<shop_id>")


@blueprint.get("/metrics")
@allow(BARISTA)
def page(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    try:
        days, error = _days(shop), ""
    except ChoiceInvalid as refused:
        days, error = _today(shop), refused.sentence
    is_live = days.last >= _today(shop).last
    return _render(
        "metrics/page.html",
        shop,
        _figures(shop, days),
        live_url=live_url("metrics.live", shop_id=shop_id) if is_live else None,
        is_live=is_live,
        error=error,
        # Refused dates stay in the form as they were typed.
        first=request.args.get("from", "") if error else days.first.isoformat(),
        last=request.args.get("to", "") if error else days.last.isoformat(),
        is_admin=team_member().role == StaffRole.ADMIN,
        figures_url=_url("figures", shop, days),
        figures_csv_url=_url("figures_csv", shop, days),
        orders_csv_url=_url("orders_csv", shop, days),
        baristas_url=url_for("metrics.show_baristas", shop_id=shop_id),
    ), 422 if error else 200


@blueprint.get("/metrics/figures")
@allow(BARISTA)
def figures(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    return _render("fragments/metrics.html", shop, _figures(shop, _days(shop)))


@blueprint.get("/metrics/live")
@allow(BARISTA)
def live(shop_id: str) -> ResponseReturnValue:
    return feed([board_topic(shop_id)], still_staff())


@blueprint.get("/metrics/figures.csv")
@allow(BARISTA)
def figures_csv(shop_id: str) -> ResponseReturnValue:
    from webapp.presenters import metrics_csv

    shop = services().shop(shop_id)
    days = _days(shop)
    return _file(shop, days, "figures", metrics_csv.figures_csv(shop, _read(shop, days)))


@blueprint.get("/metrics/orders.csv")
@allow(BARISTA)
def orders_csv(shop_id: str) -> ResponseReturnValue:
    from webapp.presenters import metrics_csv
    from webapp.services.past.metrics import records

    shop = services().shop(shop_id)
    days = _days(shop)
    found = records(services(), shop, days)
    return _file(shop, days, "orders", metrics_csv.orders_csv(shop, found))


@blueprint.post("/metrics/baristas")
@allow(ADMIN)
def show_baristas(shop_id: str) -> ResponseReturnValue:
    set_shows_baristas(services(), shop_id, request.form.get("show") == "1")
    return redirect(url_for("metrics.page", shop_id=shop_id), 303)


@blueprint.get("/display/metrics")
@allow(DISPLAY)
def tv(shop_id: str) -> ResponseReturnValue:
    return _on_tv("metrics/tv.html", shop_id, live_url("metrics.tv_live", shop_id=shop_id))


@blueprint.get("/display/metrics/figures")
@allow(DISPLAY)
def tv_figures(shop_id: str) -> ResponseReturnValue:
    return _on_tv("fragments/tv_metrics.html", shop_id, None)


@blueprint.get("/display/metrics/live")
@allow(DISPLAY)
def tv_live(shop_id: str) -> ResponseReturnValue:
    return feed([board_topic(shop_id)], still_staff())


def _on_tv(template: str, shop_id: str, address: str | None) -> str:
    from webapp.presenters.metrics import metrics_on_tv

    shop = services().shop(shop_id)
    return _render(
        template,
        shop,
        metrics_on_tv(shop, _read(shop, _today(shop)), services().now()),
        live_url=address,
        figures_url=url_for("metrics.tv_figures", shop_id=shop_id),
    )


def _figures(shop: Shop, days: Days) -> dict:
    from webapp.presenters.metrics import metrics_view

    return metrics_view(shop, _read(shop, days), services().now())


def _today(shop: Shop) -> Days:
    from webapp.services.past.metrics import chosen_days

    return chosen_days(services(), shop, "", "")


def _days(shop: Shop) -> Days:
    from webapp.services.past.metrics import chosen_days

    asked = request.args
    return chosen_days(services(), shop, asked.get("from", ""), asked.get("to", ""))


def _read(shop: Shop, days: Days) -> Read:
    from webapp.presenters.metrics import Read
    from webapp.services.past.metrics import figures_of, refused_scans

    return Read(days, figures_of(services(), shop, days), refused_scans(services(), shop, days))


def _url(endpoint: str, shop: Shop, days: Days) -> str:
    # The addresses of today's page name no day, so that the page still shows today after midnight.
    chosen: dict[str, Any] = {}
    if request.args.get("from") or request.args.get("to"):
        chosen = {"from": days.first.isoformat(), "to": days.last.isoformat()}
    return url_for(f"metrics.{endpoint}", shop_id=shop.id, **chosen)


def _file(shop: Shop, days: Days, name: str, text: str) -> Response:
    span = days.first.isoformat()
    if days.last != days.first:
        span += f"-to-{days.last.isoformat()}"
    # Spreadsheets read names with accents wrongly without a byte order mark.
    response = Response("\ufeff" + text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{shop.id}-{name}-{span}.csv"'
    return response


def _render(template: str, shop: Shop, view: dict, **context: Any) -> str:
    context.setdefault("live_url", None)
    return render_template(template, shop=shop, metrics=view, now_ms=view["at_ms"], **context)
