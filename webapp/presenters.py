"""From domain values to what a template shows, for one role each; texts are written here.

What customers and the TV read is said in the language that is spoken (webapp/words.py).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from domain import orders as order_rules
from domain.errors import Refusal
from domain.menu import DEFAULT_MENU, DrinkOrder, Menu
from domain.orders import Order, OrderState, RefusalReason, Role, TimeOutCause
from domain.people import EVERY_SHOP, Person
from domain.shops import Shop
from domain.texts import N_
from webapp.services.codes import CurrentCode, state_of
from webapp.services.phone_numbers import calling_code, example_number
from webapp.services.phone_sign_in import NEXT_TEXT_AFTER
from webapp.services.ports import Device, PhoneSignIn, StaffSession
from webapp.words import (
    SOURCE,
    _,
    as_said,
    listed,
    ngettext,
    pgettext,
    sentence_of,
    speaking,
    spoken,
)

if TYPE_CHECKING:
    from domain.estimate import WaitRange
    from webapp.print_queue import Printout

_ROWS_ON_TV = 6
_HERE = timedelta(minutes=3)
"""Whoever was seen within it is there now."""
CLOCK_FROM = timedelta(minutes=1)
_LONG_IN_HAND = timedelta(minutes=3)
"""Then a colleague may put a drink back in line: the tablet it was taken at may be gone."""
_MONTHS = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
    N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec"),
)
_ON_WEEKDAY = (
    N_("on Monday at %(clock)s"),
    N_("on Tuesday at %(clock)s"),
    N_("on Wednesday at %(clock)s"),
    N_("on Thursday at %(clock)s"),
    N_("on Friday at %(clock)s"),
    N_("on Saturday at %(clock)s"),
    N_("on Sunday at %(clock)s"),
)
_ALLERGENS = {
    "gluten": N_("gluten"), "milk": N_("milk"), "soy": N_("soy"), "nuts": N_("nuts"),
    "peanuts": N_("peanuts"), "egg": N_("egg"), "sesame": N_("sesame"),
    "sulphites": N_("sulphites"),
}


def order(
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
        "position": position,
        "wait": wait and wait_sentence(wait),
        "deadline_ms": to_ms(order.deadline_at) if order.state is OrderState.ADMITTED else None,
        "deadline_total_seconds": order.choose_seconds,
        "can_cancel": _customer_can_cancel(order),
        "headline": headline,
        "sentence": sentence,
        "next_step": next_step,
        "pickup_place": place(shop),
        "reason": order.reason,
        "rush": rush_note(shop) if order.state in order_rules.WAITING and not wait else "",
    }


def drink_order(shop: Shop, ordered: DrinkOrder) -> DrinkOrder:
    """What was ordered, by its names in the spoken language."""
    return shop.menu.order_said(ordered, partial(_said, shop))


def menu_said(shop: Shop) -> Menu:
    """The shop's menu in the spoken language."""
    return shop.menu.said(partial(_said, shop))


def place(shop: Shop) -> str:
    """Where drinks are collected."""
    return _said(shop, shop.pickup_place, shop.pickup_places)


def choice_refusal(shop: Shop, refused: Refusal) -> str:
    """Why a choice was not taken, with what it is about by its name in the spoken language."""
    values = dict(refused.values)
    if isinstance(name := values.get("name"), str):
        values["name"] = _said(shop, name, shop.menu.names_of(name))
    return _(refused.message, **values)


def _said(shop: Shop, name: str, names: Mapping[str, str]) -> str:
    """The team's translation; for the house's words the catalog's; else as the bar calls it."""
    own = shop.languages[0]
    if spoken() == own:
        return name
    if translated := names.get(spoken()):
        return translated
    return _(name) if own == SOURCE and name in _house_words() else name


@cache
def _house_words() -> frozenset[str]:
    words = {Shop.pickup_place}

    def note(name: str, _names: Mapping[str, str]) -> str:
        words.add(name)
        return name

    DEFAULT_MENU.said(note)
    return frozenset(words)


def menu(menu: Menu, drink_id: str | None = None, options: dict | None = None,
         error: str | None = None) -> dict:
    """The menu with what the customer has chosen so far."""
    return {
        "drinks": [
            {
                "id": drink.id,
                "name": drink.name,
                "hint": drink.hint,
                "icon": drink.icon,
                "is_sold_out": drink.is_sold_out,
                "allergens": list(drink.allergens),
                "groups": list(drink.groups),
            }
            for drink in menu.drinks
        ],
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "options": [
                    {
                        "id": option.id,
                        "name": option.name,
                        "is_default": option == group.default,
                        "is_sold_out": option.is_sold_out,
                        "allergens": list(option.allergens),
                    }
                    for option in group.options
                ],
            }
            for group in menu.groups
        ],
        "chosen": {"drink": drink_id, "options": options or {}},
        "error": error,
        "allergens": [
            {"name": item.name, "tags": listed(_(_ALLERGENS[tag]) for tag in item.allergens)}
            for item in (*menu.drinks, *(o for group in menu.groups for o in group.options))
            if item.allergens
        ],
        # An open form on a phone renews itself when this differs.
        "digest": hashlib.sha256(repr(menu).encode()).hexdigest()[:16],
    }


def stock(shop: Shop, now: datetime) -> dict:
    """The menu as the tablet's list of what has run out, and until when."""
    view = menu(shop.menu)
    items = [*shop.menu.drinks, *(o for group in shop.menu.groups for o in group.options)]
    rows = [*view["drinks"], *(o for group in view["groups"] for o in group["options"])]
    for item, row in zip(items, rows):
        until = item.sold_out_until
        row["until"] = f"until {moment(shop, until, now)}" if until else ""
    return view


def phone_number(shop: Shop, typed: str, error: str) -> dict:
    """The form that asks for a number: which ones get a text, and how one looks."""
    codes = dict.fromkeys(f"+{calling_code(country)}" for country in shop.phone_countries)
    first = shop.phone_countries[0] if shop.phone_countries else ""
    return {
        "typed": typed[:32],
        "error": error,
        "codes": " / ".join(codes),
        "example": example_number(first),
    }


def phone_code(shop: Shop, sign_in: PhoneSignIn, refused: Refusal | None, now: datetime) -> dict:
    """The form that asks for the texted code, and when another one may be sent."""
    again_at = sign_in.asked_at + NEXT_TEXT_AFTER
    ends_at = sign_in.code_ends_at
    return {
        "phone": sign_in.phone,
        "error": sentence_of(refused) if refused else "",
        "ends_clock": clock(shop, ends_at) if ends_at and ends_at > now else None,
        "again_ms": to_ms(again_at) if again_at > now else None,
    }


def barista_board(
    shop: Shop, open_orders: list[Order], barista_id: str, barista_name: str, now: datetime,
    notes: dict[str, str] | None = None,
) -> dict:
    """The tablet's three columns. `notes` are sentences for single cards, by order id."""
    waiting = order_rules.in_line(open_orders)
    making = _in_state(open_orders, OrderState.MAKING, "making_at")
    making.sort(key=lambda order: order.barista_id != barista_id)
    ready = _in_state(open_orders, OrderState.COMPLETED, "ended_at")
    totals = Counter((order.drink_order.drink, order.drink_order.name) for order in waiting)
    notes = notes or {}

    def cards(orders: list[Order]) -> list[dict]:
        return [_card(order, barista_id, notes.get(order.id), now) for order in orders]

    return {
        "at_ms": to_ms(now),
        "version": 0,
        "is_open": shop.is_open,
        "paused_until": paused_until(shop),
        "pause_is_automatic": shop.pause_is_automatic,
        "extra_minutes": shop.extra_minutes,
        "waiting": cards(waiting),
        "making": cards(making),
        "ready": cards(ready),
        "totals": [
            {"drink_id": drink_id, "drink": name, "count": count}
            for (drink_id, name), count in totals.items()
        ],
        "me": barista_name,
    }


def batches(open_orders: list[Order], drink_id: str) -> list[dict]:
    """The waiting orders of a drink, the same ones together; the next in line comes first."""
    found: dict[tuple[str, ...], dict] = {}
    for order in order_rules.in_line(open_orders):
        wanted = order.drink_order
        if wanted.drink != drink_id or order.state is not OrderState.QUEUED:
            continue
        batch = found.setdefault(
            wanted.differences,
            {"drink_name": wanted.name, "icon": wanted.icon, "differences": wanted.differences,
             "ids": [], "numbers": []},
        )
        batch["ids"].append(order.id)
        batch["numbers"].append(order.number)
    return list(found.values())


def recently_done(shop: Shop, listed: list[Order], now: datetime) -> list[dict]:
    """Drinks that were ready within the last minutes, the latest first."""
    earliest = now - timedelta(seconds=order_rules.REMAKE_SECONDS)
    done = [order for order in listed if order.ended_at and order.ended_at >= earliest]
    return [
        {
            "id": order.id,
            "number": order.number,
            "drink_name": order.drink_order.name,
            "for_name": order.for_name or "",
            "options": ", ".join(order.drink_order.differences).lower() or "as it comes",
            "word": "collected, ready at" if order.state is OrderState.COLLECTED else "ready at",
            "at": clock(shop, order.ended_at),
        }
        for order in sorted(done, key=lambda order: order.ended_at, reverse=True)
    ]


_ROLES = {"admin": "Admin", "barista": "Tablet", "display": "TV"}
_PERSON_ROLES = {"admin": "Admin", "barista": "Barista"}


def signed_in(shop: Shop, session: StaffSession, now: datetime) -> dict:
    """One person or screen on the admin's page."""
    seen_at = session.seen_at or session.began_at
    is_here = seen_at is not None and now - seen_at < _HERE
    return {
        "id": session.id,
        "name": session.name,
        "role": _PERSON_ROLES[session.role] if session.email else _ROLES[session.role],
        "email": session.email,
        "since": moment(shop, session.began_at, now),
        "seen": "now" if is_here else moment(shop, seen_at, now),
        "is_here": is_here,
    }


def person(shop: Shop, person: Person, sessions: list[StaffSession], now: datetime) -> dict:
    """One account on the admin's page. `sessions` are all of the shop's."""
    times = [one.seen_at or one.began_at for one in sessions if one.email == person.email]
    seen_at = max((time for time in times if time), default=None)
    if not person.is_enabled:
        state, words = "locked", "locked, signs in nowhere"
    elif seen_at and now - seen_at < _HERE:
        state, words = "here", "here now"
    elif seen_at:
        state, words = "", f"signed in, last seen {moment(shop, seen_at, now)}"
    elif person.is_invited:
        state, words = "", "has not chosen a password yet"
    else:
        state, words = "", "not signed in"
    return {
        "id": person.id,
        "name": person.name or person.email,
        "email": person.email,
        "role": _PERSON_ROLES.get(person.role, "Not let in yet"),
        "is_admin": person.role == "admin",
        "is_everywhere": EVERY_SHOP in person.shops,
        "is_enabled": person.is_enabled,
        "state": state,
        "words": words,
    }


def device(shop: Shop, device: Device, words: Mapping[str, str], now: datetime) -> dict:
    """One device on the admin's page; `words` say what each scope allows."""
    is_here = device.seen_at is not None and now - device.seen_at < _HERE
    return {
        "name": device.name,
        "scopes": [words[scope] for scope in words if scope in device.scopes],
        "since": moment(shop, device.began_at, now),
        "seen": device.seen_at and moment(shop, device.seen_at, now),
        "is_here": is_here,
    }


def printout(shop: Shop, one: Printout, now: datetime) -> dict:
    """Something that was or will be printed, on the team's list."""
    state = "withdrawn" if one.is_withdrawn else "printed" if one.is_printed else "waiting"
    return {"title": one.title, "at": moment(shop, one.made_at, now), "state": state}


def wait_words(wait: WaitRange | None) -> str | None:
    """A wait for a screen with little room: "4–6 min"; None while too little is known."""
    if wait is None:
        return None
    if not wait.low:
        return _("up to %(high)s min", high=wait.high)
    return _("%(low)s–%(high)s min", low=wait.low, high=wait.high)


def wait_sentence(wait: WaitRange) -> str:
    """A wait in a sentence of its own."""
    if not wait.low:
        return _("Ready within about %(time)s.", time=duration(wait.high * 60))
    return _("Ready in about %(low)s–%(high)s minutes.", low=wait.low, high=wait.high)


def board_note(order: Order | None) -> str:
    """What a tablet should be told about a card that left by itself; else empty."""
    if order is None or order.number is None:
        return ""
    if order.state is OrderState.REFUSED:
        why = "the bar is full" if order.reason == RefusalReason.FULL else "the bar is closed"
        return f"{order.number} was not taken: {why}"
    if order.state is OrderState.CANCELLED and order.cancelled_by is Role.CUSTOMER:
        return f"{order.number} was cancelled by the customer"
    if order.state is OrderState.TIMED_OUT:
        return f"{order.number} waited too long and was closed"
    return ""


def display_board(shop: Shop, open_orders: list[Order], now: datetime) -> dict:
    """The TV's two lists."""
    making = _in_state(open_orders, OrderState.MAKING, "making_at")
    making.sort(key=lambda order: order.number or 0)
    preparing = [*making, *order_rules.in_line(open_orders)]
    ready = _in_state(open_orders, OrderState.COMPLETED, "ended_at")
    return {
        "at_ms": to_ms(now),
        "version": 0,
        "is_open": shop.is_open,
        "preparing": [
            {
                "number": order.number,
                "drink_name": order.drink_order.name,
                "is_making": order.state is OrderState.MAKING,
            }
            for order in preparing[:_ROWS_ON_TV]
        ],
        "more_waiting": max(len(preparing) - _ROWS_ON_TV, 0),
        "ready": [
            {
                "number": order.number,
                "drink_name": order.drink_order.name,
                "ready_ms": to_ms(order.ended_at),
            }
            for order in reversed(ready)
        ],
        "pickup_place": place(shop),
        "words": tv_words(shop),
    }


def tv_words(shop: Shop) -> dict:
    """What the TV says in large: in the bar's own language and, below, in its second one."""
    second = shop.languages[1] if len(shop.languages) > 1 else ""
    also = dict.fromkeys(_large_words(shop), "")
    if second:
        with speaking(second):
            also = _large_words(shop)
    return {
        "language": second,
        **{name: {"own": own, "also": also[name]} for name, own in _large_words(shop).items()},
    }


def _large_words(shop: Shop) -> dict[str, str]:
    return {
        "open": _("Scan to order"),
        "used_up": _("Next code soon"),
        "paused": _("Short pause"),
        "closed": _("Closed now"),
        "preparing": _("Preparing"),
        "ready": pgettext("heading over the numbers to collect", "Ready"),
        "collect": _("Collect at the %(place)s", place=place(shop)),
    }


def code(shop: Shop, current: CurrentCode, now: datetime, public_url: str) -> dict:
    """The TV's code panel without its drawing: that and the address never travel on a topic."""
    state, next_at = state_of(shop, current)
    return {
        "state": state,
        # Changes with what the screen must read anew for.
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
    """One code: what it says while the bar takes orders, and for how long. The route draws it."""
    return {
        "url": f"{public_url}/{shop.id}/scan/{qr_code.text}" if state == "open" else None,
        "renew_ms": to_ms(qr_code.shown_until),
        "good_until_ms": to_ms(qr_code.good_until),
        "svg": None,
    }


def _card(order: Order, barista_id: str, note: str | None, now: datetime) -> dict:
    return {
        "id": order.id,
        "number": order.number,
        "drink_name": order.drink_order.name,
        "icon": order.drink_order.icon,
        "differences": list(order.drink_order.differences),
        "state": order.state.value,
        "version": order.version,
        "since_ms": to_ms(order.submitted_at),
        "ready_ms": to_ms(order.ended_at),
        "barista_name": order.barista_name,
        "for_name": order.for_name or "",
        "is_walk_up": order.is_walk_up,
        "is_remake": order.remade_at is not None,
        "is_mine": order.barista_id == barista_id,
        "is_long_in_hand": order.making_at is not None and now - order.making_at >= _LONG_IN_HAND,
        "note": note,
    }


def _in_state(orders: list[Order], state: OrderState, time_name: str) -> list[Order]:
    found = [order for order in orders if order.state is state]
    return sorted(found, key=lambda order: (getattr(order, time_name), order.number or 0))


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
                    number=number, barista=barista,
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
                "Collect %(number)s at the %(place)s.", number=number, place=place(shop)
            )
            return _("Ready"), collect, _("Enjoy your coffee.")
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
                number=order.number, reason=_(reason),
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
            number=order.number, time=duration(order.make_seconds or 0),
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


def duration(seconds: int) -> str:
    """A span of time as people say it."""
    if seconds % 60 == 0 and seconds >= 60:
        return ngettext("%(count)s minute", "%(count)s minutes", seconds // 60)
    return ngettext("%(count)s second", "%(count)s seconds", seconds)


def moment(shop: Shop, at: datetime | None, now: datetime) -> str:
    """A moment by the shop's clock; with its date when that is not today's."""
    if at is None:
        return "unknown"
    local = shop.local_time(at)
    if local.date() == shop.local_time(now).date():
        return local.strftime("%H:%M")
    return _("%(day)s, %(clock)s", day=calendar_day(local), clock=local.strftime("%H:%M"))


def calendar_day(local: datetime) -> str:
    """A day of some year: "24 Dec"."""
    month = _(_MONTHS[local.month - 1])
    return _("%(day)s %(month)s", day=local.day, month=month)


def coming(shop: Shop, at: datetime, now: datetime) -> str:
    """A coming moment as people say it: "at 13:00", "tomorrow at 09:00", "on Monday at 09:00"."""
    local, today = shop.local_time(at), shop.local_time(now).date()
    days, at_clock = (local.date() - today).days, local.strftime("%H:%M")
    if days == 0:
        return _("at %(clock)s", clock=at_clock)
    if days == 1:
        return _("tomorrow at %(clock)s", clock=at_clock)
    if days < 7:
        return _(_ON_WEEKDAY[local.weekday()], clock=at_clock)
    return _("on %(day)s at %(clock)s", day=calendar_day(local), clock=at_clock)


def opens(shop: Shop, now: datetime) -> str:
    """When a closed bar opens again by its hours; empty when nobody knows."""
    opens_at = None if shop.is_open else shop.opens_again_at(now)
    return coming(shop, opens_at, now) if opens_at else ""


def paused_until(shop: Shop) -> str:
    """Until when the bar takes no new scans; empty when it does."""
    return clock(shop, shop.paused_until) if shop.paused_until else ""


def rush_note(shop: Shop) -> str:
    """What a rush adds to the wait; empty in quiet times."""
    if not shop.extra_minutes:
        return ""
    return ngettext(
        "The bar is busy: about one minute longer than usual.",
        "The bar is busy: about %(count)s minutes longer than usual.",
        shop.extra_minutes,
    )


def clock(shop: Shop, moment: datetime) -> str:
    """A moment as the clock on the shop's wall shows it."""
    return shop.local_time(moment).strftime("%H:%M")


def to_ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
