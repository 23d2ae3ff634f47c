"""How many orders one person in front of the TV places in ten minutes who clears the cookies after
each: .venv/app/bin/python -m tests.one_person

Plays a bar with the default settings, in this process and by a clock of its own. An honest guest
comes every twenty seconds, one drink is made a minute, in the order of the queue. The person wants
all there is, by hand (every twenty seconds, a moment before the guest) or by a program that tries
each second. docs/security.md holds the figures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from domain.errors import Refusal
from domain.orders import OrderState, in_line
from domain.shops import Shop, SignIn
from tests.builders import Clock
from tests.services import services_over_tables
from tests.tables import empty_tables, moto_tables, workflow_writes
from webapp.services.all_services import Services
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.phone.signing_in import ask_code, enter_code
from webapp.services.staff.ports import StaffSession

_MINUTES = 10
_GUEST_EVERY, _DRINK_EVERY = 20, 60
_OWN_NUMBER = "+4915120000000"
_BARISTA = StaffSession("barista-1", "main", "barista", "Kim")
_SETTINGS = {
    "anybody may order": {},
    "with a phone number": {"sign_in": SignIn.PHONE, "phone_countries": ("DE",)},
    "with a phone number, one drink a day": {
        "sign_in": SignIn.PHONE,
        "phone_countries": ("DE",),
        "orders_per_day": 1,
    },
}


@dataclass
class Outcome:
    """How many orders the person got, how many guests, and why others did not."""

    theirs: int = 0
    guests: int = 0
    turned_away: Counter[str] = field(default_factory=Counter)


def ten_minutes(person_every: int, **settings: object) -> Outcome:
    """Plays ten minutes from the beginning of a code's window on; needs moto's tables.

    person_every: so many seconds after their last try the person tries again; 0 for never.
    """
    empty_tables()
    clock = Clock(datetime(2024, 5, 17, 9, 30, tzinfo=UTC))
    services = services_over_tables(clock)
    shop = replace(Shop(id="main"), **settings)
    services.shops.create(shop)
    outcome, begun_at = Outcome(), clock.now
    for second in range(_MINUTES * 60):
        if person_every and second % person_every == 0:
            try:
                _order(services, shop, _OWN_NUMBER)
                outcome.theirs += 1
            except Refusal:
                pass
        if second % _GUEST_EVERY == 0:
            try:
                _order(services, shop, f"+49152{second:03}00000")
                outcome.guests += 1
            except Refusal as refused:
                outcome.turned_away[type(refused).__name__] += 1
        if second % _DRINK_EVERY == _DRINK_EVERY - 1:
            _make_one(services)
        clock.pass_seconds(1)
    assert (clock.now - begun_at).seconds == _MINUTES * 60
    return outcome


def _order(services: Services, shop: Shop, number: str) -> None:
    """Scans as a browser never seen before, and orders. Raises what the bar refuses."""
    passes.check_capacity(services, shop)
    code = qr_codes.current_code(services, shop).qr_code.text
    _, browser = passes.scan_code(services, shop, code, None)
    if passes.needs_phone(services, shop, browser):
        ask_code(services, shop, browser, number)
        _, browser = enter_code(services, shop, browser, services.texts.code_to(number))
    order = claims.claim_order(services, shop, browser)
    workflow_writes("AdmitOrder", order, services.now(), token=f"first of {order.id}")
    order = services.order(shop.id, order.id)
    customer_steps.place_order(services, shop, order, "latte", {})
    workflow_writes("AwaitBarista", order, services.now(), token=f"second of {order.id}")


def _make_one(services: Services) -> None:
    for order in in_line(services.orders.open_orders("main"))[:1]:
        made = barista_steps.make_order(services, order.id, _BARISTA)
        made = barista_steps.complete_order(services, made.id, _BARISTA)
        assert made.state is OrderState.COMPLETED


def main() -> None:
    print(f"{'':48}{'theirs':>6}{'guests':>8}  turned away")
    with moto_tables():
        for name, settings in _SETTINGS.items():
            for person, every in (("nobody", 0), ("by hand", _GUEST_EVERY), ("a program", 1)):
                found = ten_minutes(every, **settings)
                why = ", ".join(f"{count} {cause}" for cause, count in found.turned_away.items())
                line = f"{name}: {person}"
                print(f"{line:50}{found.theirs:>4}{found.guests:>8}  {why}", flush=True)


if __name__ == "__main__":
    main()
