"""The shop as a whole: makes another shop, saves its settings as a file, and puts it away."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import SettingInvalid, ShopIdTaken
from domain.people import StaffRole
from domain.shop_file import write_shop
from domain.shops import Shop
from webapp.access import ADMIN, allow, services, team_member
from webapp.routes.page import render_page
from webapp.services.shop import shops
from webapp.services.staff.sign_in import create_link

blueprint = Blueprint("shops", __name__, url_prefix="/<shop_id>/admin/shop")


@blueprint.get("")
@allow(ADMIN)
def home(shop_id: str) -> ResponseReturnValue:
    return _page(shop_id, done=request.args.get("done", ""))


@blueprint.post("/new")
@allow(ADMIN)
def create(shop_id: str) -> ResponseReturnValue:
    form = request.form
    address, name = form.get("shop_id", ""), form.get("name", "")
    is_rehearsal = form.get("rehearsal") == "1"
    try:
        if form.get("copy") == "1":
            made = shops.copy_shop(services(), shop_id, address, name, is_rehearsal)
        else:
            made = shops.create_shop(services(), address, name, is_rehearsal)
    except (SettingInvalid, ShopIdTaken) as refused:
        problem = {"field": getattr(refused, "field", "shop_id"), "sentence": refused.sentence}
        status = 409 if isinstance(refused, ShopIdTaken) else 422
        return _page(shop_id, problem=problem, typed=form), status
    return _page(shop_id, made=made, link=create_link(services(), made.id, StaffRole.ADMIN))


@blueprint.get("/settings.toml")
@allow(ADMIN)
def export(shop_id: str) -> ResponseReturnValue:
    text = write_shop(services().shop(shop_id))
    return Response(
        text,
        mimetype="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{shop_id}.toml"'},
    )


@blueprint.post("/settings.toml")
@allow(ADMIN)
def import_file(shop_id: str) -> ResponseReturnValue:
    sent = request.files.get("file")
    try:
        text = sent.read().decode() if sent else request.form.get("text", "")
    except UnicodeDecodeError:
        text = "\0"
    try:
        shops.import_settings(services(), shop_id, text, team_member().name)
    except SettingInvalid as refused:
        problem = {"field": "file", "sentence": refused.sentence}
        return _page(shop_id, problem=problem), 422
    return redirect(url_for("shops.home", shop_id=shop_id, done="imported"), 303)


@blueprint.post("/archive")
@allow(ADMIN)
def archive(shop_id: str) -> ResponseReturnValue:
    shops.archive_shop(services(), shop_id, request.form.get("archived") == "1")
    return redirect(url_for("shops.home", shop_id=shop_id), 303)


def _page(
    shop_id: str,
    problem: dict | None = None,
    typed: Mapping | None = None,
    made: Shop | None = None,
    link: str = "",
    done: str = "",
) -> str:
    return render_page(
        "admin/shop.html",
        services().shop(shop_id),
        problem=problem,
        typed=typed or {},
        made=made,
        link=link,
        imported=done == "imported",
        create_url=url_for("shops.create", shop_id=shop_id),
        file_url=url_for("shops.export", shop_id=shop_id),
        archive_url=url_for("shops.archive", shop_id=shop_id),
        back_url=url_for("admin.home", shop_id=shop_id),
    )
