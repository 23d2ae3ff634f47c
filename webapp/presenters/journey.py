"""An order's journey as its page shows it: with names for its customer, without for all others."""

from __future__ import annotations

from datetime import datetime

from domain.detail_types import DetailType
from domain.events import parse_order_event
from domain.instants import to_ms
from domain.menu import DrinkOrder
from domain.orders import OrderState, RefusalReason, TimeOutCause
from domain.shops import Shop
from domain.texts import N_
from webapp.drawings.workflow import workflow_svg
from webapp.presenters.shop import drink_order
from webapp.presenters.times import calendar_day, minutes_and_seconds
from webapp.services.past.ports import StoredEvent
from webapp.words import _, as_said, listed
from workflows.graph import path_taken

_ENDS = {
    DetailType.ORDER_COMPLETED: (N_("How your drink was made"), N_("How a drink was made")),
    DetailType.ORDER_CANCELLED: (N_("How your order ended"), N_("How an order ended")),
    DetailType.ORDER_TIME_OUT: (N_("How your order ended"), N_("How an order ended")),
    DetailType.SHOP_NOT_READY: (
        N_("Why your order was not taken"),
        N_("Why an order was not taken"),
    ),
}
_UNDER_WAY = (N_("How your drink is being made"), N_("How a drink is being made"))


def journey_view(
    shop: Shop, events: list[StoredEvent], now: datetime, is_shared: bool = False
) -> dict:
    """Returns the journey's page. A shared page shows no names and no order number."""
    end = _end(events)
    path = path_taken([(event.detail_type, event.detail) for event in events])
    drink = next(
        (
            parse_order_event(e.detail_type, e.detail).drink_order
            for e in reversed(events)
            if e.detail.get("drinkOrder")
        ),
        None,
    )
    return {
        "version": len(events),
        "at_ms": to_ms(now),
        "title": _((_ENDS[end] if end else _UNDER_WAY)[is_shared]),
        "drink": drink and _drink(shop, drink),
        "number": None if is_shared else _number(events),
        "day": _day(shop, events[0].at) if events else "",
        "zone": shop.timezone,
        "facts": _facts(events),
        "svg": workflow_svg(path, end is not None, end is DetailType.ORDER_COMPLETED),
        "rows": _rows(shop, events, is_shared),
        "is_over": end is not None,
    }


def _drink(shop: Shop, ordered: DrinkOrder) -> dict:
    drink = drink_order(shop, ordered)
    return {"name": drink.name, "options": as_said(listed(drink.differences))}


def _day(shop: Shop, at: datetime) -> str:
    local = shop.local_time(at)
    return _("%(day)s %(year)s", day=calendar_day(local), year=local.year)


def _end(events: list[StoredEvent]) -> DetailType | None:
    """Returns how the order ended; None while it is open, also after its end was taken back."""
    end = None
    for event in events:
        if event.detail_type in _ENDS:
            end = event.detail_type
        elif event.detail_type is DetailType.ORDER_REOPENED:
            end = end if event.detail.get("ORDERSTATE") == OrderState.COMPLETED else None
    return end


def _rows(shop: Shop, events: list[StoredEvent], is_shared: bool) -> list[dict]:
    rows: list[dict] = []
    for event in events:
        local = shop.local_time(event.at)
        clock = local.strftime("%H:%M:%S")
        rows.append(
            {
                "name": event.detail_type.value,
                "clock": clock,
                "iso": local.isoformat(timespec="milliseconds"),
                # The events of one step happened at the same time, so only the first of them shows
                # it.
                "is_same": bool(rows) and rows[-1]["clock"] == clock,
                "text": _text(event, is_shared),
            }
        )
    return rows


def _text(event: StoredEvent, is_shared: bool) -> str:
    detail = event.detail
    match event.detail_type:
        case DetailType.MAKE_ORDER:
            name = "" if is_shared else detail.get("baristaName", "")
            if not detail.get("baristaUserId"):
                return _("The order went back into the queue, to its old place.")
            return _(
                "%(barista)s took the order and makes the drink.", barista=name or _("A barista")
            )
        case DetailType.ORDER_REOPENED:
            if detail.get("reason") == "remake":
                return _("The drink did not come out right: it is made again, ahead of the line.")
            return _("A barista took a wrong tap back.")
        case DetailType.ORDER_CANCELLED:
            if detail.get("cancelledBy") == "barista":
                reason = detail.get("reason", "")
                return _("The bar cancelled the order because %(reason)s.", reason=_(reason))
            return _("The customer cancelled the order.")
        case DetailType.ORDER_TIME_OUT:
            if detail.get("cause") == TimeOutCause.CUSTOMER:
                return _("Nobody chose a drink in time; the order was closed and its place freed.")
            return _(
                "Nobody could make the drink in time; the order was closed and its place freed."
            )
        case DetailType.SHOP_NOT_READY:
            if detail.get("reason") == RefusalReason.FULL:
                return _("The shop was full; the order was not taken and the scan was given back.")
            return _("The shop was closed; the order was not taken and the scan was given back.")
    return _(detail.get("Message", ""))


def _facts(events: list[StoredEvent]) -> list[dict]:
    """Returns how long the customer waited and how long the drink took, as far as it is known."""
    at = {
        event.detail_type: event.at
        for event in events
        if event.detail_type is not DetailType.MAKE_ORDER or event.detail.get("baristaUserId")
    }
    submitted, making, ready = (
        at.get(name)
        for name in (
            DetailType.WAITING_PRODUCTION,
            DetailType.MAKE_ORDER,
            DetailType.ORDER_COMPLETED,
        )
    )
    spans = (
        (_("Waited"), submitted, making),
        (_("Made in"), making, ready),
        (_("In all"), submitted, ready),
    )
    return [
        {"label": label, "value": minutes_and_seconds((end - begin).total_seconds())}
        for label, begin, end in spans
        if begin and end and end >= begin
    ]


def _number(events: list[StoredEvent]) -> str | None:
    return next((e.detail["orderNumber"] for e in events if "orderNumber" in e.detail), None)
