"""The menu as the team edits it: each drink and each option group has a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain import menu_edits
from domain.errors import ChangedMeanwhile, ChoiceInvalid, NotFound, SettingInvalid
from domain.languages import LANGUAGES
from domain.menu import ALLERGENS
from domain.shops import Shop
from webapp.access import ADMIN, allow, services, team_member
from webapp.presenters import settings as setting_views
from webapp.presenters.menu import stock_view
from webapp.routes.page import render_page
from webapp.routes.settings_pages import seen
from webapp.services.shop.editing import change_shop, edit_shop, seen_number

blueprint = Blueprint("menu", __name__, url_prefix="/<shop_id>/admin/menu")

_CHANGE = {"drinks": menu_edits.change_drink, "groups": menu_edits.change_group}
_TEXTS: dict[str, Callable[[Any, tuple[str, ...]], dict]] = {
    "drinks": menu_edits.drink_texts,
    "groups": menu_edits.group_texts,
}
_REMOVE = {"drinks": menu_edits.remove_drink, "groups": menu_edits.remove_group}
_PLACES = {"up": -1, "down": 1}


@blueprint.get("")
@allow(ADMIN)
def home(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    menu = stock_view(shop, services().now())
    return render_page(
        "admin/menu.html",
        shop,
        menu=menu,
        edit_urls={
            kind: {
                item.id: url_for("menu.edit", shop_id=shop_id, kind=kind, item_id=item.id)
                for item in menu[kind]
            }
            for kind in _CHANGE
        },
        move_url=url_for("menu.move", shop_id=shop_id),
        add_urls={
            kind: url_for("menu.edit", shop_id=shop_id, kind=kind, item_id=menu_edits.NEW)
            for kind in _CHANGE
        },
        back_url=url_for("settings.home", shop_id=shop_id),
    )


@blueprint.post("/move")
@allow(ADMIN)
def move(shop_id: str) -> ResponseReturnValue:
    places = _PLACES.get(request.form.get("to", ""))
    if places is None:
        raise ChoiceInvalid("A drink moves up or down.")
    drink_id = request.form.get("drink", "")
    change_shop(services(), shop_id, lambda shop: menu_edits.move_drink(shop, drink_id, places))
    return redirect(url_for("menu.home", shop_id=shop_id, _anchor=f"drink-{drink_id}"), 303)


@blueprint.get("/<any(drinks, groups):kind>/<item_id>")
@allow(ADMIN)
def edit(shop_id: str, kind: str, item_id: str) -> ResponseReturnValue:
    return _item_page(services().shop(shop_id), kind, item_id)


@blueprint.post("/<any(drinks, groups):kind>/<item_id>")
@allow(ADMIN)
def save(shop_id: str, kind: str, item_id: str) -> ResponseReturnValue:
    form = request.form
    values = dict(form) | {name: form.getlist(name) for name in ("groups", "allergens")}
    return _edit(shop_id, kind, item_id, values, lambda shop: _CHANGE[kind](shop, item_id, values))


@blueprint.post("/<any(drinks, groups):kind>/<item_id>/remove")
@allow(ADMIN)
def remove(shop_id: str, kind: str, item_id: str) -> ResponseReturnValue:
    return _edit(shop_id, kind, item_id, None, lambda shop: _REMOVE[kind](shop, item_id))


def _edit(
    shop_id: str, kind: str, item_id: str, values: dict | None, change: Callable[[Shop], Shop]
) -> ResponseReturnValue:
    part = _part(kind, item_id)
    try:
        edit_shop(services(), team_member(), part, seen(), change)
    except SettingInvalid as refused:
        problem = {"field": refused.field, "sentence": refused.sentence}
        shop = services().shop(shop_id)
        return _item_page(shop, kind, item_id, values, problem, kept=seen()), 422
    except ChangedMeanwhile as refused:
        shop = services().shop(shop_id)
        stored = _stored(shop, kind, item_id)
        called = setting_views.menu_labels()
        found: dict = setting_views.conflict(shop, stored, values or {}, called, refused)
        found["removes"] = values is None
        return _item_page(shop, kind, item_id, values, found), 409
    return redirect(url_for("menu.home", shop_id=shop_id), 303)


def _item_page(
    shop: Shop,
    kind: str,
    item_id: str,
    typed: dict | None = None,
    problem: dict | None = None,
    kept: int | None = None,
) -> str:
    stored = _stored(shop, kind, item_id)
    values = stored | {name: value for name, value in (typed or {}).items() if name in stored}
    part = _part(kind, item_id)
    address: dict[str, Any] = {"shop_id": shop.id, "kind": kind, "item_id": item_id}
    return render_page(
        "admin/menu_item.html",
        shop,
        kind=kind,
        values=values,
        problem=problem,
        is_new=item_id == menu_edits.NEW,
        seen=seen_number(shop, part) if kept is None else kept,
        last_edit=setting_views.last_edit(shop, part, services().now()),
        icon_names=menu_edits.ICONS,
        groups=shop.menu.groups,
        allergens=ALLERGENS,
        own_language=LANGUAGES.get(shop.languages[0], ""),
        translated={code: LANGUAGES.get(code, code) for code in shop.languages[1:]},
        save_url=url_for("menu.save", **address),
        remove_url=url_for("menu.remove", **address),
        back_url=url_for("menu.home", shop_id=shop.id),
    )


def _stored(shop: Shop, kind: str, item_id: str) -> dict:
    """Returns the item's values as its form has them. Raises NotFound when it is off the menu."""
    write = _TEXTS[kind]
    if item_id == menu_edits.NEW:
        return write(None, shop.languages)
    for item in getattr(shop.menu, kind):
        if item.id == item_id:
            return write(item, shop.languages)
    raise NotFound("This is not on the menu any more.")


def _part(kind: str, item_id: str) -> str:
    return f"{kind}/{item_id}"
