"""Signing in, and the admin's page with links for more screens."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for

from domain.errors import ChoiceInvalid
from webapp.access import STAFF_COOKIE, services, staff_only
from webapp.qr_svg import qr_svg
from webapp.services.sign_in import ROLES, SESSION_LIFETIME, create_link, open_link

blueprint = Blueprint("admin", __name__, url_prefix="/<shop_id>")

_HOME = {"admin": "admin.home", "barista": "barista.board", "display": "display.board"}


@blueprint.get("/sign-in/<secret>")
def sign_in(shop_id: str, secret: str):
    cookie, session = open_link(services(), secret)
    response = redirect(url_for(_HOME[session.role], shop_id=session.shop_id), 303)
    response.set_cookie(
        STAFF_COOKIE, cookie, max_age=SESSION_LIFETIME, httponly=True, samesite="Lax"
    )
    return response


@blueprint.get("/admin")
@staff_only("admin")
def home(shop_id: str):
    return _home(shop_id, [])


@blueprint.post("/admin/links")
@staff_only("admin")
def new_link(shop_id: str):
    role = request.form.get("role", "")
    if role not in ROLES:
        raise ChoiceInvalid("Choose what the screen is for.")
    url = create_link(services(), shop_id, role)
    return _home(shop_id, [{"role": role, "url": url, "svg": qr_svg(url, 280)}])


def _home(shop_id: str, links: list[dict]) -> str:
    return render_template(
        "admin/home.html",
        shop=services().shop(shop_id),
        links=links,
        screens=[
            {"label": "Tablet for baristas", "url": url_for("barista.board", shop_id=shop_id)},
            {"label": "TV", "url": url_for("display.board", shop_id=shop_id)},
            {"label": "Customers' start page", "url": url_for("customer.welcome", shop_id=shop_id)},
        ],
        link_action=url_for("admin.new_link", shop_id=shop_id),
        roles=list(ROLES),
        live_url=None,
        now_ms=int(services().now().timestamp() * 1000),
    )
