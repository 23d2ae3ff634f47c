"""What extensions have printed: for the printer's computer by token, for the team as a page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from domain.instants import to_ms
from webapp.access import BARISTA, DEVICE, allow, services
from webapp.presenters import api as api_views
from webapp.presenters.admin import printout_view
from webapp.routes import api
from webapp.routes.api import PLACE, operation

blueprint = Blueprint("printing", __name__, url_prefix="/<shop_id>/printouts/<extension>")

_SCOPE = "printouts:print"
_ALL = f"/{PLACE}/printouts/<extension>"


@api.blueprint.get(_ALL)
@allow(DEVICE)
@operation("What waits to be printed, oldest first", _SCOPE, "Printouts")
def printouts(shop_id: str, extension: str) -> ResponseReturnValue:
    from webapp.services.orders.printouts import press

    waiting = press(services(), shop_id, extension).queue.waiting(shop_id)
    return {"printouts": [api_views.printout(one) for one in waiting]}


@api.blueprint.get(f"{_ALL}/<printout_id>")
@allow(DEVICE)
@operation("One of them as PDF, to be printed", _SCOPE, "Pdf", media="application/pdf")
def printout(shop_id: str, extension: str, printout_id: str) -> ResponseReturnValue:
    return _pdf(shop_id, extension, printout_id)


@api.blueprint.put(f"{_ALL}/<printout_id>")
@allow(DEVICE)
@operation(
    "Tick it off (printed), or have it printed again (waiting)",
    _SCOPE,
    "Printout",
    body="PrintoutState",
    is_repeatable=True,
)
def mark_printout(
    shop_id: str, body: dict, extension: str, printout_id: str
) -> ResponseReturnValue:
    from webapp.services.orders import printouts

    press, one = printouts.printout(services(), shop_id, extension, printout_id)
    mark = press.queue.tick_off if body["state"] == "printed" else press.queue.print_again
    return api_views.printout(mark(one))


@blueprint.get("")
@allow(BARISTA)
def page(shop_id: str, extension: str) -> ResponseReturnValue:
    from webapp.services.orders.printouts import press

    shop, now = services().shop(shop_id), services().now()
    place: dict[str, Any] = {"shop_id": shop_id, "extension": extension}
    return render_template(
        "barista/printouts.html",
        shop=shop,
        extension=extension,
        printouts=[
            printout_view(shop, one, now)
            | {
                "id": one.id,
                "pdf_url": url_for("printing.pdf", printout_id=one.id, **place),
                "again_url": url_for("printing.again", printout_id=one.id, **place),
            }
            for one in press(services(), shop_id, extension).queue.latest(shop_id)
        ],
        here_url=url_for("printing.page", **place),
        back_url=url_for("barista.board", shop_id=shop_id),
        now_ms=to_ms(now),
        live_url=None,
    )


@blueprint.get("/<printout_id>")
@allow(BARISTA)
def pdf(shop_id: str, extension: str, printout_id: str) -> ResponseReturnValue:
    return _pdf(shop_id, extension, printout_id)


@blueprint.post("/<printout_id>/again")
@allow(BARISTA)
def again(shop_id: str, extension: str, printout_id: str) -> ResponseReturnValue:
    from webapp.services.orders import printouts

    press, one = printouts.printout(services(), shop_id, extension, printout_id)
    press.queue.print_again(one)
    return redirect(url_for("printing.page", shop_id=shop_id, extension=extension), 303)


def _pdf(shop_id: str, extension: str, printout_id: str) -> Response:
    from webapp.services.orders import printouts

    press, one = printouts.printout(services(), shop_id, extension, printout_id)
    answer = Response(press.draw(one), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{extension}-{one.id}.pdf"'
    return answer
