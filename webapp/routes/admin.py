"""Signing in, and the admin's page with links for more screens."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask import session as flask_session

from domain.errors import ChoiceInvalid
from webapp.access import ADMIN, ANYONE, allow, services, staff_cookie
from webapp.qr_svg import qr_svg
from webapp.services.sign_in import ROLES, SESSION_LIFETIME, create_link, open_link

blueprint = Blueprint("admin", __name__, url_prefix="/<shop_id>")

_HOME = {"admin": "admin.home", "barista": "barista.board", "display": "display.board"}


@blueprint.get("/sign-in/<secret>")
@allow(ANYONE)
def sign_in(shop_id: str, secret: str):
    cookie, session = open_link(services(), secret)
    response = redirect(url_for(_HOME[session.role], shop_id=session.shop_id), 303)
    # Whatever the page before was allowed to send, this one is a new beginning.
    flask_session.pop("csrf_token", None)
    response.set_cookie(
        staff_cookie(),
        cookie,
        max_age=SESSION_LIFETIME,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Lax",
    )
    return response


@blueprint.get("/admin")
@allow(ADMIN)
def home(shop_id: str):
    return _home(shop_id, [])


@blueprint.post("/admin/links")
@allow(ADMIN)
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
