"""The TV: shows the QR code, and whose drink is ready. It writes only the window's token bucket."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from domain.shops import Shop
from webapp.access import DISPLAY, allow, services, still_staff
from webapp.cloud.live_topics import board_topic, display_topic
from webapp.drawings.qr_code import qr_svg
from webapp.presenters.display import code_view, display_board
from webapp.presenters.shop import wait_words
from webapp.routes.live import feed, live_url
from webapp.routes.page import render_page
from webapp.services.intake.qr_codes import current_code
from webapp.services.orders.waits import wait_of_next
from webapp.words import use_locale

blueprint = Blueprint("display", __name__, url_prefix="/<shop_id>/display")


@blueprint.get("")
@allow(DISPLAY)
def board(shop_id: str) -> ResponseReturnValue:
    shop = _entered(shop_id)
    address = live_url("display.live", shop_id=shop_id)
    return _render(
        "display/board.html", shop, live_url=address, code=_code(shop), display=_board(shop)
    )


@blueprint.get("/code")
@allow(DISPLAY)
def code_panel(shop_id: str) -> ResponseReturnValue:
    shop = _entered(shop_id)
    return _render("fragments/code_panel.html", shop, code=_code(shop))


@blueprint.get("/board")
@allow(DISPLAY)
def board_fragment(shop_id: str) -> ResponseReturnValue:
    shop = _entered(shop_id)
    return _render("fragments/display_board.html", shop, display=_board(shop))


@blueprint.get("/live")
@allow(DISPLAY)
def live(shop_id: str) -> ResponseReturnValue:
    return feed([display_topic(shop_id), board_topic(shop_id)], still_staff())


def _entered(shop_id: str) -> Shop:
    """Returns the shop and makes its first language, which the TV speaks, the current locale."""
    shop = services().shop(shop_id)
    use_locale(shop.languages[0])
    return shop


def _code(shop: Shop) -> dict:
    view = code_view(shop, current_code(services(), shop), services().now(), services().public_url)
    if view["url"]:
        for one in (view, *view["coming"]):
            one["svg"] = qr_svg(one["url"])
        open_orders = services().orders.open_orders(shop.id)
        view["wait"] = wait_words(wait_of_next(services(), shop, open_orders))
    return view | {"panel_url": url_for("display.code_panel", shop_id=shop.id)}


def _board(shop: Shop) -> dict:
    now = services().now()
    return display_board(shop, services().orders.open_orders(shop.id), now)


def _render(template: str, shop: Shop, **context: Any) -> str:
    reread_url = url_for("display.board_fragment", shop_id=shop.id)
    return render_page(template, shop, reread_url=reread_url, **context)
