"""The settings of a shop, part by part. Each form carries the version that its editor has seen."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import ChangedMeanwhile, SettingInvalid
from domain.languages import LANGUAGES
from domain.logos import MOST_BYTES
from domain.reading import read_number
from domain.settings import PARTS, on_the_page
from domain.shops import Shop
from webapp.access import ADMIN, allow, services, takes_bytes, team_member
from webapp.presenters import settings as setting_views
from webapp.routes.page import render_page
from webapp.services.shop.editing import edit_shop, seen_number
from webapp.services.shop.logos import remove_logo, set_logo

_MOST_SEEN = 99_999_999

blueprint = Blueprint("settings", __name__, url_prefix="/<shop_id>/admin/settings")


@blueprint.get("")
@allow(ADMIN)
def home(shop_id: str) -> ResponseReturnValue:
    return _page(services().shop(shop_id), saved=request.args.get("saved", ""))


@blueprint.post("/logo")
@allow(ADMIN)
@takes_bytes(MOST_BYTES + 8 * 1024)
def save_logo(shop_id: str) -> ResponseReturnValue:
    sent = request.files.get("logo")
    try:
        if request.form.get("remove") == "1":
            remove_logo(services(), shop_id)
        else:
            set_logo(services(), shop_id, sent.read() if sent else b"")
    except SettingInvalid as refused:
        problem = {"field": refused.field, "sentence": refused.sentence}
        return _page(services().shop(shop_id), "logo", None, problem), 422
    return redirect(url_for("settings.home", shop_id=shop_id, _anchor="logo"), 303)


@blueprint.post("/<part>")
@allow(ADMIN)
def save(shop_id: str, part: str) -> ResponseReturnValue:
    if part not in PARTS:
        abort(404)
    values = _values()
    try:
        edit_shop(services(), team_member(), part, seen(), lambda shop: PARTS[part](shop, values))
    except SettingInvalid as refused:
        problem = {"field": refused.field, "sentence": refused.sentence}
        # The form keeps the version that its editor saw first, so that saving it again still
        # reports a colleague's change.
        return _page(services().shop(shop_id), part, values, problem, kept=seen()), 422
    except ChangedMeanwhile as refused:
        shop = services().shop(shop_id)
        stored, called = setting_views.fields(shop, part), setting_views.labels(part)
        problem = setting_views.conflict(shop, stored, values, called, refused)
        return _page(shop, part, values, problem), 409
    return redirect(url_for("settings.home", shop_id=shop_id, saved=part, _anchor=part), 303)


def _values() -> dict:
    values: dict = {name: value for name, value in request.form.items() if name != "languages"}
    if "languages_asked" in values:
        values["languages"] = request.form.getlist("languages")
    return values


def seen() -> int:
    """Returns the version that the editor saw with the form; -1 when the form names none."""
    try:
        return read_number(request.form.get("seen", ""), 0, _MOST_SEEN)
    except ValueError:
        return -1


def _page(
    shop: Shop,
    part: str = "",
    values: dict | None = None,
    problem: dict | None = None,
    saved: str = "",
    kept: int | None = None,
) -> str:
    deployment = current_app.extensions["settings"]
    return render_page(
        "admin/settings.html",
        shop,
        settings={name: on_the_page(name) for name in PARTS},
        fields={
            name: setting_views.fields(shop, name, values if name == part else None)
            for name in PARTS
        },
        seen={
            name: seen_number(shop, name) if kept is None or name != part else kept
            for name in PARTS
        },
        edits={name: setting_views.last_edit(shop, name, services().now()) for name in PARTS},
        save_urls={name: url_for("settings.save", shop_id=shop.id, part=name) for name in PARTS},
        part=part,
        problem=problem,
        saved=saved if saved in PARTS else "",
        languages=LANGUAGES,
        zones=sorted(available_timezones()),
        door=setting_views.door(shop, services().now()),
        deadlines=setting_views.deadlines(deployment.choose_seconds, deployment.make_seconds),
        sign_in_url=url_for("admin_phone.edit", shop_id=shop.id),
        home_url=url_for("admin.home", shop_id=shop.id),
        logo_url=url_for("settings.save_logo", shop_id=shop.id),
        menu_url=url_for("menu.home", shop_id=shop.id),
    )
