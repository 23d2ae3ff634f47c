"""Signs a screen in to a shop: by a sign-in link, or by a pairing code that an admin approves."""

from __future__ import annotations

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from domain.people import StaffRole
from webapp.access import (
    ANYONE,
    allow,
    begin_staff_session,
    client_address,
    end_staff_session,
    services,
    staff,
)
from webapp.drawings.qr_code import qr_svg
from webapp.public_address import public_url_for
from webapp.routes.page import render_shop_page
from webapp.services.staff.ports import StaffSession
from webapp.services.staff.sign_in import (
    Pairing,
    ask_pairing,
    open_link,
    pairing_is_open,
    take_pairing,
)

blueprint = Blueprint("sign_in", __name__, url_prefix="/<shop_id>")

_HOME: dict[str, str] = {
    StaffRole.ADMIN: "admin.home",
    StaffRole.BARISTA: "barista.board",
    StaffRole.DISPLAY: "display.board",
}


@blueprint.get("/sign-in/<secret>")
@allow(ANYONE)
def link_page(shop_id: str, secret: str) -> ResponseReturnValue:
    # This page only asks and does not use the sign-in link up, because a chat's preview opens the
    # link too.
    return render_shop_page("staff/link.html", shop_id)


@blueprint.post("/sign-in/<secret>")
@allow(ANYONE)
def use_link(shop_id: str, secret: str) -> ResponseReturnValue:
    services().shop(shop_id)
    return _begin(*open_link(services(), secret))


@blueprint.get("/pair")
@allow(ANYONE)
def pair(shop_id: str) -> ResponseReturnValue:
    """Shows a pairing code and reloads itself until an admin has approved it."""
    who = staff()
    if who is not None and who.shop_id == shop_id:
        return redirect(home_of(who), 303)
    pairing = _pairing_of_this_browser()
    if pairing and (taken := take_pairing(services(), pairing)):
        return _begin(*taken)
    if pairing is None or not pairing_is_open(services(), pairing):
        pairing = ask_pairing(services(), shop_id, client_address())
        session["pairing"] = [pairing.code, pairing.browser]
    approve = public_url_for("admin.approve_page", shop_id=shop_id, code=pairing.code)
    return render_shop_page(
        "staff/pair.html",
        shop_id,
        code=f"{pairing.code[:3]}-{pairing.code[3:]}",
        svg=qr_svg(approve, 280),
        sign_in_url=url_for("staff.sign_in_page", shop_id=shop_id),
    )


@blueprint.post("/sign-out")
@allow(ANYONE)
def sign_out(shop_id: str) -> ResponseReturnValue:
    return end_staff_session(redirect(url_for("sign_in.pair", shop_id=shop_id), 303))


def _pairing_of_this_browser() -> Pairing | None:
    known = session.get("pairing")
    return Pairing(*known) if known else None


def _begin(secret: str, who: StaffSession) -> ResponseReturnValue:
    return begin_staff_session(redirect(home_of(who), 303), secret)


def home_of(who: StaffSession) -> str:
    """Returns the first page of a person or screen that has just signed in."""
    if request.args.get("show") == "figures" and who.role in (StaffRole.DISPLAY, StaffRole.ADMIN):
        # The TV asked for the figures before it was let in.
        return url_for("metrics.tv", shop_id=who.shop_id)
    return url_for(_HOME[who.role], shop_id=who.shop_id)
