"""What scripts/erase does, from the words typed."""

from __future__ import annotations

import json

import pytest

from domain.errors import ChoiceInvalid, NotAllowedNow, NotFound
from domain.orders import FORGOTTEN, WALK_UP
from scripts import options
from scripts.commands.erase import asked_of
from tests.builders import NOW, a_drink_order
from tests.services import browser_of, open_code, scan_and_claim
from tests.tables import workflow_writes
from tests.webapp.services.past.test_forgetting import a_served_order, told
from webapp.operator_jobs.registry import JOBS
from webapp.services.intake import claims
from webapp.services.orders.customer_steps import cancel_order, place_order
from webapp.services.orders.my_orders import my_orders
from webapp.services.phone.requirement import set_sign_in
from webapp.services.phone.signing_in import ask_code, enter_code
from webapp.settings import Settings

ANA = "+4915123456789"


@pytest.fixture
def erase(services):
    settings = Settings(secret_key=services.secret_keys[0], public_url=services.public_url)

    def run(*words: str) -> int:
        asked = asked_of(options.parse_erase(list(words)))
        return JOBS["erase-person"](services, settings, json.loads(json.dumps(asked)))["orders"]

    return run


def an_order_of(services, customer_id: str):
    order = scan_and_claim(services, services.shop("main"), customer_id)
    workflow_writes("AdmitOrder", order, services.now())
    shop, order = services.shop("main"), services.order("main", order.id)
    return place_order(services, shop, order, a_drink_order().drink, {})


def test_whoever_had_the_number_is_erased(services, erase):
    order = an_order_of(services, "ana")
    with pytest.raises(NotAllowedNow):
        erase(str(order.number))
    cancel_order(services, order)
    assert erase(str(order.number), "--day", NOW.date().isoformat()) == 1
    assert services.order("main", order.id).customer_id == FORGOTTEN
    assert my_orders(services, "main", browser_of(services, "ana")) == []
    assert erase(str(order.number)) == 1
    with pytest.raises(NotFound):
        erase(str(order.number), "--day", "2024-05-16")
    with pytest.raises(NotFound):
        erase("99")


def test_a_walk_ups_name_goes_and_no_other_walk_up_is_touched(services, erase):
    order = a_served_order(services, WALK_UP, for_name="Ines")
    assert erase("7") == 1
    assert "Ines" not in told(services, order)


def test_whoever_signed_in_with_the_phone_is_erased(services, erase):
    shop = set_sign_in(services, "main", "phone", "DE")
    open_code(services, shop, "ana")
    browser = browser_of(services, "ana")
    ask_code(services, shop, browser, ANA)
    secret, signed_in = enter_code(services, shop, browser, services.texts.code_to(ANA))
    order = claims.claim_order(services, shop, signed_in)
    workflow_writes("AdmitOrder", order, services.now())
    cancel_order(services, services.order("main", order.id))
    assert services.customer_pool.names
    assert erase("--phone", ANA) == 1
    assert services.customer_sessions.get(secret, services.now()) is None
    assert services.order("main", order.id).customer_id == FORGOTTEN
    assert not services.customer_pool.names


def test_a_phone_is_found_whichever_countries_the_shop_asks_for_now(services, erase):
    shop = set_sign_in(services, "main", "guest", "")
    assert shop.phone_countries == ()
    assert erase("--phone", ANA) == 0
    assert erase("--phone", "+44 7400 123456") == 0
    with pytest.raises(ChoiceInvalid, match="with its country's code"):
        erase("--phone", "0151 23456789")
    with pytest.raises(ChoiceInvalid, match="not a mobile number of any country"):
        erase("--phone", "+49 1")
