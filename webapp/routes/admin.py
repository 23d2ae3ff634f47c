"""The admin's home page: lists who is signed in, and lets in more screens."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import ChoiceInvalid, NotFound
from domain.people import StaffRole
from webapp.access import ADMIN, allow, services, team_member
from webapp.drawings.qr_code import qr_svg
from webapp.presenters.admin import session_view
from webapp.routes.page import render_shop_page
from webapp.services.staff.sign_in import approve_pairing, create_link, revoke, signed_in

blueprint = Blueprint("admin", __name__, url_prefix="/<shop_id>/admin")


@blueprint.get("")
@allow(ADMIN)
def home(shop_id: str) -> ResponseReturnValue:
    return _home(shop_id)


@blueprint.post("/links")
@allow(ADMIN)
def new_link(shop_id: str) -> ResponseReturnValue:
    role = request.form.get("role", "")
    if role not in tuple(StaffRole):
        raise ChoiceInvalid("Choose what the screen is for.")
    url = create_link(services(), shop_id, role, request.form.get("name", ""))
    return _home(shop_id, [{"role": role, "url": url, "svg": qr_svg(url, 280)}])


@blueprint.get("/screens")
@allow(ADMIN)
def approve_page(shop_id: str) -> ResponseReturnValue:
    return _approve_page(shop_id)


@blueprint.post("/screens")
@allow(ADMIN)
def approve(shop_id: str) -> ResponseReturnValue:
    form = request.form
    try:
        approve_pairing(
            services(),
            team_member(),
            form.get("code", ""),
            form.get("role", ""),
            form.get("name", ""),
        )
    except ChoiceInvalid as refused:
        return _approve_page(shop_id, refused.sentence), 422
    return redirect(url_for("admin.home", shop_id=shop_id, awaiting=1), 303)


@blueprint.post("/sessions/<session_id>/revoke")
@allow(ADMIN)
def revoke_session(shop_id: str, session_id: str) -> ResponseReturnValue:
    # The session is gone already when the admin presses twice or when it has ended by itself. That
    # is what the admin wanted.
    with suppress(NotFound):
        revoke(services(), shop_id, session_id)
    return redirect(url_for("admin.home", shop_id=shop_id), 303)


def _approve_page(shop_id: str, error: str = "") -> str:
    return render_shop_page(
        "admin/approve.html",
        shop_id,
        error=error,
        code=request.values.get("code", "")[:12],
        role=request.form.get("role", StaffRole.DISPLAY),
        name=request.form.get("name", "")[:24],
        action=url_for("admin.approve", shop_id=shop_id),
        home_url=url_for("admin.home", shop_id=shop_id),
    )


def _home(shop_id: str, links: list[dict] | None = None) -> str:
    from webapp.services.orders.printouts import presses

    shop, now, me = services().shop(shop_id), services().now(), team_member()
    people = [
        session_view(shop, session, now)
        | {
            "is_me": session.id == me.id,
            "revoke_url": url_for("admin.revoke_session", shop_id=shop_id, session_id=session.id),
        }
        for session in signed_in(services(), shop_id)
    ]
    return render_shop_page(
        "admin/home.html",
        shop_id,
        links=links or [],
        people=people,
        screens=[
            {"label": "Tablet for baristas", "url": url_for("barista.board", shop_id=shop_id)},
            {"label": "TV", "url": url_for("display.board", shop_id=shop_id)},
            {"label": "Figures", "url": url_for("metrics.page", shop_id=shop_id)},
            {"label": "TV with figures", "url": url_for("metrics.tv", shop_id=shop_id)},
            {
                "label": "How customers sign in",
                "url": url_for("admin_phone.edit", shop_id=shop_id),
            },
            {
                "label": "Customers’ start page",
                "url": url_for("customer.welcome", shop_id=shop_id),
            },
            *(
                {
                    "label": f"What is printed: {name}",
                    "url": url_for("printing.page", shop_id=shop_id, extension=name),
                }
                for name in presses(services())
            ),
        ],
        link_action=url_for("admin.new_link", shop_id=shop_id),
        approve_url=url_for("admin.approve_page", shop_id=shop_id),
        settings_url=url_for("settings.home", shop_id=shop_id),
        shop_url=url_for("shops.home", shop_id=shop_id),
        people_url=url_for("people.home", shop_id=shop_id),
        devices_url=url_for("devices.home", shop_id=shop_id),
        # The approved screen signs in within seconds. Until then the page reloads, so that the list
        # shows the new screen.
        awaiting="awaiting" in request.args,
        home_url=url_for("admin.home", shop_id=shop_id),
        sign_out_url=url_for("sign_in.sign_out", shop_id=shop_id),
        roles=list(StaffRole),
    )
