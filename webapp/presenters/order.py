"""One order as its customer sees it, in the tone of the house."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from domain import orders as order_rules
from domain.orders import Order, OrderState, RefusalReason, Role, TimeOutCause
from domain.shops import Shop
from webapp.presenters.shop import drink_order, pickup_place, rush_note, wait_sentence
from webapp.presenters.times import duration, to_ms
from webapp.words import _, as_said, listed

if TYPE_CHECKING:
    from domain.estimate import WaitRange


def order_view(
    shop: Shop,
    order: Order,
    open_orders: list[Order],
    now: datetime,
    wait: WaitRange | None = None,
) -> dict:
    """One order as its customer sees it. URLs are added by the route; fragments need none."""
    position = order_rules.position(order, open_orders)
    headline, sentence, next_step = _order_texts(shop, order, position)
    drink = order.drink_order and drink_order(shop, order.drink_order)
    return {
        "id": order.id,
        "state": order.state.value,
        "version": order.version,
        "at_ms": to_ms(now),
        "number": order.number,
        "drink": drink and {"id": drink.drink, "name": drink.name, "icon": drink.icon},
        "differences": as_said(listed(drink.differences)) if drink else "",
        "barista_name": order.barista_name,
        "wait": wait and wait_sentence(wait),
        "deadline_ms": to_ms(order.deadline_at) if order.state is OrderState.ADMITTED else None,
        "deadline_total_seconds": order.choose_seconds,
        "can_cancel": _customer_can_cancel(order),
        "headline": headline,
        "sentence": sentence,
        "next_step": next_step,
        "pickup_place": pickup_place(shop),
        "reason": order.reason,
        "rush": rush_note(shop) if order.state in order_rules.WAITING and not wait else "",
    }


def _customer_can_cancel(order: Order) -> bool:
    return any(
        row.source is order.state
        and row.action is order_rules.Action.CANCEL
        and Role.CUSTOMER in row.roles
        for row in order_rules.TRANSITIONS
    )


def _order_texts(shop: Shop, order: Order, position: int | None) -> tuple[str, str, str]:
    """Headline, sentence and next step for each state, in the tone of the house."""
    number = order.number
    barista = order.barista_name or _("A barista")
    scan_again = _("You can scan again whenever you like.")
    match order.state:
        case OrderState.CLAIMED:
            return _("One moment"), _("We are asking the bar for a place for you."), ""
        case OrderState.ADMITTED:
            return _("What would you like?"), "", ""
        case OrderState.SUBMITTED | OrderState.QUEUED if order.remade_at:
            sorry = _(
                "We are sorry: %(number)s did not come out right. It keeps its number.",
                number=number,
            )
            return _("We make it again"), f"{sorry} {_line_sentence(position)}", ""
        case OrderState.MAKING if order.taken_back_at:
            return (
                _("One moment more"),
                _(
                    "We are sorry: we called %(number)s too early. %(barista)s is still making it.",
                    number=number,
                    barista=barista,
                ),
                "",
            )
        case OrderState.SUBMITTED | OrderState.QUEUED:
            placed = _("Order placed. Your number is %(number)s.", number=number)
            return _line_words(position), placed, ""
        case OrderState.MAKING:
            return (
                _("%(barista)s is making it now", barista=barista),
                _("Your %(drink)s is on its way.", drink=_drink_name(shop, order)),
                "",
            )
        case OrderState.COMPLETED:
            collect = _(
                "Collect %(number)s at the %(place)s.", number=number, place=pickup_place(shop)
            )
            return _("Ready"), collect, _("Enjoy your drink.")
        case OrderState.COLLECTED:
            enjoy = _(
                "%(number)s, %(drink)s: enjoy it.", number=number, drink=_drink_name(shop, order)
            )
            return _("Collected"), enjoy, scan_again
        case OrderState.REFUSED:
            return _refused_texts(order)
        case OrderState.CANCELLED:
            return _cancelled_texts(order, scan_again)
        case OrderState.TIMED_OUT:
            return _timed_out_texts(order)
    raise ValueError(order.state)


def _refused_texts(order: Order) -> tuple[str, str, str]:
    if order.reason == RefusalReason.FULL:
        return (
            _("The bar is full right now"),
            _("The last free place was taken a moment before you. Your scan was given back."),
            _("Scan again in a few minutes."),
        )
    return (
        _("The bar is closed"),
        _("It closed a moment before your scan arrived. Your scan was given back."),
        _("The screen shows a code as soon as the bar opens."),
    )


def _cancelled_texts(order: Order, scan_again: str) -> tuple[str, str, str]:
    if order.cancelled_by is Role.BARISTA:
        reason = order.reason or ""
        return (
            _("The bar cancelled your order"),
            _(
                "We are sorry: %(number)s was cancelled because %(reason)s.",
                number=order.number,
                reason=_(reason),
            ),
            _("You can scan again straight away."),
        )
    if order.number:
        what = _("Order %(number)s is cancelled.", number=order.number)
    else:
        what = _("Your place is free again.")
    return _("You cancelled your order"), what, scan_again


def _timed_out_texts(order: Order) -> tuple[str, str, str]:
    if order.reason == TimeOutCause.CUSTOMER:
        return (
            _("Your time to choose is over"),
            _(
                "We waited %(time)s for your choice and gave the place to the next person.",
                time=duration(order.choose_seconds or 0),
            ),
            _("Scan again whenever you like."),
        )
    return (
        _("Your drink was not made in time"),
        _(
            "We are sorry: nobody could make %(number)s within %(time)s, so it was closed.",
            number=order.number,
            time=duration(order.make_seconds or 0),
        ),
        _("Ask at the counter, or scan again straight away."),
    )


def _line_words(place: int | None) -> str:
    if place == 1:
        return _("You are next")
    return _("You are %(place)s in line", place=_ordinal(place or 1))


def _line_sentence(place: int | None) -> str:
    if place == 1:
        return _("You are next.")
    return _("You are %(place)s in line.", place=_ordinal(place or 1))


def _drink_name(shop: Shop, order: Order) -> str:
    return drink_order(shop, order.drink_order).name if order.drink_order else _("drink")


def _ordinal(number: int) -> str:
    """A place in line; languages that say it by the bare number translate all four alike."""
    last = 0 if 10 <= number % 100 <= 20 else number % 10
    match last:
        case 1:
            return _("%(number)sst", number=number)
        case 2:
            return _("%(number)snd", number=number)
        case 3:
            return _("%(number)srd", number=number)
    return _("%(number)sth", number=number)
