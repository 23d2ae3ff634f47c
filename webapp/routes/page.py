"""The frame that every page of a shop has."""

from __future__ import annotations

from typing import Any

from flask import render_template

from domain.instants import to_ms
from domain.shops import Shop
from webapp.access import services


def render_page(template: str, shop: Shop | None, **context: Any) -> str:
    """Renders a page with the bar's time. Only a page with a `live_url` in it gets pushes."""
    now_ms = to_ms(services().now())
    return render_template(template, **{"shop": shop, "now_ms": now_ms, "live_url": None} | context)


def render_shop_page(template: str, shop_id: str, **context: Any) -> str:
    """Renders a page of the shop with this id. Raises NotFound."""
    return render_page(template, services().shop(shop_id), **context)
