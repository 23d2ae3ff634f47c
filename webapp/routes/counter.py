"""The tablet's work with people at the counter: walk-ups, remakes and wrong taps to take back."""

from __future__ import annotations

import secrets

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from domain.errors import ChoiceInvalid, ShopClosed, ShopFull, SoldOut
from domain.orders import Action
from domain.shops import Shop
from webapp.access import BARISTA, allow, services, team_member
from webapp.errors import STATUS
from webapp.presenters.barista import recently_done
from webapp.presenters.menu import menu_view
from webapp.routes.barista import act, answer, dialog
from webapp.routes.choice_form import read_choice
from webapp.services.orders import barista_steps
from webapp.services.orders.walk_ups import place_walk_up

blueprint = Blueprint("counter", __name__, url_prefix="/<shop_id>/barista")

_UNDONE = {action.value: action for action in (Action.MAKE, Action.COMPLETE, Action.COLLECT)}


@blueprint.get("/walk-up")
@allow(BARISTA)
def walk_up(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    return _walk_up(shop, menu_view(shop.menu))


@blueprint.post("/walk-up")
@allow(BARISTA)
def take_walk_up(shop_id: str) -> ResponseReturnValue:
    form = request.form
    form_key = form.get("form_key", "")
    if not 8 <= len(form_key) <= 64:
        abort(400)
    (drink, choices), name = read_choice(form), form.get("name", "")
    try:
        order = place_walk_up(services(), team_member(), form_key, drink, choices, name)
    except (ChoiceInvalid, SoldOut, ShopClosed, ShopFull) as refused:
        shop = services().shop(shop_id)
        # A customer's refusal says that their deadline goes on. A walk-up has no deadline, so the
        # tablet gets a shorter sentence.
        why = refused.sentence
        if isinstance(refused, SoldOut):
            why = f"{refused.name} has just sold out."
        menu = menu_view(shop.menu, drink, choices, why)
        # The form's target is the board, but a refused form goes back into the dialog, so that the
        # barista keeps what they typed.
        again = make_response(
            _walk_up(shop, menu, form_key, name),
            retarget="#reasons-dialog",
            reswap="innerHTML",
        )
        return again, STATUS[type(refused)]
    return answer(shop_id, f"{order.number} is in line: {order.chosen.name}.")


@blueprint.get("/recent")
@allow(BARISTA)
def recent(shop_id: str) -> ResponseReturnValue:
    shop = services().shop(shop_id)
    orders = recently_done(shop, barista_steps.remakable_orders(services(), shop_id))
    for order in orders:
        order["remake_url"] = url_for("counter.ask_remake", shop_id=shop_id, order_id=order["id"])
    return dialog("recent", shop, orders=orders)


@blueprint.get("/orders/<order_id>/remake")
@allow(BARISTA)
def ask_remake(shop_id: str, order_id: str) -> ResponseReturnValue:
    order = services().order(shop_id, order_id)
    return dialog(
        "remake",
        services().shop(shop_id),
        order={
            "number": order.number,
            "drink_name": order.drink_order.name if order.drink_order else "",
        },
        action=url_for("counter.remake", shop_id=shop_id, order_id=order.id),
    )


@blueprint.post("/orders/<order_id>/remake")
@allow(BARISTA)
def remake(shop_id: str, order_id: str) -> ResponseReturnValue:
    return act(shop_id, order_id, barista_steps.remake_order)


@blueprint.post("/undo")
@allow(BARISTA)
def undo(shop_id: str) -> ResponseReturnValue:
    done = _UNDONE.get(request.form.get("done", ""))
    if done is None:
        raise ChoiceInvalid("There is nothing to take back.")
    order_id, *others = request.form.get("order", "").split() or [""]
    if others:
        undone = barista_steps.undo_batch(services(), [order_id, *others], team_member())
        return answer(shop_id, " ".join(undone))
    return act(
        shop_id,
        order_id,
        lambda services, order_id, barista: barista_steps.undo(services, order_id, barista, done),
    )


def _walk_up(shop: Shop, menu: dict, form_key: str = "", name: str = "") -> str:
    return dialog(
        "walk_up",
        shop,
        menu=menu,
        for_name=name,
        form_key=form_key or secrets.token_urlsafe(12),
        action=url_for("counter.take_walk_up", shop_id=shop.id),
    )
