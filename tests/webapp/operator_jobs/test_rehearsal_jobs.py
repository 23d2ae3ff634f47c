"""The rehearsal shop that scripts/verify asks for."""

from __future__ import annotations

import pytest

from domain.shops import SignIn
from webapp.operator_jobs.registry import do
from webapp.services.shop.directory import shops_for_customers
from webapp.settings import Settings

SHOP = "verify-261130120000-0a1b"


def _ask(services, **asked) -> dict:
    settings = Settings(secret_key="k", public_url=services.public_url)
    return do(services, settings, {"operator_job": "make-rehearsal", **asked})


def test_a_rehearsal_shop_is_open_with_limits_of_its_own_and_no_customer_is_shown_it(services):
    answer = _ask(services, shop=SHOP, capacity=3, scans_per_code=100, code_seconds=3600)
    assert answer == {"shop": SHOP, "created": True}
    shop = services.shop(SHOP)
    assert (shop.is_rehearsal, shop.is_open) == (True, True)
    assert (shop.capacity, shop.scans_per_code, shop.code_seconds) == (3, 100, 3600)
    assert shop.sign_in is SignIn.GUEST
    assert SHOP not in [one.id for one in shops_for_customers(services)]


def test_asking_twice_changes_nothing(services):
    _ask(services, shop=SHOP, capacity=3)
    assert _ask(services, shop=SHOP, capacity=9)["created"] is False
    assert services.shop(SHOP).capacity == 3


@pytest.mark.parametrize("shop", ["", "No Shop", "healthz", "x" * 40])
def test_an_address_that_no_shop_may_have_is_refused(services, shop):
    before = services.shops.ids()
    assert "address" in _ask(services, shop=shop)["refused"]
    assert services.shops.ids() == before
