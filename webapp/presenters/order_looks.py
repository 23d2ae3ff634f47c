"""The wordings and drawings of each order state, in the tone of the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.orders import Order, OrderState, RefusalReason, Role, TimeOutCause
from domain.shops import Shop
from domain.texts import N_
from webapp.presenters.shop import drink_order, pickup_place
from webapp.presenters.times import duration
from webapp.words import _

_Texts = tuple[str, str, str]
"""Headline, sentence and next step."""


def texts_of(shop: Shop, order: Order, position: int | None) -> _Texts:
    """Returns headline, sentence and next step for the phone.

    position: the order's position in line; None if it has none.
    """
    return _LOOKS[order.state].texts(shop, order, position)


def short_word(order: Order) -> str:
    """Returns the order state's word for the customer's list of orders."""
    return _(_LOOKS[order.state].short)


def tv_word(order: Order) -> str:
    """Returns the order state's word for the TV's list of drinks that are not ready yet."""
    return _(_LOOKS[order.state].on_tv)


def picture_of(order: Order) -> str:
    """Returns the name in pictures.html of the phone's drawing for an order that is over."""
    return _LOOKS[order.state].picture


def _asking(shop: Shop, order: Order, position: int | None) -> _Texts:
    return _("One moment"), _("We are asking the bar for a place for you."), ""


def _choosing(shop: Shop, order: Order, position: int | None) -> _Texts:
    return _("What would you like?"), "", ""


def _waiting(shop: Shop, order: Order, position: int | None) -> _Texts:
    if order.remade_at:
        sorry = _(
            "We are sorry: %(number)s did not come out right. It keeps its number.",
            number=order.number,
        )
        return _("We make it again"), f"{sorry} {_line_sentence(position)}", ""
    placed = _("Order placed. Your number is %(number)s.", number=order.number)
    return _line_words(position), placed, ""


def _being_made(shop: Shop, order: Order, position: int | None) -> _Texts:
    barista = order.barista_name or _("A barista")
    if order.taken_back_at:
        return (
            _("One moment more"),
            _(
                "We are sorry: we called %(number)s too early. %(barista)s is still making it.",
                number=order.number,
                barista=barista,
            ),
            "",
        )
    return (
        _("%(barista)s is making it now", barista=barista),
        _("Your %(drink)s is on its way.", drink=_drink_name(shop, order)),
        "",
    )


def _ready(shop: Shop, order: Order, position: int | None) -> _Texts:
    collect = _(
        "Collect %(number)s at the %(place)s.", number=order.number, place=pickup_place(shop)
    )
    return _("Ready"), collect, _("Enjoy your drink.")


def _served(shop: Shop, order: Order, position: int | None) -> _Texts:
    enjoy = _(
        "%(number)s, %(drink)s: enjoy it.", number=order.number, drink=_drink_name(shop, order)
    )
    return _("Collected"), enjoy, _("You can scan again whenever you like.")


def _refused(shop: Shop, order: Order, position: int | None) -> _Texts:
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


def _cancelled(shop: Shop, order: Order, position: int | None) -> _Texts:
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
    return _("You cancelled your order"), what, _("You can scan again whenever you like.")


def _timed_out(shop: Shop, order: Order, position: int | None) -> _Texts:
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


def _line_words(position: int | None) -> str:
    if position == 1:
        return _("You are next")
    return _("You are %(place)s in line", place=_ordinal(position or 1))


def _line_sentence(position: int | None) -> str:
    if position == 1:
        return _("You are next.")
    return _("You are %(place)s in line.", place=_ordinal(position or 1))


def _drink_name(shop: Shop, order: Order) -> str:
    return drink_order(shop, order.drink_order).name if order.drink_order else _("drink")


def _ordinal(number: int) -> str:
    """Returns a position in line. Languages that write just the number translate all four alike."""
    last = 0 if 10 <= number % 100 <= 20 else number % 10
    match last:
        case 1:
            return _("%(number)sst", number=number)
        case 2:
            return _("%(number)snd", number=number)
        case 3:
            return _("%(number)srd", number=number)
    return _("%(number)sth", number=number)


@dataclass(frozen=True)
class _Look:
    """The words and the drawing of one order state.

    short: the word in the customer's list of orders.
    texts: the sentences on the customer's phone.
    on_tv: the word in the TV's list; empty if the TV does not list the state there.
    picture: the drawing on the phone once the order is over.
    """

    short: str
    texts: Callable[[Shop, Order, int | None], _Texts]
    on_tv: str = ""
    picture: str = ""


_LOOKS: Mapping[OrderState, _Look] = {
    OrderState.CLAIMED: _Look(N_("one moment"), _asking),
    OrderState.ADMITTED: _Look(N_("choose your drink"), _choosing),
    OrderState.SUBMITTED: _Look(N_("in line"), _waiting, on_tv=N_("Waiting")),
    OrderState.QUEUED: _Look(N_("in line"), _waiting, on_tv=N_("Waiting")),
    OrderState.MAKING: _Look(N_("being made"), _being_made, on_tv=N_("Making")),
    OrderState.COMPLETED: _Look(N_("ready to collect"), _ready),
    OrderState.COLLECTED: _Look(N_("collected"), _served, picture="collected"),
    OrderState.REFUSED: _Look(N_("not taken by the bar"), _refused, picture="full"),
    OrderState.CANCELLED: _Look(N_("cancelled"), _cancelled, picture="cancelled"),
    OrderState.TIMED_OUT: _Look(N_("ran out of time"), _timed_out, picture="timed_out"),
}
