"""A number, a code by text message, signed in; and everything that must not work beside it."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from domain.errors import (
    ChoiceInvalid,
    HasOpenOrder,
    OneTimeCodeOver,
    OneTimeCodeWrong,
    OrdersOfDayUsedUp,
    PassMissing,
    PhoneNeeded,
    TooManyRequests,
)
from tests.fakes import Interleaved
from tests.services import browser_of, open_code, scan_and_claim
from tests.tables import dynamodb, workflow_writes
from tests.webapp.services.steps import KIM, now
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.phone import text_limits, texted_codes
from webapp.services.phone.numbers import read_number
from webapp.services.phone.requirement import set_sign_in
from webapp.services.phone.signing_in import ask_again, ask_code, enter_code
from webapp.services.phone.text_limits import text_budget

ANA = "+4915123456789"


@pytest.fixture
def shop(services):
    return set_sign_in(services, "main", "phone", "DE")


@pytest.fixture
def small_shop(services, shop):
    """A scan in ten minutes: twelve texts an hour are all it may send."""
    small = replace(shop, scans_per_code=1, window_seconds=600, version=shop.version + 1)
    services.shops.save(shop, small)
    return services.shop("main")


@pytest.fixture
def ana(services, shop):
    """A browser with a scan pass."""
    return with_pass(services, shop, "ana")


def with_pass(services, shop, name: str):
    open_code(services, shop, name)
    return browser_of(services, name)


def sign_in(services, shop, browser, number: str = ANA):
    ask_code(services, shop, browser, number)
    return enter_code(services, shop, browser, services.texts.code_to(number))[1]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_shop_that_wants_a_number_takes_no_order_without(services, shop, ana):
    with pytest.raises(PhoneNeeded):
        claims.claim_order(services, shop, ana)
    assert services.orders.open_orders("main") == []
    signed_in = sign_in(services, shop, ana)
    order = claims.claim_order(services, shop, signed_in)
    assert order.customer_id == read_number(ANA, ("DE",)).customer_id(services.secret_keys[0])


def test_the_text_holds_a_code_of_six_digits_that_phones_can_fill_in(services, shop, ana):
    ask_code(services, shop, ana, "0151 23456789")
    [(number, text)] = services.texts.sent
    code = text[:6]
    assert number == ANA and code.isdecimal()
    assert text.endswith(f"\n\n@coffee.example #{code}")
    assert text.isascii() and len(text) <= 160


def test_signing_in_makes_a_new_session_and_moves_the_pass_to_it(services, shop, ana):
    signed_in = sign_in(services, shop, ana)
    assert signed_in.id != ana.id and signed_in.scan_pass is not None
    assert services.customer_sessions.get("secret of ana", services.now()) is None
    passes.check_pass(services, shop, signed_in)


def test_a_customer_is_signed_in_for_thirty_days(services, shop, ana, clock):
    secret = _secret_after_sign_in(services, shop, ana)
    clock.pass_seconds(30 * 24 * 3600 - 1)
    assert services.customer_sessions.get(secret, clock()).has_phone(clock())
    clock.pass_seconds(1)
    session = services.customer_sessions.get(secret, clock())
    assert session is None or not session.has_phone(clock())


def test_scanning_again_does_not_make_the_thirty_days_longer(services, shop, ana, clock):
    secret = _secret_after_sign_in(services, shop, ana)
    clock.pass_seconds(29 * 24 * 3600)
    code = qr_codes.current_code(services, shop).qr_code.text
    session = services.customer_sessions.get(secret, clock())
    passes.scan_code(services, shop, code, session)
    clock.pass_seconds(24 * 3600)
    session = services.customer_sessions.get(secret, clock())
    assert session is not None and passes.needs_phone(services, shop, session)


def _secret_after_sign_in(services, shop, browser) -> str:
    ask_code(services, shop, browser, ANA)
    return enter_code(services, shop, browser, services.texts.code_to(ANA))[0]


# One person


def test_one_number_has_one_open_order_whatever_browser_it_comes_with(services, shop, ana):
    first = sign_in(services, shop, ana)
    claims.claim_order(services, shop, first)
    second = sign_in(services, shop, with_pass(services, shop, "anas other phone"))
    with pytest.raises(HasOpenOrder):
        claims.claim_order(services, shop, second)
    other = sign_in(services, shop, with_pass(services, shop, "bo"), "+4915123456780")
    assert claims.claim_order(services, shop, other)


def test_the_orders_of_a_day_are_counted_for_the_number(services, shop, clock):
    services.shops.save(shop, replace(shop, orders_per_day=2, version=shop.version + 1))
    shop = services.shop("main")
    for number in range(2):
        browser = sign_in(services, shop, with_pass(services, shop, f"browser {number}"))
        order = claims.claim_order(services, shop, browser)
        workflow_writes("AdmitOrder", order, clock())
        customer_steps.place_order(services, shop, now(services, order), "latte", {})
        workflow_writes("AwaitBarista", order, clock())
        barista_steps.make_order(services, order.id, KIM)
        barista_steps.complete_order(services, order.id, KIM)
        clock.pass_seconds(40)
    browser = sign_in(services, shop, with_pass(services, shop, "browser 3"))
    with pytest.raises(OrdersOfDayUsedUp):
        claims.claim_order(services, shop, browser)


def test_guests_still_order_where_the_shop_lets_them(services, shop):
    shop = set_sign_in(services, "main", "guest", "DE")
    assert scan_and_claim(services, shop, "guest")


# Codes


def test_a_code_is_good_for_five_minutes(services, shop, ana, clock):
    ask_code(services, shop, ana, ANA)
    clock.pass_seconds(300)
    with pytest.raises(OneTimeCodeOver):
        enter_code(services, shop, ana, services.texts.code_to(ANA))


def test_the_pass_lasts_as_long_as_the_code(services, shop, ana, clock):
    clock.pass_seconds(170)
    ask_code(services, shop, ana, ANA)
    clock.pass_seconds(299)
    _, signed_in = enter_code(services, shop, ana, services.texts.code_to(ANA))
    assert claims.claim_order(services, shop, signed_in)


def test_a_code_is_good_in_the_browser_that_asked_for_it_and_in_no_other(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    thief = with_pass(services, shop, "thief")
    with pytest.raises(OneTimeCodeOver):
        enter_code(services, shop, thief, services.texts.code_to(ANA))
    stolen = services.texts.code_to(ANA)
    ask_code(services, shop, thief, ANA)
    if stolen != services.texts.code_to(ANA):
        with pytest.raises(OneTimeCodeWrong):
            enter_code(services, shop, thief, stolen)
    enter_code(services, shop, ana, stolen)


def test_a_code_is_good_at_the_bar_that_sent_it_only(services, shop, ana):
    from tests.builders import a_shop

    ask_code(services, shop, ana, ANA)
    other = a_shop(id="annex", sign_in=shop.sign_in, phone_countries=("DE",))
    with pytest.raises(OneTimeCodeOver):
        enter_code(services, other, ana, services.texts.code_to(ANA))


def test_a_code_works_once(services, shop, ana):
    sign_in(services, shop, ana)
    with pytest.raises(OneTimeCodeOver):
        enter_code(services, shop, ana, services.texts.code_to(ANA))


def test_a_new_code_ends_the_old_one(services, shop, ana, clock):
    ask_code(services, shop, ana, ANA)
    old = services.texts.code_to(ANA)
    clock.pass_seconds(30)
    ask_again(services, shop, ana)
    new = services.texts.code_to(ANA)
    if old != new:
        with pytest.raises(OneTimeCodeWrong):
            enter_code(services, shop, ana, old)
    enter_code(services, shop, ana, new)


def test_the_code_may_be_typed_with_spaces_and_with_other_digits(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    code = services.texts.code_to(ANA)
    arabic = "".join(chr(0x660 + int(digit)) for digit in code)
    enter_code(services, shop, ana, f" {arabic[:3]} {arabic[3:]} ")


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef"])
def test_what_is_no_code_costs_no_try(services, shop, ana, typed):
    ask_code(services, shop, ana, ANA)
    with pytest.raises(ChoiceInvalid):
        enter_code(services, shop, ana, typed)
    assert services.phone_sign_ins.get(ana.id).tries == 0


def test_the_fifth_try_counts_and_the_sixth_does_not(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    code = services.texts.code_to(ANA)
    for left in (4, 3, 2, 1):
        with pytest.raises(OneTimeCodeWrong) as refused:
            enter_code(services, shop, ana, wrong(code))
        assert refused.value.tries_left == left
    enter_code(services, shop, ana, code)


def test_after_five_wrong_tries_the_right_code_is_worth_nothing(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    code = services.texts.code_to(ANA)
    for _ in range(4):
        with pytest.raises(OneTimeCodeWrong):
            enter_code(services, shop, ana, wrong(code))
    for typed in (wrong(code), code):
        with pytest.raises(OneTimeCodeOver):
            enter_code(services, shop, ana, typed)


def test_ten_wrong_codes_of_a_number_are_not_forgotten_by_a_new_code(services, shop, clock):
    for number in range(2):
        browser = with_pass(services, shop, f"browser {number}")
        ask_code(services, shop, browser, ANA)
        _use_up(services, shop, browser, services.texts.code_to(ANA))
    third = with_pass(services, shop, "browser 3")
    sent = len(services.texts.sent)
    ask_code(services, shop, third, ANA)
    assert len(services.texts.sent) == sent
    customer_id = services.phone_sign_ins.get(third.id).customer_id
    assert services.phone_sign_ins.wrong_codes(customer_id, clock().date().isoformat()) == 10
    clock.pass_seconds(24 * 3600)
    sign_in(services, shop, with_pass(services, shop, "tomorrow"))


def _use_up(services, shop, browser, code):
    for _ in range(5):
        with pytest.raises((OneTimeCodeWrong, OneTimeCodeOver)):
            enter_code(services, shop, browser, wrong(code))


def test_even_a_good_code_is_not_looked_at_when_its_numbers_day_is_used_up(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    code = services.texts.code_to(ANA)
    for number in range(2):
        thief = with_pass(services, shop, f"thief {number}")
        ask_code(services, shop, thief, ANA)
        _use_up(services, shop, thief, services.texts.code_to(ANA))
    with pytest.raises(OneTimeCodeWrong):
        enter_code(services, shop, ana, code)


def test_a_right_code_is_no_wrong_one_of_the_day(services, shop, ana, clock):
    signed_in = sign_in(services, shop, ana)
    day = clock().date().isoformat()
    assert services.phone_sign_ins.wrong_codes(signed_in.customer_id, day) == 0


def test_of_a_thousand_guesses_at_once_five_are_compared(services, shop, ana, monkeypatch):
    ask_code(services, shop, ana, ANA)
    row = services.phone_sign_ins.get(ana.id)
    compared, barrier = [], threading.Barrier(40)
    compare = texted_codes._matches
    monkeypatch.setattr(
        texted_codes, "_matches", lambda *rest: compared.append(1) or compare(*rest)
    )

    def guess(worker: int) -> int:
        barrier.wait()
        return sum(
            services.customer_pool.check_code(row.customer_id, ana.id, f"{worker:03}{n:03}")
            for n in range(25)
        )

    with ThreadPoolExecutor(40) as pool:
        right = sum(pool.map(guess, range(40)))
    assert right <= 1 and len(compared) <= 5
    assert services.phone_sign_ins.get(ana.id).tries == 5


def test_the_try_is_counted_before_the_code_is_looked_at(services, shop, ana, monkeypatch):
    ask_code(services, shop, ana, ANA)

    def fail(*_):
        raise RuntimeError("the process dies here")

    monkeypatch.setattr(texted_codes, "_matches", fail)
    with pytest.raises(Exception, match="failed"):
        enter_code(services, shop, ana, "123456")
    assert services.phone_sign_ins.get(ana.id).tries == 1


def test_cognito_asking_twice_for_one_code_sends_one_text(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    customer_id = services.phone_sign_ins.get(ana.id).customer_id
    assert services.customer_pool.send_code(customer_id, ana.id)
    assert len(services.texts.sent) == 1


def test_triggers_do_nothing_for_a_sign_in_that_no_page_has_begun(services, shop, ana):
    customer_id = read_number(ANA, ("DE",)).customer_id(services.secret_keys[0])
    assert services.customer_pool.send_code(customer_id, "unknown")
    assert services.customer_pool.send_code(customer_id, ana.id)
    assert not services.customer_pool.check_code(customer_id, ana.id, "000000")
    assert services.texts.sent == []


def test_a_foreign_sign_in_is_worth_nothing_to_another_number(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    code = services.texts.code_to(ANA)
    other = read_number("+4915123456780", ("DE",)).customer_id(services.secret_keys[0])
    assert not services.customer_pool.check_code(other, ana.id, code)
    assert services.phone_sign_ins.get(ana.id).tries == 0


def test_two_tabs_with_the_right_code_move_the_pass_once(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    code = services.texts.code_to(ANA)
    first = Interleaved(
        services.customer_sessions, "sign_in", lambda: enter_code(services, shop, ana, code)
    )
    with pytest.raises(PassMissing):
        enter_code(replace(services, customer_sessions=first), shop, ana, code)


# Texts


def test_only_a_browser_with_a_scan_pass_gets_a_text(services, shop, ana, clock):
    for browser in (None, browser_of(services, "never scanned")):
        with pytest.raises(PassMissing):
            ask_code(services, shop, browser, ANA)
    clock.pass_seconds(shop.pass_seconds)
    with pytest.raises(PassMissing):
        ask_code(services, shop, ana, ANA)
    assert services.texts.sent == []


@pytest.mark.parametrize("typed", ["", "030 1234567", "+44 7400 123456", "0900 1234567", "hello"])
def test_a_number_that_will_not_do_is_refused_before_anything_is_written(
    services, shop, ana, typed
):
    before = _everything()
    with pytest.raises(ChoiceInvalid):
        ask_code(services, shop, ana, typed)
    assert _everything() == before


def test_the_next_text_comes_half_a_minute_later_at_the_soonest(services, shop, ana, clock):
    ask_code(services, shop, ana, ANA)
    clock.pass_seconds(29)
    for ask in (ask_again, lambda *rest: ask_code(*rest, ANA)):
        with pytest.raises(TooManyRequests) as refused:
            ask(services, shop, ana)
        assert (refused.value.retry_at - clock()).total_seconds() == 1
    clock.pass_seconds(1)
    ask_again(services, shop, ana)
    assert len(services.texts.sent) == 2


def test_whoever_mistyped_the_number_need_not_wait(services, shop, ana):
    ask_code(services, shop, ana, "+4915123456780")
    sign_in(services, shop, ana)


def test_a_number_gets_three_texts_an_hour_and_its_browser_learns_when_there_are_more(
    services, shop, ana, clock
):
    for _ in range(3):
        ask_code(services, shop, ana, ANA)
        clock.pass_seconds(31)
        code = qr_codes.current_code(services, shop).qr_code.text
        passes.scan_code(services, shop, code, ana)
    with pytest.raises(TooManyRequests) as refused:
        ask_code(services, shop, ana, ANA)
    assert refused.value.retry_at.minute == 0
    assert len(services.texts.sent) == 3


def test_from_many_browsers_a_number_still_gets_three_texts_an_hour(services, shop):
    for number in range(8):
        ask_code(services, shop, with_pass(services, shop, f"bot {number}"), ANA)
    assert len(services.texts.sent) == 3


def test_numbers_in_a_row_get_ten_texts_an_hour(services, shop):
    shop = replace(shop, scans_per_code=10)
    with pytest.raises(TooManyRequests):
        for number in range(20):
            browser = with_pass(services, shop, f"bot {number}")
            ask_code(services, shop, browser, f"+49151234567{number:02}")
    assert len(services.texts.sent) == 10


def test_whoever_asks_for_all_texts_of_a_code_leaves_the_next_codes_to_others(
    services, small_shop, clock
):
    shop = small_shop
    with pytest.raises(TooManyRequests) as refused:
        for number in range(20):
            browser = with_pass(services, shop, f"bot {number}")
            ask_code(services, shop, browser, f"+49151{number:03}45678")
    assert len(services.texts.sent) == 2 < text_budget(services, shop).most
    assert "next code" in refused.value.sentence
    clock.now = refused.value.retry_at
    sign_in(services, shop, with_pass(services, shop, "with the next code"))


def test_the_breaker_trips_says_when_and_tells_the_team_once(services, small_shop, clock, caplog):
    shop = small_shop
    most = text_budget(services, shop).most
    clock.now = clock().replace(minute=0, second=0)
    with caplog.at_level(logging.ERROR), pytest.raises(TooManyRequests) as refused:
        for number in range(10_000):
            if number in (2, 4, 6, 8, 10):
                clock.pass_seconds(600)
            browser = with_pass(services, shop, f"bot {number}")
            ask_code(services, shop, browser, f"+49151{number:03}45678")
    assert len(services.texts.sent) == most == number == 12
    assert "Ask at the counter" in refused.value.sentence
    assert text_budget(services, shop).is_used_up
    browser = with_pass(services, shop, "one more")
    with pytest.raises(TooManyRequests):
        ask_code(services, shop, browser, ANA)
    assert len([line for line in caplog.records if "paused" in line.message]) == 1
    clock.pass_seconds((refused.value.retry_at - clock()).total_seconds())
    sign_in(services, shop, with_pass(services, shop, "next hour"))


def test_asking_in_vain_uses_up_neither_the_browsers_nor_the_numbers_tries(
    services, small_shop, ana, clock
):
    shop = small_shop
    for number in range(2):
        ask_code(
            services, shop, with_pass(services, shop, f"bot {number}"), f"+49151{number:03}45678"
        )
    for _ in range(3):
        with pytest.raises(TooManyRequests) as refused:
            ask_code(services, shop, ana, ANA)
    clock.now = refused.value.retry_at
    sign_in(services, shop, with_pass(services, shop, "ana"))


def test_no_window_can_use_up_the_hour_of_a_shop(services, shop):
    for scans in (1, 2, 5, 10, 100):
        for seconds in (60, 300, 600, 3600):
            of = replace(shop, scans_per_code=scans, window_seconds=seconds)
            most = text_limits._window_limit(of).most
            assert most * 3600 <= max(text_budget(services, of).most, 1) * seconds or most == 1


def test_a_text_that_does_not_get_out_says_so_and_costs_what_a_text_costs(
    services, shop, ana, clock
):
    services.texts.fails = True
    with pytest.raises(TooManyRequests) as refused:
        ask_code(services, shop, ana, ANA)
    assert "do not get through" in refused.value.sentence
    assert text_budget(services, shop).sent == 1
    services.texts.fails = False
    clock.pass_seconds((refused.value.retry_at - clock()).total_seconds() + 30)
    ask_again(services, shop, ana)
    enter_code(services, shop, ana, services.texts.code_to(ANA))
    assert text_budget(services, shop).sent == 2


def test_while_texts_fail_a_blocked_number_is_told_the_same(services, shop, ana):
    for number in range(3):
        ask_code(services, shop, with_pass(services, shop, f"bot {number}"), ANA)
    services.texts.fails = True
    with pytest.raises(TooManyRequests) as failed:
        ask_code(services, shop, ana, "+4915123456780")
    with pytest.raises(TooManyRequests) as blocked:
        ask_code(services, shop, with_pass(services, shop, "bot 9"), ANA)
    assert blocked.value.sentence == failed.value.sentence
    assert blocked.value.retry_at == failed.value.retry_at


# What is kept


def test_the_number_is_kept_in_one_place_and_only_until_the_code_was_typed(services, shop, ana):
    ask_code(services, shop, ana, ANA)
    holders = {name for name, text in _everything().items() if ANA in text}
    assert holders == {"serverlesspresso-phone-sign-ins"}
    enter_code(services, shop, ana, services.texts.code_to(ANA))
    assert not any(ANA[3:] in text for text in _everything().values())


def test_no_table_and_no_log_line_holds_a_code(services, shop, ana, caplog):
    with caplog.at_level(logging.DEBUG):
        ask_code(services, shop, ana, ANA)
        code = services.texts.code_to(ANA)
        stored = _everything()
        enter_code(services, shop, ana, code)
    assert not any(f'"{code}"' in text for text in stored.values())
    ours = [line for line in caplog.records if line.name.startswith("webapp")]
    assert not any(code in line.getMessage() or ANA in line.getMessage() for line in ours)


def test_an_order_and_its_events_name_the_customer_never_the_number(services, shop, ana):
    order = claims.claim_order(services, shop, sign_in(services, shop, ana))
    assert ANA[3:] not in repr(order) and len(order.customer_id) == 32


def _everything() -> dict[str, str]:
    tables = dynamodb().list_tables()["TableNames"]
    return {
        name: json.dumps(dynamodb().scan(TableName=name)["Items"], sort_keys=True)
        for name in tables
    }
