"""One function per fragment, used by pages and by the forwarder alike, so they cannot differ.

Needs an application context, never a request: pushed fragments hold no URL.
"""

from __future__ import annotations

from datetime import datetime

from flask import render_template

from domain.instants import to_ms
from domain.orders import ON_THE_BOARD, Order
from domain.shops import Shop


def order_status(order: dict, shop: Shop) -> str:
    """The status of an order on its customer's phone."""
    return render_template("fragments/order_status.html", order=order, shop=shop)


def display_board(display: dict, shop: Shop, order: Order | None = None) -> str:
    """The TV's Preparing and Ready lists.

    order: the one that changed. To tablets the push is a signal to read their board again; one that
    shows the order as it is now need not.
    """
    changed = ""
    if order is not None:
        is_on_board = order.state in ON_THE_BOARD
        changed = f"{order.number or 0} {order.version if is_on_board else 'left'}"
    return render_template(
        "fragments/display_board.html", display=display, shop=shop, changed=changed
    )


def code_count(code: dict, shop: Shop) -> str:
    """How many scans the TV's code has left."""
    return render_template("fragments/code_count.html", code=code, shop=shop)


def menu_changed(at: datetime) -> str:
    """Tells a phone with an open menu to renew it, without losing what is chosen."""
    return render_template("fragments/menu_changed.html", at_ms=to_ms(at))


def board_changed(note: str, at: datetime) -> str:
    """Tells the tablets what a barista should know, and to read their board again."""
    return render_template("fragments/board_changed.html", note=note, at_ms=to_ms(at))
