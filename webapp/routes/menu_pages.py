"""The menu as the team edits it: drinks and groups of options, each on a page of its own."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for

from domain import menu_edits
from domain.errors import ChangedMeanwhile, ChoiceInvalid, NotFound, SettingInvalid
from domain.languages import LANGUAGES
from domain.menu import ALLERGENS, Drink, OptionGroup
from domain.shops import Shop
from webapp.access import ADMIN, allow, services, staff
from webapp.presenters import settings as setting_views
from webapp.presenters.menu import menu_view, stock_view
from webapp.routes.page import render_page
from webapp.routes.settings_pages import seen
from webapp.services.shop.editing import change_shop, edit_shop, seen_number

blueprint = Blueprint("menu", __name__, url_prefix="/<shop_id>/admin/menu")

_CHANGE = {"drinks": menu_edits.change_drink, "groups": menu_edits.change_group}
_REMOVE = {"drinks": menu_edits.remove_drink, "groups": menu_edits.remove_group}
_PLACES = {"up": -1, "down": 1}


@blueprint.get("")
@allow(ADMIN)
def home(shop_id: str):
    shop = services().shop(shop_id)
    menu = stock_view(shop, services().now())
    for kind in _CHANGE:
        for item in menu[kind]:
            item["edit_url"] = url_for("menu.edit", shop_id=shop_id, kind=kind, item_id=item["id"])
    return render_page(
        "admin/menu.html",
        shop,
        menu=menu,
        move_url=url_for("menu.move", shop_id=shop_id),
        add_urls={
            kind: url_for("menu.edit", shop_id=shop_id, kind=kind, item_id=menu_edits.NEW)
            for kind in _CHANGE
        },
        back_url=url_for("settings.home", shop_id=shop_id),
    )


@blueprint.post("/move")
@allow(ADMIN)
def move(shop_id: str):
    places = _PLACES.get(request.form.get("to", ""))
    if places is None:
        raise ChoiceInvalid("A drink moves up or down.")
    drink_id = request.form.get("drink", "")
    change_shop(services(), shop_id, lambda shop: menu_edits.move_drink(shop, drink_id, places))
    return redirect(url_for("menu.home", shop_id=shop_id, _anchor=f"drink-{drink_id}"), 303)


@blueprint.get("/<any(drinks, groups):kind>/<item_id>")
@allow(ADMIN)
def edit(shop_id: str, kind: str, item_id: str):
    return _item_page(services().shop(shop_id), kind, item_id)


@blueprint.post("/<any(drinks, groups):kind>/<item_id>")
@allow(ADMIN)
def save(shop_id: str, kind: str, item_id: str):
    form = request.form
    values = dict(form) | {name: form.getlist(name) for name in ("groups", "allergens")}
    return _edit(shop_id, kind, item_id, values, lambda shop: _CHANGE[kind](shop, item_id, values))


@blueprint.post("/<any(drinks, groups):kind>/<item_id>/remove")
@allow(ADMIN)
def remove(shop_id: str, kind: str, item_id: str):
    return _edit(shop_id, kind, item_id, None, lambda shop: _REMOVE[kind](shop, item_id))


def _edit(shop_id: str, kind: str, item_id: str, values: dict | None, change):
    part = _part(kind, item_id)
    try:
        edit_shop(services(), staff(), part, seen(), change)
    except SettingInvalid as refused:
        problem = {"field": refused.field, "sentence": refused.sentence}
        shop = services().shop(shop_id)
        return _item_page(shop, kind, item_id, values, problem, kept=seen()), 422
    except ChangedMeanwhile as refused:
        shop = services().shop(shop_id)
        stored = _stored(shop, kind, item_id)
        called = setting_views.menu_labels()
        problem = setting_views.conflict(shop, stored, values or {}, called, refused)
        problem["removes"] = values is None
        return _item_page(shop, kind, item_id, values, problem), 409
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
    address = {"shop_id": shop.id, "kind": kind, "item_id": item_id}
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
        groups=menu_view(shop.menu)["groups"],
        allergens=ALLERGENS,
        own_language=LANGUAGES.get(shop.languages[0], ""),
        translated={code: LANGUAGES.get(code, code) for code in shop.languages[1:]},
        save_url=url_for("menu.save", **address),
        remove_url=url_for("menu.remove", **address),
        back_url=url_for("menu.home", shop_id=shop.id),
    )


def _stored(shop: Shop, kind: str, item_id: str) -> dict:
    """The item's values as its form has them. Raises NotFound when it is off the menu."""
    if kind == "drinks":
        blank = {"name": "", "hint": "", "icon": menu_edits.ICONS[0], "groups": [], "allergens": []}
        items = {
            drink.id: {
                "name": drink.name,
                "hint": drink.hint,
                "icon": drink.icon,
                "groups": list(drink.groups),
                "allergens": list(drink.allergens),
                **_translated(shop, drink, "name", "hint"),
            }
            for drink in shop.menu.drinks
        }
    else:
        blank = {"name": "", "options": ""}
        items = {
            group.id: {
                "name": group.name,
                "options": menu_edits.write_options(group),
                **_translated(shop, group, "name"),
                **{
                    f"options_{code}": menu_edits.write_option_names(group, code)
                    for code in shop.languages[1:]
                },
            }
            for group in shop.menu.groups
        }
    translated = ("name", "hint") if kind == "drinks" else ("name", "options")
    blank |= {f"{name}_{code}": "" for name in translated for code in shop.languages[1:]}
    if item_id == menu_edits.NEW:
        return blank
    if item_id not in items:
        raise NotFound("This is not on the menu any more.")
    return items[item_id]


def _translated(shop: Shop, item: Drink | OptionGroup, *names: str) -> dict[str, str]:
    """What the item is called in each language beside the bar's own."""
    return {
        f"{name}_{code}": getattr(item, f"{name}s").get(code, "")
        for name in names
        for code in shop.languages[1:]
    }


def _part(kind: str, item_id: str) -> str:
    return f"{kind}/{item_id}"
