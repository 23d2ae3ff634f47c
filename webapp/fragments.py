"""One function for each fragment. Pages and the forwarder both use it, so they cannot differ.

A function needs an application context but no request, because a pushed fragment holds no URL.
"""

from __future__ import annotations

from datetime import datetime

from flask import render_template

from domain.instants import to_ms
from domain.orders import ON_THE_BOARD, Order
from domain.shops import Shop


def order_status(order: dict, shop: Shop) -> str:
    """Renders the status of an order for its customer's phone."""
    return render_template("fragments/order_status.html", order=order, shop=shop)


def display_board(display: dict, shop: Shop, order: Order | None = None) -> str:
    """Renders the TV's Preparing and Ready lists.

    order: the order that changed. Tablets take the push as a signal to read their board again. A
    tablet that already shows this version of the order does not read.
    """
    changed = ""
    if order is not None:
        is_on_board = order.state in ON_THE_BOARD
        changed = f"{order.number or 0} {order.version if is_on_board else 'left'}"
    return render_template(
        "fragments/display_board.html", display=display, shop=shop, changed=changed
    )


def code_count(code: dict, shop: Shop) -> str:
    """Renders how many scans the TV's QR code has left."""
    return render_template("fragments/code_count.html", code=code, shop=shop)


def menu_changed(at: datetime) -> str:
    """Tells a phone with an open menu to renew it; the phone keeps what is chosen."""
    return render_template("fragments/menu_changed.html", at_ms=to_ms(at))


def board_changed(note: str, at: datetime) -> str:
    """Tells the tablets to read their board again, and shows the barista a note."""
    return render_template("fragments/board_changed.html", note=note, at_ms=to_ms(at))
