"""From the code on the screen to a claimed order: scans and passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import (
    CodeExpired,
    CodeUnknown,
    CodeUsedUp,
    HasOpenOrder,
    OrdersOfDayUsedUp,
    PassMissing,
    ShopClosed,
    ShopFull,
)
from domain.orders import MOST_GIVEN_UP, OrderState
from tests.builders import NOW, a_shop
from tests.services import browser_of, open_code, scan_and_claim
from tests.tables import workflow_writes
from tests.webapp.services.steps import (
    KIM,
    all_items,
    claim,
    claim_and_cancel,
    code,
    let_in,
    made,
    making,
    meanwhile,
    now,
    place,
    queued,
    scan,
    taken,
)
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.orders import barista_steps, customer_steps, sweep
from webapp.services.orders.barista_steps import CancelReason
from webapp.services.shop import switches
from webapp.storage.tables import CustomerSessionModel

# The scan


def test_a_scan_makes_an_order_and_takes_one_scan(services):
    order = scan(services)
    assert now(services, order) == order
    assert (order.state, order.version, order.customer_id) == ("CLAIMED", 1, "customer-1")
    assert order.created_at == NOW
    assert taken(services) == 1


def test_looking_at_a_code_takes_nothing(services):
    shop = services.shop("main")
    text = code(services)
    for _ in range(5):
        open_code(services, shop, "customer-1", text)
        passes.check_pass(services, shop, browser_of(services, "customer-1"))
    assert taken(services) == 0
    assert all_items("orders") == []


def test_a_pass_sent_twice_is_one_order_and_one_scan(services):
    assert scan(services) == scan(services)
    assert taken(services) == 1
    assert len(all_items("orders")) == 1


def test_a_pass_sent_from_two_tabs_at_once_is_one_order_and_one_scan(services):
    open_code(services, services.shop("main"), "customer-1")
    both = meanwhile(services, "orders", "claim", lambda: claim(services, "customer-1"))
    assert claim(both, "customer-1").id == claim(services, "customer-1").id
    assert taken(services) == 1
    assert len(all_items("orders")) == 1


def test_two_tabs_that_scan_at_once_make_one_order(services):
    both = meanwhile(services, "orders", "claim", lambda: scan(services))
    with pytest.raises(HasOpenOrder) as refused:
        scan(both)
    browser = browser_of(services, "customer-1")
    assert refused.value.order_id == passes.open_order(services, "main", browser).id
    assert taken(services) == 1
    assert len(all_items("orders")) == 1


def test_a_pass_finds_its_order_long_after_its_code_has_expired(services, clock):
    order = scan(services)
    clock.pass_seconds(3600)
    assert scan(services).id == order.id


def test_a_pass_that_has_made_its_order_is_none_once_that_is_over(services):
    shop = services.shop("main")
    order = claim_and_cancel(services, shop)
    with pytest.raises(PassMissing):
        passes.check_pass(services, shop, browser_of(services, "customer-1"))
    assert claim(services, "customer-1").id == order.id, "the form sent once more"
    assert taken(services) == 1


def test_a_pass_that_has_made_somebody_elses_order_makes_none(services):
    shop = services.shop("main")
    order = claim_and_cancel(services, shop)
    browser = replace(browser_of(services, "customer-1"), customer_id="customer-2")
    with pytest.raises(PassMissing):
        claims.claim_order(services, shop, browser)
    assert [item["order_id"]["S"] for item in all_items("orders")] == [order.id]


def test_a_pass_of_the_version_before_names_an_order_too(services):
    open_code(services, services.shop("main"), "customer-1")
    browser = browser_of(services, "customer-1")
    CustomerSessionModel(browser.id).update(actions=[CustomerSessionModel.pass_order.remove()])
    assert claim(services, "customer-1").id == claim(services, "customer-1").id
    assert len(all_items("orders")) == 1


@pytest.mark.parametrize("state", ["CLAIMED", "ADMITTED", "SUBMITTED", "QUEUED", "MAKING"])
def test_a_customer_with_an_order_under_way_cannot_begin_another(services, state):
    begin = {
        "CLAIMED": scan,
        "ADMITTED": let_in,
        "QUEUED": queued,
        "MAKING": making,
        "SUBMITTED": lambda services: place(services, let_in(services)),
    }[state]
    order = begin(services)
    assert now(services, order).state == state
    with pytest.raises(HasOpenOrder) as refused:
        open_code(services, services.shop("main"), "customer-1")
    assert refused.value.order_id == order.id


def test_a_customer_whose_drink_is_ready_may_scan_again(services):
    first = made(services)
    second = scan(services)
    assert second.id != first.id


def test_another_customer_gets_an_order_of_their_own(services):
    assert scan(services, "customer-1").id != scan(services, "customer-2").id
    assert taken(services) == 2


def test_the_last_scan_is_given_out_once(services):
    for number in range(4):
        scan(services, f"customer-{number}")
    with pytest.raises(CodeUsedUp) as refused:
        scan(services, "customer-late")
    window = qr_codes.current_code(services, services.shop("main")).bucket
    assert refused.value.next_at == window.closes_at
    assert taken(services) == 4


def test_of_two_who_take_the_last_scan_at_once_one_is_refused(services):
    for number in range(3):
        scan(services, f"customer-{number}")
    both = meanwhile(services, "orders", "claim", lambda: scan(services, "customer-first"))
    with pytest.raises(CodeUsedUp):
        scan(both, "customer-second")
    assert taken(services) == 4
    assert passes.open_order(services, "main", browser_of(services, "customer-second")) is None


def test_a_used_up_code_makes_room_for_the_next_window(services, clock):
    for number in range(4):
        scan(services, f"customer-{number}")
    clock.now = qr_codes.current_code(services, services.shop("main")).bucket.closes_at
    assert taken(services) == 0
    assert scan(services, "customer-late").state is OrderState.CLAIMED


def test_a_pass_got_in_a_windows_last_moment_takes_from_that_window(services, clock):
    shop = services.shop("main")
    bucket = qr_codes.current_code(services, shop).bucket
    clock.now = bucket.closes_at - timedelta(seconds=1)
    text = code(services)
    clock.now = bucket.closes_at + timedelta(seconds=9)
    open_code(services, shop, "customer-1", text)
    claim(services, "customer-1")
    assert services.qr_codes.get("main", bucket.window).taken == 1
    assert taken(services) == 0
    clock.pass_seconds(1)
    with pytest.raises(CodeExpired):
        open_code(services, shop, "customer-2", text)


def test_a_tampered_code_gives_no_pass(services):
    with pytest.raises(CodeUnknown):
        open_code(services, services.shop("main"), "customer-1", code(services)[:-1] + "!")
    assert browser_of(services, "customer-1").scan_pass is None


def test_the_code_of_another_shop_gives_no_pass(services):
    services.shops.create(a_shop(id="annex"))
    with pytest.raises(CodeUnknown):
        open_code(services, services.shop("annex"), "customer-1", code(services))


# The pass


def test_without_a_pass_nobody_takes_a_place(services):
    with pytest.raises(PassMissing):
        claim(services, "customer-1")
    with pytest.raises(PassMissing):
        claims.claim_order(services, services.shop("main"), None)
    assert all_items("orders") == []


def test_a_pass_is_good_for_three_minutes(services, clock):
    open_code(services, services.shop("main"), "customer-1")
    clock.pass_seconds(179)
    passes.check_pass(services, services.shop("main"), browser_of(services, "customer-1"))
    clock.pass_seconds(1)
    with pytest.raises(PassMissing):
        claim(services, "customer-1")


def test_a_pass_opens_its_own_shop_only(services):
    services.shops.create(a_shop(id="annex"))
    open_code(services, services.shop("main"), "customer-1")
    browser = browser_of(services, "customer-1")
    with pytest.raises(PassMissing):
        claims.claim_order(services, services.shop("annex"), browser)


def test_a_pass_is_used_once_even_by_two_requests_at_once(services):
    shop = replace(services.shop("main"), open_orders_per_customer=5)
    open_code(services, shop, "customer-1")
    browser = browser_of(services, "customer-1")
    made = []

    def other_tab():
        made.append(claims.claim_order(services, shop, browser))

    both = meanwhile(services, "orders", "claim", other_tab)
    assert claims.claim_order(both, shop, browser).id == made[0].id
    assert taken(services) == 1
    assert len(all_items("orders")) == 1


def test_a_customer_may_have_as_many_open_orders_as_the_shop_says(services):
    shop = replace(services.shop("main"), open_orders_per_customer=2)
    for _ in range(2):
        open_code(services, shop, "customer-1")
        claims.claim_order(services, shop, browser_of(services, "customer-1"))
    with pytest.raises(HasOpenOrder):
        open_code(services, shop, "customer-1")
    assert taken(services) == 2


def test_a_customer_has_so_many_orders_a_day_and_new_ones_the_next_day(services, clock):
    shop = replace(services.shop("main"), orders_per_day=2)
    for _ in range(2):
        made(services)
    with pytest.raises(OrdersOfDayUsedUp):
        scan_and_claim(services, shop, "customer-1")
    assert taken(services) == 2
    clock.pass_seconds(24 * 3600)
    assert scan_and_claim(services, shop, "customer-1")


def _cancelled_by_customer(services):
    customer_steps.cancel_order(services, queued(services))


def _cancelled_by_bar(services):
    barista_steps.cancel_order(services, making(services).id, KIM, CancelReason.SOLD_OUT)


def _nobody_made_it(services):
    order = queued(services)
    workflow_writes("CloseUnmade", order, services.now())


def _nobody_made_it_and_the_sweep_saw(services):
    order = making(services)
    services.now.pass_seconds(2 * 3600)
    sweep.sweep(services)
    assert now(services, order).state is OrderState.TIMED_OUT


def _nothing_was_chosen(services):
    workflow_writes("CloseUnchosen", let_in(services), services.now())


@pytest.mark.parametrize(
    "end",
    [
        _cancelled_by_customer,
        _cancelled_by_bar,
        _nobody_made_it,
        _nobody_made_it_and_the_sweep_saw,
        _nothing_was_chosen,
    ],
)
def test_a_drink_that_was_not_made_leaves_the_days_drink_to_its_customer(services, end):
    _one_a_day(services)
    for _ in range(2):
        end(services)
    made(services)
    with pytest.raises(OrdersOfDayUsedUp):
        scan(services)


def test_a_drink_that_was_had_and_not_made_again_is_the_days_drink(services):
    _one_a_day(services)
    order = barista_steps.remake_order(services, made(services).id, KIM)
    workflow_writes("AwaitBarista", order, services.now())
    barista_steps.cancel_order(services, order.id, KIM, CancelReason.SOLD_OUT)
    with pytest.raises(OrdersOfDayUsedUp):
        scan(services)


def test_whoever_changes_their_mind_again_and_again_takes_no_more_scans(services):
    shop = _one_a_day(services, scans_per_code=99)
    for _ in range(MOST_GIVEN_UP + 1):
        claim_and_cancel(services, shop)
    with pytest.raises(OrdersOfDayUsedUp):
        scan(services)


def _one_a_day(services, **changes):
    before = services.shop("main")
    changes |= {"orders_per_day": 1, "version": before.version + 1}
    services.shops.save(before, replace(before, **changes))
    return services.shop("main")


def test_an_order_the_shop_refused_does_not_count_for_the_day(services):
    shop = replace(services.shop("main"), orders_per_day=1)
    order = scan_and_claim(services, shop, "customer-1")
    switches.set_open(services, "main", False)
    workflow_writes("RefuseClosed", order, services.now())
    switches.set_open(services, "main", True)
    assert scan_and_claim(services, shop, "customer-1").state is OrderState.CLAIMED


# What others do


def test_a_good_code_is_good_whatever_was_tried_before(services):
    shop, text = services.shop("main"), code(services)
    for _ in range(100):
        with pytest.raises(CodeUnknown):
            passes.scan_code(services, shop, "a-guess", None)
    assert passes.scan_code(services, shop, text, None)
    assert all_items("limits") == []


def test_a_closed_shop_takes_no_scan(services):
    open_code(services, services.shop("main"), "customer-1")
    switches.set_open(services, "main", False)
    with pytest.raises(ShopClosed):
        scan(services)
    with pytest.raises(ShopClosed):
        claim(services, "customer-1")
    assert taken(services) == 0


def test_a_full_shop_takes_no_scan(services):
    for number in range(3):
        let_in(services, f"customer-{number}")
    with pytest.raises(ShopFull):
        scan(services, "customer-late")
    assert taken(services) == 3


def test_two_displays_show_one_code_with_one_budget(services):
    shop = services.shop("main")
    first = qr_codes.current_code(services, shop)
    scan(services)
    second = qr_codes.current_code(services, shop)
    assert first.qr_code == second.qr_code
    assert first.bucket.left == second.bucket.left + 1


def test_the_first_two_displays_at_once_make_one_budget(services):
    shop, bucket = services.shop("main"), None

    def the_other_display():
        nonlocal bucket
        bucket = qr_codes.current_code(services, shop).bucket

    both = meanwhile(services, "qr_codes", "get_or_create", the_other_display)
    assert qr_codes.current_code(both, shop).bucket == bucket
    assert len(all_items("qr-codes")) == 1
