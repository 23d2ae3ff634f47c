"""Turns the bar's refusals and faults into answers that a person can read."""

from __future__ import annotations

import json
import logging
import re
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from domain import errors
from domain.texts import N_
from webapp.access import Audience, audiences_of, in_address, is_htmx
from webapp.cloud.outages import outage_in
from webapp.languages import use_locale_of_stranger
from webapp.logs import new_reference
from webapp.presenters.api import time
from webapp.services.api.idempotency import KeyReused, StillUnderWay
from webapp.words import _, sentence_of

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2
_READ_SECONDS = 8
"""How long, without script, the page after a form stays, so that its sentence can be read."""
_TV_SECONDS = 30
_ITSELF = ""
"""The address of the page itself. The browser knows it, and it may hold a QR code's proof, so the
page does not repeat it."""

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
    KeyReused: 422,
    StillUnderWay: 409,
}
"""Every refusal's status code; a test makes sure that none is missing."""

_TITLES = {
    400: N_("That did not work"),
    401: "This screen is not signed in",
    404: N_("There is nothing here"),
    405: N_("That is not possible here"),
    410: N_("This link is no longer good"),
    413: N_("That was too much"),
}


_API_WORDS = {
    400: "The request could not be read.",
    401: "Send the token of a device of this shop: Authorization: Bearer TOKEN.",
    403: "The device's token does not allow this.",
    404: "There is nothing of this shop at this address.",
    405: "This address does not take this method.",
    413: "The body is larger than any request can be.",
    415: "The body must be JSON: Content-Type: application/json.",
    503: "A part of the bar does not answer. Send the same request again in a moment.",
}


Answer = tuple[str, int, dict[str, str]]
"""Body, status and headers."""


def register(app: Flask) -> None:
    """Makes the app answer refusals and faults with a calm page."""
    app.register_error_handler(errors.Refusal, _refused)
    app.register_error_handler(errors.Busy, _busy)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def error_page(
    status: int, title: str, why: str, reference: str | None = None, **more: Any
) -> Answer:
    """Returns a page with this status, a toast for htmx, or a problem for the JSON API.

    more: further values for the page's template.
    """
    if _is_api():
        return _problem(status, title, why, reference=reference)
    if is_htmx():
        text = why
        if reference:
            text = f"{why} {_('(Reference %(reference)s)', reference=reference)}"
        return render_template("fragments/toast.html", text=text), status, {}
    error = {
        "status": status,
        "title": title,
        "why": why,
        "reference": reference,
        "next_label": _("To the start"),
        "next_url": url_for("customer.start"),
    }
    is_tv = _is_for(Audience.DISPLAY)
    shop_id = (request.view_args or {}).get("shop_id")
    if shop_id and status < 500 and _is_for(Audience.BARISTA, Audience.ADMIN, Audience.DISPLAY):
        error["sign_in_url"] = url_for("staff.sign_in_page", shop_id=shop_id)
    if status == 401 and shop_id:
        # A TV has no buttons, so its page goes by itself to the pairing code that lets it in.
        show = "figures" if request.endpoint == "metrics.tv" else None
        pair_url = url_for("sign_in.pair", shop_id=shop_id, show=show)
        error |= {"next_label": "Sign this screen in", "next_url": pair_url}
        error |= {"go_on_url": pair_url, "go_on_seconds": 4}
        is_tv = False
    elif is_tv:
        # The trouble may pass, and nobody stands at the TV to press anything.
        error |= {"go_on_url": _ITSELF, "go_on_seconds": _TV_SECONDS}
    template = "errors/tv.html" if is_tv else "errors/error.html"
    return render_template(template, error=error | more, shop=None), status, {}


def _is_for(*audiences: Audience) -> bool:
    """Returns whether the route of this address is for one of the audiences."""
    view = current_app.view_functions.get(request.endpoint or "")
    return not audiences_of(view).isdisjoint(audiences)


def _use_locale_for(status: int) -> None:
    """Makes the reader's language the current locale for a page of no shop.

    Pages of the team stay in English.
    """
    # An unknown TV shows its way in to an admin, so this page stays in English.
    use_locale_of_stranger(is_tv=status != 401 and _is_for(Audience.DISPLAY))


def _page_of_form() -> str:
    """Returns the page on which the form stood; the start page if the browser does not tell."""
    addresses = current_app.create_url_adapter(request)
    if addresses and addresses.test(method="GET"):
        return _ITSELF
    try:
        before = urlsplit(request.referrer or "")
    except ValueError:
        before = urlsplit("")
    if before.netloc != request.host or before.path.startswith("//"):
        return url_for("customer.start")
    return before.path + (f"?{before.query}" if before.query else "")


def _is_api() -> bool:
    parts = request.path.split("/")
    return "api" in (parts[2:3] or parts[1:2]) or request.path == "/api/openapi.json"


def _problem(
    status: int, title: str, detail: str, kind: str = "about:blank", **more: Any
) -> Answer:
    """Returns a problem in the form of RFC 9457."""
    problem = {"type": kind, "title": title, "status": status, "detail": detail}
    problem |= {name: value for name, value in more.items() if value is not None}
    headers = {"Content-Type": "application/problem+json"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="coffee-bar"'
    return json.dumps(problem), status, headers


def _problem_of(refusal: errors.Refusal, status: int) -> Answer:
    """Returns a refusal as a problem. Programs can tell the refusal by the problem's type."""
    if status == 404:
        # A thing of another shop gets the same answer as an unknown one.
        return _problem(404, "Not Found", _API_WORDS[404])
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(refusal).__name__).lower()
    retry_at = getattr(refusal, "retry_at", None) or getattr(refusal, "next_at", None)
    body, status, headers = _problem(
        status,
        _TITLES.get(status, "That is not possible now"),
        refusal.sentence,
        kind=f"urn:coffee-bar:problem:{name}",
        retryAt=time(retry_at),
        orderId=getattr(refusal, "order_id", None),
    )
    if retry_at and status == 429:
        headers["Retry-After"] = format_datetime(retry_at, usegmt=True)
    return body, status, headers


def _refused(refusal: errors.Refusal) -> Answer:
    status = STATUS[type(refusal)]
    if _is_api():
        return _problem_of(refusal, status)
    _use_locale_for(status)
    if status == 404 and _is_for(Audience.ORDER_OWNER):
        return _no_such_order()
    retry_at = getattr(refusal, "retry_at", None) if status == 429 else None
    headers = {"Retry-After": format_datetime(retry_at, usegmt=True)} if retry_at else {}
    return _with(error_page(status, _title(status), sentence_of(refusal)), headers)


def _no_such_order() -> Answer:
    """Returns the page for an order that this browser does not own, for example in another app."""
    return error_page(
        404,
        _("This order is not here"),
        _(
            "The bar has no such order for this browser. If you began it in another app, "
            "open it there. To order, scan the code on the screen."
        ),
        next_url=url_for("customer.welcome", shop_id=in_address("shop_id")),
    )


def _busy(_error: errors.Busy) -> Answer:
    if request.method in ("GET", "HEAD"):
        return _part_is_down()
    _use_locale_for(503)
    return _one_moment(
        _("The bar is very busy right now. Nothing was changed; try again in a moment.")
    )


def _part_is_down() -> Answer:
    if _is_api():
        return _one_moment(_API_WORDS[503])
    _use_locale_for(503)
    if request.method in ("GET", "HEAD"):
        if is_htmx():
            text = _("A part of the bar is not answering just now. Please try again in a moment.")
        else:
            text = _("A part of the bar is not answering just now. This page goes on by itself.")
        return _one_moment(text)
    return _one_moment(
        _(
            "A part of the bar did not answer, so this may not have been done. Look at the page, "
            "and press again if it was not: nothing is done twice."
        )
    )


def _one_moment(text: str) -> Answer:
    """Returns an answer to a request that may be sent again in a moment.

    The page sends it again by itself, with or without script. After a form it goes back to the
    form's page, which shows whether the form was carried out.
    """
    is_form = request.method not in ("GET", "HEAD")
    more: dict[str, Any] = {}
    if not _is_api() and not is_htmx():
        go_on_url = _page_of_form() if is_form else _ITSELF
        more = {
            "go_on_url": go_on_url,
            "go_on_seconds": _READ_SECONDS if is_form else _RETRY_SECONDS,
            "next_url": go_on_url,
            "next_label": _("Back to the page") if is_form else _("Try again"),
        }
    answer = error_page(503, _("One moment, please"), text, **more)
    return _with(answer, {"Retry-After": str(_RETRY_SECONDS)})


def _csrf(_error: CSRFError) -> Answer:
    _use_locale_for(400)
    return error_page(
        400,
        _("This page was open for a long time"),
        _("Load it again and repeat what you did."),
    )


def _http(error: HTTPException) -> Answer | HTTPException:
    if error.code is not None and error.code < 400:
        return error
    code = error.code or 500
    if _is_api():
        why = _API_WORDS.get(code, "Nothing was changed.")
        return _with(error_page(code, error.name, why), _allowed(error))
    _use_locale_for(code)
    why = {
        401: "In a moment it shows a code. An admin lets it in with that, or by a sign-in link.",
        404: _(
            "The address is not one of this bar, or not one of yours. "
            "Scan the code on the screen to begin."
        ),
        405: _("Go back and use the buttons on the page."),
        413: _("What was sent is larger than any order can be. Nothing was changed."),
    }.get(code, _("Nothing was changed. Go back and try again."))
    return _with(error_page(code, _title(code, _("That did not work")), why), _allowed(error))


def _allowed(error: HTTPException) -> dict[str, str]:
    methods = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(sorted(methods))} if methods else {}


def _with(answer: Answer, headers: dict[str, str]) -> Answer:
    body, status, own = answer
    return body, status, headers | own


def _title(status: int, other: str | None = None) -> str:
    title = _TITLES.get(status)
    return _(title) if title else other or _("That is not possible now")


def _fault(error: Exception) -> Answer:
    if outage := outage_in(error):
        log.error("a part of the bar does not answer: %s", outage)
        return _part_is_down()
    _use_locale_for(500)
    reference = new_reference()
    log.exception("fault", extra={"reference": reference})
    return error_page(
        500,
        _("Something went wrong on our side"),
        _("Your order, if you have one, is safe. Try again in a moment, or ask at the counter."),
        reference,
    )
