"""Shows how an order was made: live to its customer, and to everybody who has the shared link."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from domain.shops import Shop
from webapp.access import ANYONE, ORDER_OWNER, allow, own_order, services
from webapp.languages import choices, entered
from webapp.public_address import public_url_for
from webapp.routes.live import order_live_url, read_seconds
from webapp.services.past import journeys

blueprint = Blueprint("journey", __name__, url_prefix="/<shop_id>")


@blueprint.get("/orders/<order_id>/journey")
@allow(ORDER_OWNER)
def page(shop_id: str, order_id: str) -> ResponseReturnValue:
    shop, order = entered(shop_id), own_order()
    return _page(
        "customer/journey.html",
        shop,
        _own_view(shop, order.id),
        live_url=order_live_url(order),
        read_seconds=read_seconds(order),
        order_url=url_for("customer.order_page", shop_id=shop_id, order_id=order.id),
        panel_url=url_for("journey.panel", shop_id=shop_id, order_id=order.id),
        share_url=public_url_for(
            "journey.shared", shop_id=shop_id, name=journeys.share_name(services(), order)
        ),
    )


@blueprint.get("/orders/<order_id>/journey/panel")
@allow(ORDER_OWNER)
def panel(shop_id: str, order_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    return _page("fragments/journey.html", shop, _own_view(shop, own_order().id))


@blueprint.get("/journeys/<name>")
@allow(ANYONE)
def shared(shop_id: str, name: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    events = journeys.shared_journey(services(), shop_id, name)
    return _page(
        "customer/shared_journey.html",
        shop,
        _view(shop, events, is_shared=True),
        start_url=url_for("customer.welcome", shop_id=shop_id),
    )


def _own_view(shop: Shop, order_id: str) -> dict:
    events = journeys.journey(services(), order_id)
    return _view(shop, events)


def _view(shop: Shop, events: list, is_shared: bool = False) -> dict:
    # The import is late because the drawing of the workflow is never the first page of a cold
    # start.
    from webapp.presenters.journey import journey_view

    return journey_view(shop, events, services().now(), is_shared=is_shared)


def _page(template: str, shop: Shop, view: dict, **context: Any) -> str:
    context.setdefault("live_url", None)
    return render_template(
        template,
        shop=shop,
        journey=view,
        now_ms=view["at_ms"],
        languages=choices(shop),
        **context,
    )
