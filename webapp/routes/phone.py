"""Signs a customer in by phone: asks for the number, then for the texted code."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import (
    ChoiceInvalid,
    OneTimeCodeOver,
    OneTimeCodeWrong,
    Refusal,
    TooManyRequests,
)
from domain.shops import Shop
from webapp.access import (
    ANYONE,
    allow,
    customer,
    forget_customer,
    remember_customer,
    services,
)
from webapp.errors import STATUS
from webapp.languages import entered
from webapp.presenters.phone import phone_code_view, phone_number_view
from webapp.routes.customer import page, refusal_page
from webapp.services.intake import passes
from webapp.services.phone import signing_in
from webapp.words import sentence_of

blueprint = Blueprint("phone", __name__, url_prefix="/<shop_id>/phone")


@blueprint.get("")
@allow(ANYONE)
def number_page(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    if not passes.needs_phone(services(), shop, customer()):
        return _on_to_place(shop)
    try:
        passes.check_pass(services(), shop, customer())
    except Refusal as refused:
        return refusal_page(shop, refused)
    return _number_page(shop)


@blueprint.post("")
@allow(ANYONE)
def ask_code(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    if not passes.needs_phone(services(), shop, customer()):
        return _on_to_place(shop)
    typed = request.form.get("number", "")
    try:
        signing_in.ask_code(services(), shop, customer(), typed)
    except ChoiceInvalid as refused:
        return _number_page(shop, typed, sentence_of(refused)), STATUS[type(refused)]
    except Refusal as refused:
        return _refusal(shop, refused)
    return _on_to_code(shop)


@blueprint.get("/code")
@allow(ANYONE)
def code_page(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    if not passes.needs_phone(services(), shop, customer()):
        return _on_to_place(shop)
    try:
        return _code_page(shop)
    except OneTimeCodeOver:
        return redirect(url_for("phone.number_page", shop_id=shop.id), 303)


@blueprint.post("/code")
@allow(ANYONE)
def enter_code(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    if not passes.needs_phone(services(), shop, customer()):
        return _on_to_place(shop)
    typed = request.form.get("code", "")
    try:
        secret, who = signing_in.enter_code(services(), shop, customer(), typed)
    except (ChoiceInvalid, OneTimeCodeWrong, OneTimeCodeOver) as refused:
        try:
            return _code_page(shop, refused), STATUS[type(refused)]
        except OneTimeCodeOver:
            return refusal_page(shop, refused, url_for("phone.number_page", shop_id=shop.id))
    except Refusal as refused:
        return _refusal(shop, refused)
    remember_customer(secret, who)
    return _on_to_place(shop)


@blueprint.post("/code/again")
@allow(ANYONE)
def ask_again(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    if not passes.needs_phone(services(), shop, customer()):
        return _on_to_place(shop)
    try:
        signing_in.ask_again(services(), shop, customer())
    except Refusal as refused:
        return _refusal(shop, refused)
    return _on_to_code(shop)


@blueprint.post("/sign-out")
@allow(ANYONE)
def sign_out(shop_id: str) -> ResponseReturnValue:
    shop = entered(shop_id)
    if who := customer():
        services().customer_sessions.end(who)
        forget_customer()
    return redirect(url_for("customer.welcome", shop_id=shop.id), 303)


def _number_page(shop: Shop, typed: str = "", error: str = "") -> str:
    return page(
        "customer/phone.html",
        shop,
        form=phone_number_view(shop, typed, error),
        action=url_for("phone.ask_code", shop_id=shop.id),
    )


def _code_page(shop: Shop, refused: Refusal | None = None) -> str:
    """Renders the form for the texted code.

    Raises OneTimeCodeOver when this browser has no number that waits for a texted code.
    """
    sign_in = signing_in.waiting(services(), shop, customer())
    # On a developer's machine the emulator keeps the text messages, and they are read on a page
    # whose address holds a key. This page must not show that address. See
    # webapp/routes/developer.py.
    is_local = "developer.texts" in current_app.view_functions
    return page(
        "customer/phone_code.html",
        shop,
        form=phone_code_view(shop, sign_in, refused, services().now()),
        action=url_for("phone.enter_code", shop_id=shop.id),
        again_url=url_for("phone.ask_again", shop_id=shop.id),
        number_url=url_for("phone.number_page", shop_id=shop.id),
        is_local=is_local,
    )


def _refusal(shop: Shop, refused: Refusal) -> ResponseReturnValue:
    if isinstance(refused, OneTimeCodeOver):
        return redirect(url_for("phone.number_page", shop_id=shop.id), 303)
    if not isinstance(refused, TooManyRequests):
        return refusal_page(shop, refused)
    try:
        signing_in.waiting(services(), shop, customer())
    except OneTimeCodeOver:
        back = url_for("phone.number_page", shop_id=shop.id)
    else:
        back = url_for("phone.code_page", shop_id=shop.id)
    return refusal_page(shop, refused, back)


def _on_to_place(shop: Shop) -> ResponseReturnValue:
    return redirect(url_for("customer.place", shop_id=shop.id), 303)


def _on_to_code(shop: Shop) -> ResponseReturnValue:
    return redirect(url_for("phone.code_page", shop_id=shop.id), 303)
