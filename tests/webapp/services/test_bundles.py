"""Each subject's use cases run on that subject's bundle alone, over its own tables."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

import webapp.services
from domain.errors import TooManyRequests
from domain.orders import OrderState
from tests.builders import a_png
from tests.services import scan_and_claim
from tests.webapp.services.steps import KIM, making, queued
from webapp.consumers.set_aside import set_aside
from webapp.services.all_services import Services
from webapp.services.api.bundle import ApiServices
from webapp.services.api.idempotency import carry_out_once
from webapp.services.api.ports import StoredAnswer
from webapp.services.events.bundle import EventServices
from webapp.services.intake.bundle import IntakeServices
from webapp.services.intake.qr_codes import current_code
from webapp.services.limits import limits
from webapp.services.limits.bundle import LimitServices
from webapp.services.orders import barista_steps
from webapp.services.orders.bundle import OrderServices, PrintoutServices
from webapp.services.orders.printouts import presses
from webapp.services.past.bundle import PastServices
from webapp.services.past.metrics import chosen_days, figures_of
from webapp.services.phone.bundle import PhoneServices
from webapp.services.phone.text_limits import text_budget
from webapp.services.shop.bundle import LogoServices, ShopServices
from webapp.services.shop.logos import set_logo
from webapp.services.shop.rush import longer_wait
from webapp.services.staff.bundle import StaffServices
from webapp.services.staff.sign_in import create_link, open_link

SERVICES = Path(webapp.services.__file__).parent


def alone(kind: type, services: Services):
    """A bundle of this kind that holds its own fields and nothing else."""
    made = kind(**{field.name: getattr(services, field.name) for field in fields(kind)})
    assert type(made) is kind and not isinstance(made, Services)
    return made


def test_the_doors_use_cases_need_the_door_alone(services):
    door = alone(IntakeServices, services)
    order = scan_and_claim(door, door.shop("main"), "customer-1")
    assert order.state is OrderState.CLAIMED
    assert current_code(door, door.shop("main")).bucket.taken == 1


def test_an_order_is_made_with_the_orders_alone(services):
    order = queued(services)
    made = barista_steps.make_order(alone(OrderServices, services), order.id, KIM)
    assert made.state is OrderState.MAKING


def test_printouts_are_listed_with_orders_and_extensions_alone(services):
    assert presses(alone(PrintoutServices, services)) == []


def test_the_pace_of_a_shop_is_changed_with_the_shops_alone(services):
    assert longer_wait(alone(ShopServices, services), "main").extra_minutes == 5


def test_a_logo_is_set_with_shops_and_logos_alone(services):
    assert set_logo(alone(LogoServices, services), "main", a_png(300, 100)).logo.endswith("png")


def test_staff_are_let_in_with_the_staffs_own_alone(services):
    staff = alone(StaffServices, services)
    secret = create_link(staff, "main", "barista", "Kim").rpartition("/")[2]
    assert open_link(staff, secret)[1].name == "Kim"


def test_the_figures_need_the_past_alone(services):
    making(services)
    past = alone(PastServices, services)
    shop = past.shop("main")
    assert figures_of(past, shop, chosen_days(past, shop, "", "")).orders == 0


def test_a_sign_in_by_phone_needs_the_phones_own_alone(services):
    phone = alone(PhoneServices, services)
    assert text_budget(phone, phone.shop("main")).sent == 0


def test_limits_need_the_counters_alone(services):
    counters = alone(LimitServices, services)
    for _ in range(limits.PASSWORDS.most):
        limits.take_of(counters, limits.PASSWORDS, "kim@example.com")
    with pytest.raises(TooManyRequests):
        limits.take_of(counters, limits.PASSWORDS, "kim@example.com")


def test_a_call_is_carried_out_once_with_the_answers_given_before_alone(services):
    api, done = alone(ApiServices, services), []

    def call() -> StoredAnswer:
        done.append("once")
        return StoredAnswer(201, "{}")

    for again in (False, True):
        answered = carry_out_once(api, "till", "a key", b"request", call)
        assert answered == (StoredAnswer(201, "{}"), again)
    assert done == ["once"]


def test_what_cannot_be_read_is_set_aside_with_the_events_own_alone(services):
    events = alone(EventServices, services)
    set_aside(events, {"consumer": "events"}, "unreadable", ValueError("why"))
    assert len(services.dead_letters.kept) == 1


SUBJECTS = ("api", "events", "intake", "limits", "orders", "past", "phone", "shop", "staff")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_bundle_holds_only_what_its_subject_uses(subject):
    """Its own fields, not those of the bundles that it is made of."""
    folder = SERVICES / subject
    bundles = import_module(f"webapp.services.{subject}.bundle")
    own = {
        name
        for kind in vars(bundles).values()
        if isinstance(kind, type) and kind.__module__ == bundles.__name__
        for name in kind.__annotations__
    }
    # The events' consumers are that subject's use cases.
    others = (SERVICES.parent / "consumers").glob("*.py") if subject == "events" else ()
    files = [*folder.glob("*.py"), *others]
    source = "\n".join(file.read_text() for file in files)
    assert own == {name for name in own if re.search(rf"\b(?:services|self)\.{name}\b", source)}
