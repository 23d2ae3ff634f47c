"""Signs a person in: e-mail and password, then a new password, a code or a new authenticator app.

The browser holds only the secret of the sign-in under way. Everything else is in its row.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from domain import passwords
from domain.errors import ChoiceInvalid, Refusal, SignInOver, SignInRefused, TooManyRequests
from domain.people import clean_email
from webapp.access import ANYONE, allow, begin_staff_session, services, staff
from webapp.drawings.qr_code import qr_svg
from webapp.errors import STATUS
from webapp.known_browsers import known_browser, remember_browser
from webapp.routes.page import render_shop_page
from webapp.routes.sign_in import home_of
from webapp.services.staff import password_sign_in
from webapp.services.staff.ports import SignInStep

blueprint = Blueprint("staff", __name__, url_prefix="/<shop_id>/staff")

_ISSUER = "Serverlesspresso"
_PAGES = {
    SignInStep.NEW_PASSWORD: "staff.password_page",
    SignInStep.CODE: "staff.code_page",
    SignInStep.AUTHENTICATOR: "staff.authenticator_page",
}


@blueprint.get("")
@allow(ANYONE)
def sign_in_page(shop_id: str) -> ResponseReturnValue:
    who = staff()
    if who is not None and who.shop_id == shop_id:
        return redirect(home_of(who), 303)
    return _sign_in_page(shop_id)


@blueprint.post("")
@allow(ANYONE)
def sign_in(shop_id: str) -> ResponseReturnValue:
    email = request.form.get("email", "")
    try:
        progress = password_sign_in.sign_in(
            services(), shop_id, email, request.form.get("password", ""), _known_browser(email)
        )
    except (SignInRefused, TooManyRequests) as refused:
        return _sign_in_page(shop_id, refused)
    return _go_on(shop_id, progress)


@blueprint.get("/password")
@allow(ANYONE)
def password_page(shop_id: str) -> ResponseReturnValue:
    return _step_page(shop_id, SignInStep.NEW_PASSWORD)


@blueprint.post("/password")
@allow(ANYONE)
def choose_password(shop_id: str) -> ResponseReturnValue:
    form = request.form
    return _try(
        shop_id,
        SignInStep.NEW_PASSWORD,
        lambda secret: password_sign_in.choose_password(
            services(), secret, form.get("password", ""), form.get("again", "")
        ),
    )


@blueprint.get("/code")
@allow(ANYONE)
def code_page(shop_id: str) -> ResponseReturnValue:
    return _step_page(shop_id, SignInStep.CODE)


@blueprint.post("/code")
@allow(ANYONE)
def give_code(shop_id: str) -> ResponseReturnValue:
    code = request.form.get("code", "")
    return _try(
        shop_id,
        SignInStep.CODE,
        lambda secret: password_sign_in.give_code(services(), secret, code),
    )


@blueprint.get("/authenticator")
@allow(ANYONE)
def authenticator_page(shop_id: str) -> ResponseReturnValue:
    return _step_page(shop_id, SignInStep.AUTHENTICATOR)


@blueprint.post("/authenticator")
@allow(ANYONE)
def set_up_authenticator(shop_id: str) -> ResponseReturnValue:
    code = request.form.get("code", "")
    return _try(
        shop_id,
        SignInStep.AUTHENTICATOR,
        lambda secret: password_sign_in.set_up_authenticator(services(), secret, code),
    )


def _try(
    shop_id: str, step: SignInStep, act: Callable[[str], password_sign_in.Progress]
) -> ResponseReturnValue:
    try:
        progress = act(session.get("sign_in", ""))
    except (ChoiceInvalid, TooManyRequests) as refused:
        return _step_page(shop_id, step, refused)
    except (SignInOver, SignInRefused) as refused:
        return _sign_in_page(shop_id, refused)
    return _go_on(shop_id, progress)


def _go_on(shop_id: str, progress: password_sign_in.Progress) -> ResponseReturnValue:
    if progress.session is not None:
        answer = redirect(home_of(progress.session), 303)
        begin_staff_session(answer, progress.secret, password_sign_in.SESSION_LIFETIME)
        return remember_browser(answer, progress.session.email)
    session["sign_in"] = progress.secret
    page = _PAGES[progress.step] if progress.step else "staff.sign_in_page"
    return redirect(url_for(page, shop_id=shop_id), 303)


def _known_browser(typed: str) -> str:
    email = clean_email(typed)
    return known_browser(email) if email else ""


def _sign_in_page(shop_id: str, refused: Refusal | None = None) -> ResponseReturnValue:
    session.pop("sign_in", None)
    page = render_shop_page(
        "staff/sign_in.html",
        shop_id,
        error=refused.sentence if refused else "",
        email=request.form.get("email", "")[:128],
        action=url_for("staff.sign_in", shop_id=shop_id),
        pair_url=url_for("sign_in.pair", shop_id=shop_id),
    )
    return page, STATUS[type(refused)] if refused else 200


def _step_page(
    shop_id: str, step: SignInStep, refused: Refusal | None = None
) -> ResponseReturnValue:
    """Renders the step that this browser's sign-in waits for, or the first page when it is over."""
    try:
        under_way = password_sign_in.find(services(), session.get("sign_in", ""), step)
    except SignInOver as over:
        return _sign_in_page(shop_id, over)
    page = render_shop_page(
        f"staff/{step.value.replace(' ', '_')}.html",
        shop_id,
        error=refused.sentence if refused else "",
        email=under_way.email,
        policy=passwords.POLICY_SENTENCE,
        start_url=url_for("staff.sign_in_page", shop_id=shop_id),
        **_authenticator(under_way.email, under_way.key),
    )
    return page, STATUS[type(refused)] if refused else 200


def _authenticator(email: str, key: str) -> dict:
    if not key:
        return {}
    address = f"otpauth://totp/{_ISSUER}:{quote(email)}?secret={key}&issuer={_ISSUER}"
    return {
        "svg": qr_svg(address, 260, "Code for your authenticator app"),
        "app_url": address,
        "key": " ".join(key[start : start + 4] for start in range(0, len(key), 4)),
    }
