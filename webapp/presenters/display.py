"""The TV: whose drink is ready, and the QR code to scan."""

from __future__ import annotations

from datetime import datetime

from domain.admission import CurrentCode, QrCode, state_of
from domain.orders import Order, Phase, being_made, ready_to_collect, waiting
from domain.shops import Shop
from webapp.presenters.order_looks import tv_word
from webapp.presenters.shop import opens, pickup_place
from webapp.presenters.times import clock, to_ms
from webapp.words import _, in_locale, pgettext

_ROWS_ON_TV = 6


def display_board(shop: Shop, open_orders: list[Order], now: datetime) -> dict:
    """Returns the TV's two lists."""
    making = sorted(being_made(open_orders), key=lambda order: order.number or 0)
    preparing = [*making, *waiting(open_orders)]
    ready = ready_to_collect(open_orders)
    return {
        "at_ms": to_ms(now),
        "version": 0,
        "is_open": shop.is_open and not shop.paused_until,
        "preparing": [
            {
                "number": order.number,
                "drink_name": order.chosen.name,
                "is_making": order.phase is Phase.IN_HAND,
                "word": tv_word(order),
            }
            for order in preparing[:_ROWS_ON_TV]
        ],
        "more_waiting": max(len(preparing) - _ROWS_ON_TV, 0),
        "ready": [
            {
                "number": order.number,
                "drink_name": order.chosen.name,
                "ready_ms": to_ms(order.ended_at),
            }
            for order in reversed(ready)
        ],
        "pickup_place": pickup_place(shop),
        "words": tv_words(shop),
    }


def tv_words(shop: Shop) -> dict:
    """Returns the TV's large words in the shop's first language and in its second one."""
    second = shop.languages[1] if len(shop.languages) > 1 else ""
    also = dict.fromkeys(_large_words(shop), "")
    if second:
        with in_locale(second):
            also = _large_words(shop)
    return {
        "language": second,
        **{name: {"own": own, "also": also[name]} for name, own in _large_words(shop).items()},
    }


def _large_words(shop: Shop) -> dict[str, str]:
    return {
        "open": _("Scan to order"),
        "used_up": _("Next code soon"),
        "full": _("Full right now"),
        "paused": _("Short pause"),
        "closed": _("Closed now"),
        "preparing": _("Preparing"),
        "ready": pgettext("heading over the numbers to collect", "Ready"),
        "collect": _("Collect at the %(place)s", place=pickup_place(shop)),
    }


def code_view(shop: Shop, current: CurrentCode, now: datetime, public_url: str) -> dict:
    """Returns the TV's QR code panel without drawing; a topic never carries drawing or address."""
    state, next_at = state_of(shop, current)
    return {
        "state": state,
        # The TV reads its page again when this value changes.
        "window": f"{current.bucket.window}-{shop.code_seconds}",
        **_drawn(shop, current.qr_code, public_url, state),
        "coming": [_drawn(shop, coming, public_url, state) for coming in current.coming],
        "scans": current.bucket.scans,
        "left": current.bucket.left,
        "next_ms": to_ms(next_at),
        "next_clock": clock(shop, next_at),
        "opens": opens(shop, now),
        "extra_minutes": shop.extra_minutes,
        "words": tv_words(shop),
        "at_ms": to_ms(now),
        "version": 0,
    }


def _drawn(shop: Shop, qr_code: QrCode, public_url: str, state: str) -> dict:
    """Returns one QR code without its drawing, which the route adds.

    The address is there only while the shop takes orders.
    """
    return {
        "url": f"{public_url}/{shop.id}/scan/{qr_code.text}" if state == "open" else None,
        "renew_ms": to_ms(qr_code.shown_until),
        "good_until_ms": to_ms(qr_code.good_until),
        "svg": None,
    }
