"""From what the bar refuses to an answer a person can read."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from domain import errors

log = logging.getLogger(__name__)

STATUS = {
    errors.NotFound: 404,
    errors.CodeUnknown: 400,
    errors.CodeExpired: 410,
    errors.PassMissing: 403,
    errors.PhoneNeeded: 403,
    errors.OneTimeCodeWrong: 422,
    errors.OneTimeCodeOver: 410,
    errors.CodeUsedUp: 409,
    errors.OrdersOfDayUsedUp: 409,
    errors.TooManyRequests: 429,
    errors.HasOpenOrder: 409,
    errors.ShopClosed: 409,
    errors.ShopPaused: 409,
    errors.ShopFull: 409,
    errors.ChoiceInvalid: 422,
    errors.SoldOut: 409,
    errors.NotAllowedNow: 409,
    errors.AlreadyTaken: 409,
    errors.SettingInvalid: 422,
    errors.ChangedMeanwhile: 409,
    errors.ShopIdTaken: 409,
    errors.LinkInvalid: 410,
    errors.SignInRefused: 403,
    errors.SignInOver: 410,
}
"""Every refusal's status code; a test sees to it that none is missing."""

_TITLES = {
    400: "That did not work",
    401: "This screen is not signed in",
    404: "There is nothing here",
    405: "That is not possible here",
    410: "This link is no longer good",
    413: "That was too much",
}


def register(app: Flask) -> None:
    """Makes the app answer refusals and faults with a calm page."""
    app.register_error_handler(errors.Refusal, _refused)
    app.register_error_handler(errors.Busy, _busy)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def error_page(status: int, title: str, why: str, reference: str | None = None):
    """A page or, for htmx, its toast, with this status."""
    error = {
        "status": status,
        "title": title,
        "why": why,
        "reference": reference,
        "next_label": "To the start",
        "next_url": url_for("customer.start"),
    }
    shop_id = (request.view_args or {}).get("shop_id")
    if status == 401 and shop_id:
        # A TV has no buttons: it goes on to the code that lets it in by itself.
        pair_url = url_for("sign_in.pair", shop_id=shop_id)
        error |= {"next_label": "Sign this screen in", "next_url": pair_url, "go_on": True}
        error["sign_in_url"] = url_for("staff.sign_in_page", shop_id=shop_id)
    if request.htmx:
        text = f"{why} (Reference {reference})" if reference else why
        return render_template("fragments/toast.html", text=text), status
    return render_template("errors/error.html", error=error, shop=None), status


def _refused(refusal: errors.Refusal):
    status = STATUS[type(refusal)]
    return error_page(status, _TITLES.get(status, "That is not possible now"), refusal.sentence)


def _busy(_: errors.Busy):
    text = "The bar is very busy right now. Nothing was changed; try again in a moment."
    body, status = error_page(503, "One moment, please", text)
    return body, status, {"Retry-After": "2"}


def _csrf(_: CSRFError):
    return error_page(
        400, "This page was open for a long time", "Load it again and repeat what you did."
    )


def _http(error: HTTPException):
    if error.code is not None and error.code < 400:
        return error
    why = {
        401: "In a moment it shows a code. An admin lets it in with that, or by a sign-in link.",
        404: "The address is not one of this bar, or not one of yours. "
        "Scan the code on the screen to begin.",
        405: "Go back and use the buttons on the page.",
        413: "What was sent is larger than any order can be. Nothing was changed.",
    }.get(error.code, "Nothing was changed. Go back and try again.")
    return error_page(error.code, _TITLES.get(error.code, "That did not work"), why)


def _fault(error: Exception):
    reference = secrets.token_hex(4)
    log.exception("fault", extra={"reference": reference})
    return error_page(
        500,
        "Something went wrong on our side",
        "Your order, if you have one, is safe. Try again in a moment, or ask at the counter.",
        reference,
    )
