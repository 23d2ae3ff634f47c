"""The tablet: shows the line and opens or closes the shop's door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import ChoiceInvalid, NotAllowedNow
from domain.orders import ON_SCREENS, Action
from domain.people import NAME_LENGTH
from domain.shops import Shop
from domain.texts import clean_text
from webapp.access import (
    BARISTA,
    allow,
    is_htmx,
    services,
    staff_cookie,
    still_staff,
    team_member,
)
from webapp.cloud.live_topics import barista_topic, board_topic
from webapp.presenters.barista import barista_board, batches
from webapp.presenters.menu import stock_view
from webapp.presenters.shop import paused_until
from webapp.routes.live import feed, live_url
from webapp.routes.page import render_page
from webapp.services.all_services import Services
from webapp.services.orders import barista_steps
from webapp.services.shop import rush, switches
from webapp.services.staff.ports import StaffSession

blueprint = Blueprint("barista", __name__, url_prefix="/<shop_id>/barista")

_REASONS = (
    (barista_steps.CancelReason.SOLD_OUT, "Something ran out"),
    (barista_steps.CancelReason.MACHINE, "The machine needs a break"),
    (barista_steps.CancelReason.CLOSING, "We are closing"),
    (barista_steps.CancelReason.NOT_COLLECTED, "Nobody came for it"),
    (barista_steps.CancelReason.MISTAKE, "A mistake"),
)


_MOST_IN_BATCH = 50
_RUSH = {
    "longer": rush.longer_wait,
    "usual": rush.usual_wait,
    "pause": rush.pause,
    "resume": rush.resume,
}


@blueprint.get("")
@allow(BARISTA)
def board(shop_id: str) -> ResponseReturnValue:
    return _board(
        shop_id,
        "barista/board.html",
        live_url=live_url("barista.live", shop_id=shop_id),
        name_url=url_for("barista.rename", shop_id=shop_id),
        email=team_member().email,
        sign_out_url=url_for("sign_in.sign_out", shop_id=shop_id),
        reread_url=url_for("barista.board_fragment", shop_id=shop_id),
        sold_out_url=url_for("barista.sold_out_list", shop_id=shop_id),
        rush_url=url_for("barista.rush_panel", shop_id=shop_id),
        undo_url=url_for("counter.undo", shop_id=shop_id),
    )


@blueprint.get("/board")
@allow(BARISTA)
def board_fragment(shop_id: str) -> ResponseReturnValue:
    return _board(shop_id)


@blueprint.get("/live")
@allow(BARISTA)
def live(shop_id: str) -> ResponseReturnValue:
    return feed([barista_topic(shop_id), board_topic(shop_id)], still_staff())


@blueprint.post("/orders/<order_id>/make")
@allow(BARISTA)
def make(shop_id: str, order_id: str) -> ResponseReturnValue:
    return act(shop_id, order_id, barista_steps.make_order)


@blueprint.get("/batch")
@allow(BARISTA)
def batch(shop_id: str) -> ResponseReturnValue:
    found = batches(services().orders.open_orders(shop_id), request.args.get("drink", ""))
    return dialog(
        "batch",
        services().shop(shop_id),
        batches=found,
        action=url_for("barista.make_batch", shop_id=shop_id),
    )


@blueprint.post("/batch")
@allow(BARISTA)
def make_batch(shop_id: str) -> ResponseReturnValue:
    order_ids = request.form.get("orders", "").split()
    if not 0 < len(order_ids) <= _MOST_IN_BATCH:
        raise ChoiceInvalid("Choose drinks that are waiting.")
    _, refused = barista_steps.make_batch(services(), order_ids, team_member())
    return answer(shop_id, " ".join(refused))


@blueprint.post("/orders/<order_id>/release")
@allow(BARISTA)
def release(shop_id: str, order_id: str) -> ResponseReturnValue:
    return act(shop_id, order_id, barista_steps.release_order)


@blueprint.post("/orders/<order_id>/complete")
@allow(BARISTA)
def complete(shop_id: str, order_id: str) -> ResponseReturnValue:
    return act(shop_id, order_id, barista_steps.complete_order)


@blueprint.post("/orders/<order_id>/collected")
@allow(BARISTA)
def collected(shop_id: str, order_id: str) -> ResponseReturnValue:
    return act(shop_id, order_id, barista_steps.collect_order)


@blueprint.get("/orders/<order_id>/cancel")
@allow(BARISTA)
def ask_reason(shop_id: str, order_id: str) -> ResponseReturnValue:
    order = services().order(shop_id, order_id)
    return dialog(
        "reasons",
        services().shop(shop_id),
        reasons=[{"id": reason.name.lower(), "label": label} for reason, label in _REASONS],
        order={
            "number": order.number,
            "drink_name": order.drink_order.name if order.drink_order else "",
            "cancel_url": url_for("barista.cancel", shop_id=shop_id, order_id=order.id),
        },
    )


@blueprint.post("/orders/<order_id>/cancel")
@allow(BARISTA)
def cancel(shop_id: str, order_id: str) -> ResponseReturnValue:
    try:
        reason = barista_steps.CancelReason[request.form.get("reason", "").upper()]
    except KeyError:
        raise ChoiceInvalid("Choose one of the reasons.") from None
    return act(
        shop_id,
        order_id,
        lambda services, order_id, barista: barista_steps.cancel_order(
            services, order_id, barista, reason
        ),
    )


@blueprint.post("/open")
@allow(BARISTA)
def open_shop(shop_id: str) -> ResponseReturnValue:
    switches.set_open(services(), shop_id, True)
    return answer(shop_id)


@blueprint.post("/close")
@allow(BARISTA)
def close_shop(shop_id: str) -> ResponseReturnValue:
    switches.set_open(services(), shop_id, False)
    return answer(shop_id)


@blueprint.get("/rush")
@allow(BARISTA)
def rush_panel(shop_id: str) -> ResponseReturnValue:
    return _rush(shop_id)


@blueprint.post("/rush")
@allow(BARISTA)
def set_rush(shop_id: str) -> ResponseReturnValue:
    action = _RUSH.get(request.form.get("action", ""))
    if action is None:
        raise ChoiceInvalid("Choose one of the buttons.")
    action(services(), shop_id)
    if not is_htmx():
        return redirect(url_for("barista.board", shop_id=shop_id), 303)
    return _rush(shop_id)


@blueprint.post("/name")
@allow(BARISTA)
def rename(shop_id: str) -> ResponseReturnValue:
    name = clean_text(request.form.get("name", ""), NAME_LENGTH)
    if not name:
        raise ChoiceInvalid("Write a name first.")
    services().sessions.rename(request.cookies[staff_cookie()], name)
    return redirect(url_for("barista.board", shop_id=shop_id), 303)


@blueprint.get("/sold-out")
@allow(BARISTA)
def sold_out_list(shop_id: str) -> ResponseReturnValue:
    return _sold_out(shop_id)


@blueprint.post("/sold-out")
@allow(BARISTA)
def set_sold_out(shop_id: str) -> ResponseReturnValue:
    form = request.form
    try:
        lasts = switches.SoldOutFor(form.get("lasts", switches.SoldOutFor.UNTIL_SAID))
    except ValueError:
        raise ChoiceInvalid("Choose for how long it is sold out.") from None
    switches.set_sold_out(
        services(),
        shop_id,
        form.get("item", ""),
        form.get("sold_out") == "1",
        form.get("group", ""),
        lasts,
    )
    if not is_htmx():
        return redirect(url_for("barista.sold_out_list", shop_id=shop_id), 303)
    return _sold_out(shop_id)


def act(
    shop_id: str, order_id: str, action: Callable[[Services, str, StaffSession], object]
) -> ResponseReturnValue:
    """Carries out the action and answers with the board.

    When another person was faster, the card shows the refusal.
    """
    try:
        action(services(), order_id, team_member())
    except NotAllowedNow as refused:
        if not is_htmx():
            raise
        order = services().order(shop_id, order_id)
        # The note stands on the card while the card is still on the board, and in the toast
        # otherwise.
        visible = order.state in ON_SCREENS
        return _board(
            shop_id,
            notes={order.id: refused.sentence} if visible else {},
            toast="" if visible else refused.sentence,
        ), 409
    return answer(shop_id)


def answer(shop_id: str, toast: str = "") -> ResponseReturnValue:
    """Returns the board to htmx, and a redirect to the board after a plain form."""
    if is_htmx():
        return _board(shop_id, toast=toast)
    return redirect(url_for("barista.board", shop_id=shop_id), 303)


def dialog(name: str, shop: Shop, **context: Any) -> str:
    """Renders the tablet's dialog, or a page of its own for a browser without script.

    The page around it gets only the shop, not the board.
    """
    template = f"fragments/{name}.html" if is_htmx() else f"barista/{name}.html"
    board_url = url_for("barista.board", shop_id=shop.id)
    return render_page(template, shop, board_url=board_url, **context)


def _rush(shop_id: str) -> str:
    shop = services().shop(shop_id)
    return dialog(
        "rush",
        shop,
        paused_until=paused_until(shop),
        open_count=services().shops.open_order_count(shop_id),
        action=url_for("barista.set_rush", shop_id=shop_id),
    )


def _sold_out(shop_id: str) -> str:
    shop = services().shop(shop_id)
    return dialog(
        "sold_out",
        shop,
        menu=stock_view(shop, services().now()),
        action=url_for("barista.set_sold_out", shop_id=shop_id),
    )


def _board(
    shop_id: str,
    template: str = "fragments/barista_board.html",
    notes: dict | None = None,
    toast: str = "",
    **context: Any,
) -> str:
    """Renders the line with the addresses of its buttons: the fragment alone or within a page."""
    who = team_member()
    shop = services().shop(shop_id)
    view = barista_board(
        shop, services().orders.open_orders(shop_id), who.id, who.name, services().now(), notes
    )
    for card in (*view["waiting"], *view["making"], *view["ready"]):
        card |= _card_urls(shop, card)
    return render_page(
        template,
        shop,
        board=view,
        now_ms=view["at_ms"],
        toast=toast,
        open_url=url_for("barista.open_shop", shop_id=shop_id),
        close_url=url_for("barista.close_shop", shop_id=shop_id),
        walk_up_url=url_for("counter.walk_up", shop_id=shop_id),
        batch_url=url_for("barista.batch", shop_id=shop_id),
        recent_url=url_for("counter.recent", shop_id=shop_id),
        **context,
    )


_BUTTONS = {
    Action.MAKE: ("make_url", "barista.make"),
    Action.RELEASE: ("release_url", "barista.release"),
    Action.COMPLETE: ("complete_url", "barista.complete"),
    Action.CANCEL: ("cancel_url", "barista.ask_reason"),
    Action.COLLECT: ("collected_url", "barista.collected"),
    Action.REMAKE: ("remake_url", "counter.ask_remake"),
}


def _card_urls(shop: Shop, card: dict) -> dict:
    return {
        name: url_for(endpoint, shop_id=shop.id, order_id=card["id"])
        if action in card["actions"]
        else None
        for action, (name, endpoint) in _BUTTONS.items()
    }
