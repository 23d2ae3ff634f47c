"""The admin's page that chooses how customers sign in and counts the text messages sent."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import ChoiceInvalid
from domain.shops import SignIn
from webapp.access import ADMIN, allow, services
from webapp.presenters.times import clock
from webapp.routes.page import render_page
from webapp.services.phone.requirement import set_sign_in
from webapp.services.phone.text_limits import text_budget

blueprint = Blueprint("admin_phone", __name__, url_prefix="/<shop_id>/admin/customer-sign-in")


@blueprint.get("")
@allow(ADMIN)
def edit(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    return _page(shop_id, shop.sign_in, ", ".join(shop.phone_countries))


@blueprint.post("")
@allow(ADMIN)
def save(shop_id: str) -> ResponseReturnValue:
    sign_in, countries = request.form.get("sign_in", ""), request.form.get("countries", "")
    try:
        set_sign_in(services(), shop_id, sign_in, countries)
    except ChoiceInvalid as refused:
        return _page(shop_id, sign_in, countries[:200], refused.sentence), 422
    return redirect(url_for("admin_phone.edit", shop_id=shop_id, saved=1), 303)


def _page(shop_id: str, sign_in: str, countries: str, error: str = "") -> str:
    shop = services().shop(shop_id)
    budget = text_budget(services(), shop) if shop.sign_in is SignIn.PHONE else None
    return render_page(
        "admin/customer_sign_in.html",
        shop,
        sign_in=sign_in,
        countries=countries,
        error=error,
        saved="saved" in request.args,
        budget=budget,
        budget_clock=budget and clock(shop, budget.ends_at),
        action=url_for("admin_phone.save", shop_id=shop_id),
        home_url=url_for("admin.home", shop_id=shop_id),
    )
