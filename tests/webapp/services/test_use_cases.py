"""What customers, baristas, screens and the sweep can do, held against the real tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from domain.errors import (
    AlreadyTaken,
    ChoiceInvalid,
    CodeExpired,
    CodeUnknown,
    CodeUsedUp,
    HasOpenOrder,
    LinkInvalid,
    NotAllowedNow,
    NotFound,
    OrdersOfDayUsedUp,
    PassMissing,
    ShopClosed,
    ShopFull,
    SoldOut,
    TooManyRequests,
)
from domain.orders import BOARD_SECONDS, HOLDS_CAPACITY, MAKE_SECONDS, Order, OrderState, Role
from domain.shops import Shop
from tests.builders import (
    ADDRESS,
    NOW,
    Interleaved,
    a_shop,
    browser_of,
    dynamodb,
    open_code,
    scan_and_claim,
    workflow_writes,
)
from webapp.services import bar, codes, limits, ordering, sign_in
from webapp.services.ports import Services, StaffSession
from webapp.services.sweep import sweep
from webapp.storage import session_repository
from webapp.storage.secret_hash import hash_secret
from webapp.storage.tables import DEFAULT_PREFIX, CustomerSessionModel

KIM = StaffSession("barista-1", "main", "barista", "Kim")
ADA = StaffSession("barista-2", "main", "barista", "Ada")


# What people do, in short


def code(services: Services) -> str:
    return codes.current_code(services, services.shop("main")).qr_code.text


def scan(services: Services, customer: str = "customer-1") -> Order:
    return scan_and_claim(services, services.shop("main"), customer)


def claim(services: Services, customer: str) -> Order:
    browser = browser_of(services, customer)
    return codes.claim_place(services, services.shop("main"), browser, "127.0.0.1")


def claim_and_cancel(services: Services, shop: Shop) -> Order:
    order = scan_and_claim(services, shop, "customer-1")
    workflow_writes("AdmitOrder", order, services.now())
    return ordering.cancel_order(services, now(services, order))


def let_in(services: Services, customer: str = "customer-1") -> Order:
    order = scan(services, customer)
    workflow_writes("AdmitOrder", order, services.now(), token=f"first token of {order.id}")
    # The workflow has started it, so the sweep has nothing to repair.
    services.executions.running.add(order.execution_name)
    return now(services, order)


def place(services: Services, order: Order, drink: str = "latte", **choices) -> Order:
    return ordering.place_order(services, services.shop("main"), order, drink, choices)


def queued(services: Services, customer: str = "customer-1") -> Order:
    order = place(services, let_in(services, customer))
    workflow_writes("AwaitBarista", order, services.now(), token=f"second token of {order.id}")
    return now(services, order)


def making(services: Services, customer: str = "customer-1") -> Order:
    return bar.make_order(services, queued(services, customer).id, KIM)


def made(services: Services, customer: str = "customer-1") -> Order:
    return bar.complete_order(services, making(services, customer).id, KIM)


def now(services: Services, order: Order) -> Order:
    return services.order(order.shop_id, order.id)


def taken(services: Services) -> int:
    """Scans taken from the current code."""
    return codes.current_code(services, services.shop("main")).bucket.taken


def places_held() -> set[str]:
    """The ids of the orders that hold a place, as the shop's door counts them."""
    item = dynamodb().get_item(
        TableName=DEFAULT_PREFIX + "intakes", Key={"shop_id": {"S": "main"}}
    )["Item"]
    return set(item.get("open_orders", {}).get("SS", ()))


def all_items(table: str) -> list[dict]:
    return dynamodb().scan(TableName=DEFAULT_PREFIX + table)["Items"]


def meanwhile(services: Services, port: str, method: str, act) -> Services:
    """The services in which `act` happens just before the next call of that method."""
    return replace(services, **{port: Interleaved(getattr(services, port), method, act)})


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
        codes.check_pass(services, shop, browser_of(services, "customer-1"))
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
    assert refused.value.order_id == codes.open_order(services, "main", browser).id
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
        codes.check_pass(services, shop, browser_of(services, "customer-1"))
    assert claim(services, "customer-1").id == order.id, "the form sent once more"
    assert taken(services) == 1


def test_a_pass_that_has_made_somebody_elses_order_makes_none(services):
    shop = services.shop("main")
    order = claim_and_cancel(services, shop)
    browser = replace(browser_of(services, "customer-1"), customer_id="customer-2")
    with pytest.raises(PassMissing):
        codes.claim_place(services, shop, browser, ADDRESS)
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
        "CLAIMED": scan, "ADMITTED": let_in, "QUEUED": queued, "MAKING": making,
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
    window = codes.current_code(services, services.shop("main")).bucket
    assert refused.value.next_at == window.closes_at
    assert taken(services) == 4


def test_of_two_who_take_the_last_scan_at_once_one_is_refused(services):
    for number in range(3):
        scan(services, f"customer-{number}")
    both = meanwhile(services, "orders", "claim", lambda: scan(services, "customer-first"))
    with pytest.raises(CodeUsedUp):
        scan(both, "customer-second")
    assert taken(services) == 4
    assert codes.open_order(services, "main", browser_of(services, "customer-second")) is None


def test_a_used_up_code_makes_room_for_the_next_window(services, clock):
    for number in range(4):
        scan(services, f"customer-{number}")
    clock.now = codes.current_code(services, services.shop("main")).bucket.closes_at
    assert taken(services) == 0
    assert scan(services, "customer-late").state is OrderState.CLAIMED


def test_a_pass_got_in_a_windows_last_moment_takes_from_that_window(services, clock):
    shop = services.shop("main")
    bucket = codes.current_code(services, shop).bucket
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
        codes.claim_place(services, services.shop("main"), None, ADDRESS)
    assert all_items("orders") == []


def test_a_pass_is_good_for_three_minutes(services, clock):
    open_code(services, services.shop("main"), "customer-1")
    clock.pass_seconds(179)
    codes.check_pass(services, services.shop("main"), browser_of(services, "customer-1"))
    clock.pass_seconds(1)
    with pytest.raises(PassMissing):
        claim(services, "customer-1")


def test_a_pass_opens_its_own_shop_only(services):
    services.shops.create(a_shop(id="annex"))
    open_code(services, services.shop("main"), "customer-1")
    browser = browser_of(services, "customer-1")
    with pytest.raises(PassMissing):
        codes.claim_place(services, services.shop("annex"), browser, ADDRESS)


def test_a_pass_is_used_once_even_by_two_requests_at_once(services):
    shop = replace(services.shop("main"), open_orders_per_customer=5)
    open_code(services, shop, "customer-1")
    browser = browser_of(services, "customer-1")
    made = []

    def other_tab():
        made.append(codes.claim_place(services, shop, browser, ADDRESS))

    both = meanwhile(services, "orders", "claim", other_tab)
    assert codes.claim_place(both, shop, browser, ADDRESS).id == made[0].id
    assert taken(services) == 1
    assert len(all_items("orders")) == 1


def test_a_customer_may_have_as_many_open_orders_as_the_shop_says(services):
    shop = replace(services.shop("main"), open_orders_per_customer=2)
    for _ in range(2):
        open_code(services, shop, "customer-1")
        codes.claim_place(services, shop, browser_of(services, "customer-1"), "127.0.0.1")
    with pytest.raises(HasOpenOrder):
        open_code(services, shop, "customer-1")
    assert taken(services) == 2


def test_a_customer_has_so_many_orders_a_day_and_new_ones_the_next_day(services, clock):
    shop = replace(services.shop("main"), orders_per_day=2)
    for _ in range(2):
        order = claim_and_cancel(services, shop)
    assert now(services, order).state is OrderState.CANCELLED
    with pytest.raises(OrdersOfDayUsedUp):
        scan_and_claim(services, shop, "customer-1")
    assert taken(services) == 2
    clock.pass_seconds(24 * 3600)
    claim_and_cancel(services, shop)


def test_an_order_the_shop_refused_does_not_count_for_the_day(services):
    shop = replace(services.shop("main"), orders_per_day=1)
    order = scan_and_claim(services, shop, "customer-1")
    bar.set_open(services, "main", False)
    workflow_writes("RefuseClosed", order, services.now())
    bar.set_open(services, "main", True)
    assert scan_and_claim(services, shop, "customer-1").state is OrderState.CLAIMED


# Limits per address


def test_one_address_takes_a_few_places_a_minute_and_leaves_the_rest_for_others(services, clock):
    services.shops.create(a_shop(id="hall", scans_per_code=99))
    shop = services.shop("hall")

    def robot_claims(number: int) -> Order:
        open_code(services, shop, f"robot-{number}")
        robot = browser_of(services, f"robot-{number}")
        return codes.claim_place(services, shop, robot, ADDRESS)

    for number in range(limits.CLAIMS.most):
        robot_claims(number)
    with pytest.raises(TooManyRequests) as refused:
        robot_claims(99)
    assert codes.current_code(services, shop).bucket.taken == limits.CLAIMS.most
    assert scan_and_claim(services, shop, "somebody-else")
    # The pass is kept, so that a person who shares the address need not scan again.
    clock.now = refused.value.retry_at
    robot = browser_of(services, "robot-99")
    assert codes.claim_place(services, shop, robot, ADDRESS)


def test_whoever_guesses_codes_is_turned_away_before_the_next_guess_is_looked_at(services):
    shop, text = services.shop("main"), code(services)
    for _ in range(limits.BAD_CODES.most):
        with pytest.raises(CodeUnknown):
            codes.scan_code(services, shop, "a-guess", ADDRESS, None)
    with pytest.raises(TooManyRequests):
        codes.scan_code(services, shop, text, ADDRESS, None)
    codes.scan_code(services, shop, text, "203.0.114.8", None)


def test_a_closed_shop_takes_no_scan(services):
    open_code(services, services.shop("main"), "customer-1")
    bar.set_open(services, "main", False)
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
    first = codes.current_code(services, shop)
    scan(services)
    second = codes.current_code(services, shop)
    assert first.qr_code == second.qr_code
    assert first.bucket.left == second.bucket.left + 1


def test_the_first_two_displays_at_once_make_one_budget(services):
    shop, bucket = services.shop("main"), None

    def the_other_display():
        nonlocal bucket
        bucket = codes.current_code(services, shop).bucket

    both = meanwhile(services, "qr_codes", "get_or_create", the_other_display)
    assert codes.current_code(both, shop).bucket == bucket
    assert len(all_items("qr-codes")) == 1


# The order


def test_a_placed_order_has_its_drink_its_number_and_its_time(services, clock):
    order = let_in(services)
    clock.pass_seconds(30)
    placed = place(services, order, "latte", milk="oat")
    assert placed == replace(now(services, order))
    assert (placed.state, placed.number) == ("SUBMITTED", 1)
    assert placed.drink_order.differences == ("Oat",)
    assert placed.submitted_at == NOW + timedelta(seconds=30)


def test_numbers_are_given_in_the_order_of_placing(services):
    first, second = let_in(services, "customer-1"), let_in(services, "customer-2")
    assert [place(services, second).number, place(services, first).number] == [1, 2]


def test_an_order_placed_twice_keeps_its_first_drink_and_number(services):
    order = let_in(services)
    first = place(services, order, "latte", milk="oat")
    second = place(services, now(services, order), "tea")
    assert second == first == now(services, order)


def test_an_order_placed_twice_from_the_same_page_keeps_its_first_drink(services):
    # The second request read the order before the first one wrote it.
    order = let_in(services)
    first = place(services, order, "latte", milk="oat")
    assert place(services, order, "tea") == first == now(services, order)


def test_an_order_placed_twice_at_once_is_placed_once(services):
    order = let_in(services)
    both = meanwhile(services, "orders", "save", lambda: place(services, order, "tea"))
    assert place(both, order, "latte").drink_order.name == "Tea"
    assert now(services, order).version == 3


def test_a_second_tap_after_the_drink_sold_out_still_finds_the_order(services):
    first = place(services, let_in(services), "mocha")
    bar.set_sold_out(services, "main", "mocha", True)
    assert place(services, now(services, first), "mocha") == first


def test_a_drink_that_sold_out_in_between_is_refused_and_no_number_is_lost(services):
    order = let_in(services)
    bar.set_sold_out(services, "main", "mocha", True)
    with pytest.raises(SoldOut, match="Mocha has just sold out."):
        place(services, order, "mocha")
    assert now(services, order) == order
    assert place(services, order, "latte").number == 1


def test_an_option_that_sold_out_in_between_is_refused(services):
    order = let_in(services)
    bar.set_sold_out(services, "main", "oat", True, "milk")
    with pytest.raises(SoldOut, match="Oat"):
        place(services, order, "latte", milk="oat")
    assert now(services, order) == order


@pytest.mark.parametrize("drink, choices", [("beer", {}), ("latte", {"milk": "whisky"}), ("", {})])
def test_a_choice_that_does_not_exist_writes_nothing(services, drink, choices):
    order = let_in(services)
    with pytest.raises(ChoiceInvalid):
        place(services, order, drink, **choices)
    assert now(services, order) == order
    assert all_items("counters") == []


def test_an_order_whose_time_is_over_cannot_be_placed(services, clock):
    order = let_in(services)
    clock.pass_seconds(300)
    workflow_writes("CloseUnchosen", order, clock())
    with pytest.raises(NotAllowedNow, match="ran out of time"):
        place(services, now(services, order))
    with pytest.raises(NotAllowedNow, match="ran out of time"):
        place(services, order)


def test_the_deadline_and_the_choice_cannot_both_win(services, clock):
    order = let_in(services)
    place(services, order)
    clock.pass_seconds(300)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("CloseUnchosen", order, clock())
    assert now(services, order).state is OrderState.SUBMITTED


def test_numbers_begin_anew_at_midnight_on_the_shops_own_clock(services, clock):
    services.shops.create(a_shop(id="new-york", timezone="America/New_York"))
    shop = services.shop("new-york")

    def number_at(moment: datetime) -> int:
        clock.now = moment
        order = scan_and_claim(services, shop, f"customer at {moment}")
        workflow_writes("AdmitOrder", order, moment)
        return ordering.place_order(services, shop, now(services, order), "tea", {}).number

    midnight = datetime(2024, 5, 18, 4, 0, tzinfo=timezone.utc)
    assert number_at(midnight - timedelta(hours=4, minutes=1)) == 1
    assert number_at(midnight - timedelta(hours=3, minutes=59)) == 2
    assert number_at(midnight - timedelta(seconds=1)) == 3
    assert number_at(midnight) == 1
    assert number_at(midnight + timedelta(hours=23)) == 2


def test_each_shop_counts_for_itself(services):
    services.shops.create(a_shop(id="annex"))
    assert place(services, let_in(services)).number == 1
    assert services.shops.next_number("annex", "2024-05-17") == 1


def test_a_strangers_order_is_not_found(services):
    order = scan(services, "customer-1")
    owner, other = (browser_of(services, f"customer-{number}") for number in (1, 2))
    assert ordering.own_order(services, "main", order.id, owner) == order
    for stranger in (other, None):
        with pytest.raises(NotFound):
            ordering.own_order(services, "main", order.id, stranger)
    with pytest.raises(NotFound):
        ordering.own_order(services, "main", "unknown", owner)


def test_the_place_in_line_moves_up_as_drinks_are_made(services, clock):
    orders = []
    for number in range(3):
        orders.append(queued(services, f"customer-{number}"))
        clock.pass_seconds(1)
    assert [ordering.place_in_line(services, order) for order in orders] == [1, 2, 3]
    bar.make_order(services, orders[0].id, KIM)
    current = [now(services, order) for order in orders]
    assert [ordering.place_in_line(services, order) for order in current] == [None, 1, 2]
    bar.release_order(services, orders[0].id, KIM)
    current = [now(services, order) for order in orders]
    assert [ordering.place_in_line(services, order) for order in current] == [1, 2, 3]


# Cancelling


@pytest.mark.parametrize("begin", [let_in, queued], ids=["before choosing", "in line"])
def test_a_customer_cancels_and_can_scan_again_at_once(services, begin):
    order = begin(services)
    cancelled = ordering.cancel_order(services, order)
    assert (cancelled.state, cancelled.cancelled_by) == ("CANCELLED", Role.CUSTOMER)
    assert places_held() == set()
    assert scan(services).id != order.id


def test_cancelling_twice_is_harmless(services):
    first = ordering.cancel_order(services, let_in(services))
    assert ordering.cancel_order(services, first) == first == now(services, first)


def test_a_customer_cannot_cancel_a_drink_in_the_making(services):
    order = queued(services)
    bar.make_order(services, order.id, KIM)
    with pytest.raises(NotAllowedNow, match="Kim has already started your drink."):
        ordering.cancel_order(services, order)


def test_of_make_and_cancel_at_once_one_wins_and_the_other_reads_why(services):
    order = queued(services)
    both = meanwhile(services, "orders", "save", lambda: bar.make_order(services, order.id, KIM))
    with pytest.raises(NotAllowedNow, match="Kim has already started your drink."):
        ordering.cancel_order(both, order)
    assert now(services, order).state is OrderState.MAKING


def test_of_cancel_and_make_at_once_one_wins_and_the_other_reads_why(services):
    order = queued(services)
    both = meanwhile(
        services, "orders", "save", lambda: ordering.cancel_order(services, order)
    )
    with pytest.raises(NotAllowedNow, match="Order 1 was cancelled."):
        bar.make_order(both, order.id, KIM)
    assert now(services, order).state is OrderState.CANCELLED


# The baristas


def test_a_second_barista_reads_who_was_first(services):
    order = queued(services)
    bar.make_order(services, order.id, KIM)
    with pytest.raises(AlreadyTaken, match="Kim was first."):
        bar.make_order(services, order.id, ADA)
    assert now(services, order).barista_name == "Kim"


def test_of_two_baristas_at_once_one_wins_and_the_other_reads_who(services):
    order = queued(services)
    both = meanwhile(services, "orders", "save", lambda: bar.make_order(services, order.id, KIM))
    with pytest.raises(AlreadyTaken, match="Kim was first."):
        bar.make_order(both, order.id, ADA)
    stored = now(services, order)
    assert (stored.barista_id, stored.version) == ("barista-1", order.version + 1)


def test_an_order_released_can_be_made_by_somebody_else(services):
    order = making(services)
    bar.release_order(services, order.id, KIM)
    assert bar.make_order(services, order.id, ADA).barista_name == "Ada"


def test_a_completed_order_frees_its_place_and_stays_on_the_board(services):
    order = making(services)
    assert places_held() == {order.id}
    bar.complete_order(services, order.id, KIM)
    assert places_held() == set()
    assert [one.state for one in services.orders.open_orders("main")] == ["COMPLETED"]


def test_a_collected_order_leaves_the_board(services):
    order = made(services)
    assert bar.collect_order(services, order.id, ADA).state is OrderState.COLLECTED
    assert services.orders.open_orders("main") == []


def test_completing_twice_completes_once(services):
    order = made(services)
    with pytest.raises(NotAllowedNow, match="Order 1 is already made."):
        bar.complete_order(services, order.id, ADA)
    assert now(services, order) == order


@pytest.mark.parametrize("begin", [queued, making], ids=["in line", "in the making"])
def test_a_barista_cancels_with_a_reason_that_the_customer_reads(services, begin):
    order = begin(services)
    cancelled = bar.cancel_order(services, order.id, KIM, bar.CancelReason.MACHINE)
    assert cancelled.cancelled_by is Role.BARISTA
    assert cancelled.reason == "the machine needs a break"
    assert places_held() == set()


def test_a_barista_of_another_shop_finds_no_such_order(services):
    order = queued(services)
    stranger = StaffSession("barista-9", "annex", "barista", "Eve")
    for act in (bar.make_order, bar.release_order, bar.complete_order, bar.collect_order):
        with pytest.raises(NotFound):
            act(services, order.id, stranger)
    assert now(services, order) == order


def test_closing_the_shop_lets_open_orders_go_on(services):
    order = queued(services)
    shop = bar.set_open(services, "main", False)
    assert (shop.is_open, shop.version) == (False, 2)
    assert bar.make_order(services, order.id, KIM).state is OrderState.MAKING
    assert bar.complete_order(services, order.id, KIM).state is OrderState.COMPLETED


def test_a_closed_shop_lets_no_claimed_order_in(services):
    order = scan(services)
    bar.set_open(services, "main", False)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("AdmitOrder", order, services.now())
    workflow_writes("RefuseClosed", order, services.now())
    refused = now(services, order)
    assert (refused.state, refused.reason) == ("REFUSED", "closed")
    assert taken(services) == 0


def test_opening_an_open_shop_changes_nothing(services):
    assert bar.set_open(services, "main", True).version == 1


def test_two_changes_of_the_shop_at_once_are_both_kept(services):
    both = meanwhile(
        services, "shops", "save", lambda: bar.set_sold_out(services, "main", "mocha", True)
    )
    bar.set_open(both, "main", False)
    shop = services.shop("main")
    assert (shop.is_open, shop.menu.drink("mocha").is_sold_out, shop.version) == (False, True, 3)


def test_what_is_not_on_the_menu_cannot_be_sold_out(services):
    with pytest.raises(ChoiceInvalid):
        bar.set_sold_out(services, "main", "beer", True)
    assert services.shop("main").version == 1


# Places in the shop

_WAYS_TO_AN_END = {
    "made": lambda s, o: bar.complete_order(s, bar.make_order(s, o.id, KIM).id, KIM),
    "made after a release": lambda s, o: (
        bar.make_order(s, o.id, KIM),
        bar.release_order(s, o.id, KIM),
        bar.make_order(s, o.id, ADA),
        bar.complete_order(s, o.id, ADA),
    ),
    "cancelled by the customer": lambda s, o: ordering.cancel_order(s, o),
    "cancelled by a barista": lambda s, o: bar.cancel_order(
        s, o.id, KIM, bar.CancelReason.CLOSING
    ),
    "timed out by the workflow": lambda s, o: workflow_writes("CloseUnmade", o, s.now()),
}


@pytest.mark.parametrize("way", _WAYS_TO_AN_END)
def test_the_places_held_are_always_the_orders_that_hold_one(services, way):
    orders = [queued(services, "customer-1"), queued(services, "customer-2")]
    waits_outside = scan(services, "customer-3")
    _assert_places_balance(services, [*orders, waits_outside])
    assert places_held() == {order.id for order in orders}
    _WAYS_TO_AN_END[way](services, orders[0])
    _assert_places_balance(services, [*orders, waits_outside])
    assert places_held() == {orders[1].id}
    assert codes.open_order(services, "main", browser_of(services, "customer-1")) is None


def _assert_places_balance(services: Services, orders: list[Order]):
    holding = {o.id for o in orders if now(services, o).state in HOLDS_CAPACITY}
    assert places_held() == holding
    assert services.shops.open_order_count("main") == len(holding)


def test_the_last_place_is_given_out_once(services):
    for number in range(2):
        let_in(services, f"customer-{number}")
    third, fourth = scan(services, "customer-3"), scan(services, "customer-4")
    workflow_writes("AdmitOrder", third, services.now())
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("AdmitOrder", fourth, services.now())
    workflow_writes("RefuseFull", fourth, services.now())
    assert now(services, fourth).reason == "full"
    assert len(places_held()) == 3
    assert codes.open_order(services, "main", browser_of(services, "customer-4")) is None


def test_no_refusal_can_be_written_while_there_is_a_place(services):
    order = scan(services)
    for refusal in ("RefuseClosed", "RefuseFull"):
        with pytest.raises(ClientError, match="TransactionCanceledException"):
            workflow_writes(refusal, order, services.now())
    assert now(services, order) == order


def test_an_end_written_twice_frees_one_place(services):
    kept, ended = queued(services, "customer-1"), queued(services, "customer-2")
    workflow_writes("CloseUnmade", ended, services.now())
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        workflow_writes("CloseUnmade", ended, services.now())
    with pytest.raises(NotAllowedNow):
        ordering.cancel_order(services, ended)
    assert places_held() == {kept.id}


# Signing in


def test_a_sign_in_link_opens_a_session_once(services):
    link = sign_in.create_link(services, "main", "barista", "Kim")
    secret = link.rsplit("/", 1)[1]
    assert link.startswith("https://coffee.example/main/sign-in/")
    cookie, session = sign_in.open_link(services, secret)
    assert (session.shop_id, session.role, session.name) == ("main", "barista", "Kim")
    assert services.sessions.get(cookie, services.now()) == session
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, secret)


def test_a_sign_in_link_opened_twice_at_once_opens_one_session(services, monkeypatch):
    secret = sign_in.create_link(services, "main", "admin").rsplit("/", 1)[1]
    link = session_repository._find("link", hash_secret(secret), services.now())
    sign_in.open_link(services, secret)
    monkeypatch.setattr(session_repository, "_find", lambda *_: link)
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, secret)
    assert [item["kind"]["S"] for item in all_items("sessions")] == ["session"]


ADMIN = StaffSession("admin-1", "main", "admin", "Ana")


def test_a_screen_is_let_in_once_when_an_admin_has_typed_its_code(services):
    pairing = sign_in.ask_pairing(services, "main", ADDRESS)
    assert sign_in.take_pairing(services, pairing) is None
    typed = f" {pairing.code[:3].lower()}-{pairing.code[3:]}"
    sign_in.approve_pairing(services, ADMIN, typed, "display", "TV by the door")
    secret, session = sign_in.take_pairing(services, pairing)
    assert (session.role, session.name, session.shop_id) == ("display", "TV by the door", "main")
    assert services.sessions.get(secret, services.now()) == session
    assert sign_in.take_pairing(services, pairing) is None


def test_only_the_browser_that_shows_the_code_is_let_in(services):
    pairing = sign_in.ask_pairing(services, "main", ADDRESS)
    sign_in.approve_pairing(services, ADMIN, pairing.code, "admin", "")
    onlooker = replace(pairing, browser="has read the code on the screen")
    assert sign_in.take_pairing(services, onlooker) is None
    assert sign_in.take_pairing(services, pairing) is not None


def test_a_code_is_approved_once_in_time_and_by_its_own_shops_admin(services, clock):
    services.shops.create(a_shop(id="annex"))
    pairing = sign_in.ask_pairing(services, "main", ADDRESS)
    stranger = replace(ADMIN, shop_id="annex")
    for admin, code in ((stranger, pairing.code), (ADMIN, "AAAAAA"), (ADMIN, "")):
        with pytest.raises(ChoiceInvalid):
            sign_in.approve_pairing(services, admin, code, "display", "")
    with pytest.raises(ChoiceInvalid):
        sign_in.approve_pairing(services, ADMIN, pairing.code, "owner", "")
    clock.pass_seconds(600)
    assert not sign_in.pairing_is_open(services, pairing)
    with pytest.raises(ChoiceInvalid):
        sign_in.approve_pairing(services, ADMIN, pairing.code, "display", "")


def test_an_admin_sees_who_is_signed_in_and_sends_one_of_them_away(services, clock):
    secrets = {}
    for name in ("Kim", "Ada"):
        link = sign_in.create_link(services, "main", "barista", name).rsplit("/", 1)[1]
        secrets[name], _ = sign_in.open_link(services, link)
        clock.pass_seconds(1)
    sign_in.create_link(services, "main", "display")
    ada, kim = sign_in.signed_in(services, "main")
    assert (ada.name, kim.name) == ("Ada", "Kim")
    assert sign_in.signed_in(services, "annex") == []

    sign_in.revoke(services, "main", kim.id)

    assert sign_in.current_session(services, secrets["Kim"]) is None
    assert sign_in.current_session(services, secrets["Ada"]) == ada
    assert sign_in.signed_in(services, "main") == [ada]
    for shop_id, session_id in (("main", kim.id), ("annex", ada.id), ("main", ""), ("main", "%")):
        with pytest.raises(NotFound):
            sign_in.revoke(services, shop_id, session_id)
    assert sign_in.signed_in(services, "main") == [ada]


def test_a_screen_was_last_seen_within_five_minutes_of_its_last_request(services, clock):
    link = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    secret, _ = sign_in.open_link(services, link)
    for seconds, seen in ((299, NOW), (1, NOW + timedelta(minutes=5))):
        clock.pass_seconds(seconds)
        sign_in.current_session(services, secret)
        assert services.sessions.get(secret, clock()).seen_at == seen


def test_a_sign_in_link_is_good_for_fifteen_minutes(services, clock):
    in_time = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    too_late = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    clock.pass_seconds(15 * 60 - 1)
    assert sign_in.open_link(services, in_time)[1].name == "TV"
    clock.pass_seconds(1)
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, too_late)


def test_a_session_ends_after_thirty_days(services, clock):
    link = sign_in.create_link(services, "main", "display").rsplit("/", 1)[1]
    cookie, session = sign_in.open_link(services, link)
    clock.pass_seconds(30 * 24 * 3600 - 1)
    assert services.sessions.get(cookie, clock()) == session
    clock.pass_seconds(1)
    assert services.sessions.get(cookie, clock()) is None


def test_a_link_is_no_session_and_a_session_is_no_link(services):
    secret = sign_in.create_link(services, "main", "admin").rsplit("/", 1)[1]
    assert services.sessions.get(secret, services.now()) is None
    cookie, _ = sign_in.open_link(services, secret)
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, cookie)


def test_no_secret_of_a_link_or_session_is_stored(services):
    secret = sign_in.create_link(services, "main", "admin").rsplit("/", 1)[1]
    assert secret not in str(all_items("sessions"))
    cookie, session = sign_in.open_link(services, secret)
    assert cookie not in str(all_items("sessions"))
    assert session.id not in cookie


def test_an_unknown_link_role_or_shop_is_refused(services):
    with pytest.raises(LinkInvalid):
        sign_in.open_link(services, "a guess")
    with pytest.raises(ValueError, match="admin, barista, display"):
        sign_in.create_link(services, "main", "owner")
    with pytest.raises(NotFound):
        sign_in.create_link(services, "nowhere", "admin")


@pytest.mark.parametrize(
    "typed, shown",
    [
        ("  Kim  Lee ", "Kim Lee"),
        ("Kim\n\x1b[31mLee", "Kim [31mLee"),
        ("x" * 40, "x" * 24),
        ("\u202e", ""),
        ("", ""),
    ],
    ids=["spaces", "control characters", "too long", "only invisible", "empty"],
)
def test_a_name_is_made_fit_for_the_screens(typed, shown):
    assert sign_in.clean_name(typed) == shown


# The sweep


def test_the_sweep_leaves_a_healthy_order_alone(services, clock):
    orders = [let_in(services, "customer-1"), queued(services, "customer-2")]
    clock.pass_seconds(60)
    assert sweep(services) == 0
    assert [now(services, order) for order in orders] == orders
    assert (services.executions.started, services.executions.resumed) == ([], [])


def test_the_sweep_gives_a_step_a_moment_before_it_thinks_it_lost(services, clock):
    order = scan(services)
    clock.pass_seconds(4)
    assert sweep(services) == 0
    clock.pass_seconds(1)
    assert sweep(services) == 1
    # The first one may just have begun after all: then its customer still has the time to choose.
    assert services.executions.started == [(f"{order.id}-2", MAKE_SECONDS)]


@pytest.mark.parametrize(
    "begin, seconds_left",
    [(let_in, 300 - 100), (queued, 900 - 100), (making, 900 - 100)],
    ids=["choosing", "in line", "in the making"],
)
def test_the_sweep_restarts_a_missing_execution_with_the_time_left(
    services, clock, begin, seconds_left
):
    order = begin(services)
    services.executions.running.clear()
    clock.pass_seconds(100)
    assert sweep(services) == 1
    assert services.executions.started == [(f"{order.id}-2", seconds_left)]
    assert now(services, order) == replace(now(services, order), state=order.state, attempt=2)


def test_the_sweep_restarts_an_execution_once(services, clock):
    let_in(services)
    services.executions.running.clear()
    clock.pass_seconds(60)
    assert [sweep(services), sweep(services)] == [1, 0]
    assert len(services.executions.started) == 1


def test_the_sweep_restarts_an_execution_that_dies_again_under_a_new_name(services, clock):
    order = let_in(services)
    for _ in range(2):
        services.executions.running.clear()
        clock.pass_seconds(60)
        sweep(services)
    assert services.executions.started == [(f"{order.id}-2", 240), (f"{order.id}-3", 180)]


def test_two_sweeps_at_once_restart_an_execution_once(services, clock):
    let_in(services)
    services.executions.running.clear()
    clock.pass_seconds(60)
    both = meanwhile(services, "orders", "next_attempt", lambda: sweep(services))
    assert sweep(both) == 0
    assert len(services.executions.started) == 1


@pytest.mark.parametrize(
    "begin, seconds, cause",
    [(let_in, 300, "Customer timedout"), (queued, 900, "Barista timedout"),
     (making, 900, "Barista timedout")],
    ids=["choosing", "in line", "in the making"],
)
def test_the_sweep_closes_an_order_whose_deadline_has_passed(
    services, clock, begin, seconds, cause
):
    order = begin(services)
    clock.pass_seconds(seconds + 5)
    assert sweep(services) == 0
    clock.pass_seconds(1)
    assert sweep(services) == 1
    closed = now(services, order)
    assert (closed.state, closed.reason, closed.ended_at) == ("TIMED_OUT", cause, clock())
    assert closed.version == order.version + 1
    assert places_held() == set()
    assert services.orders.open_orders("main") == []
    assert codes.open_order(services, "main", browser_of(services, "customer-1")) is None
    assert sweep(services) == 0


def test_a_deadline_that_the_workflow_closes_meanwhile_is_closed_once(services, clock):
    order = let_in(services)
    clock.pass_seconds(310)
    both = meanwhile(
        services, "orders", "save", lambda: workflow_writes("CloseUnchosen", order, clock())
    )
    assert sweep(both) == 0
    assert now(services, order).version == order.version + 1


def test_the_sweep_resumes_an_execution_that_never_heard_of_the_choice(services, clock):
    order = place(services, let_in(services))
    clock.pass_seconds(6)
    assert sweep(services) == 1
    assert services.executions.resumed == [f"first token of {order.id}"]
    assert now(services, order).state is OrderState.SUBMITTED


def test_a_ready_drink_leaves_the_board_after_ten_minutes(services, clock):
    order = made(services)
    assert BOARD_SECONDS == 600
    clock.pass_seconds(599)
    assert sweep(services) == 0
    clock.pass_seconds(1)
    assert sweep(services) == 1
    cleared = now(services, order)
    assert (cleared.state, cleared.collected_at) == ("COLLECTED", clock())
    assert services.orders.open_orders("main") == []
    assert sweep(services) == 0


def test_a_drink_collected_while_the_sweep_looks_is_collected_once(services, clock):
    order = made(services)
    clock.pass_seconds(600)
    both = meanwhile(services, "orders", "save", lambda: bar.collect_order(services, order.id, KIM))
    assert sweep(both) == 0
    assert now(services, order).version == order.version + 1


def test_the_sweep_looks_after_every_shop(services, clock):
    services.shops.create(a_shop(id="annex"))
    shop = services.shop("annex")
    here = scan(services)
    there = scan_and_claim(services, shop, "customer-2")
    clock.pass_seconds(5)
    assert sweep(services) == 2
    assert {name for name, _ in services.executions.started} == {f"{here.id}-2", f"{there.id}-2"}


def test_an_order_that_is_over_is_not_swept(services, clock):
    order = made(services)
    bar.collect_order(services, order.id, KIM)
    ordering.cancel_order(services, let_in(services, "customer-2"))
    clock.pass_seconds(24 * 3600)
    assert sweep(services) == 0
    assert now(services, order).state is OrderState.COLLECTED
