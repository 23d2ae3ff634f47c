"""What a day costs: counts times prices, each with its source."""

import pytest

from scripts.measuring import bill


def test_every_price_says_what_it_is_of_where_it_is_from_and_when_it_was_seen():
    assert bill.TABLE["prices"]
    for name, price in bill.TABLE["prices"].items():
        assert price["usd"] > 0, name
        assert price["of"] and price["source"] and price["seen"], name


def test_every_priced_count_belongs_to_one_service():
    billed = [name for names in bill.SERVICES.values() for name in names]
    assert sorted(billed) == sorted(bill.TABLE["prices"])


def test_the_bill_is_counts_times_prices_by_service():
    billed = bill.usd({"workflow_states": 1_000, "events": 1_000_000, "live_minutes": 1_000_000})
    assert billed["Step Functions"] == pytest.approx(0.025)
    assert billed["EventBridge"] == pytest.approx(1.0)
    assert billed["IoT Core"] == pytest.approx(0.08)
    assert billed["Lambda"] == 0


def test_a_count_without_a_price_is_not_overlooked():
    with pytest.raises(KeyError, match="no price for lunches"):
        bill.usd({"lunches": 1})


def test_the_originals_63_states_cost_what_its_column_says():
    states = 63 * bill.ASSUMED["drinks_a_day"]
    original = bill.TABLE["beside"]["original"]["Step Functions"]
    assert bill.usd({"workflow_states": states})["Step Functions"] == pytest.approx(original)


def test_a_day_is_its_drinks_the_phones_that_wait_the_screens_the_codes_and_the_sweep():
    one = {"http_calls": 1}
    total = bill.day(one, one, one, one, one)
    assumed = bill.ASSUMED
    waiting = 960 * assumed["minutes_a_phone_is_looked_at"]
    assert total["http_calls"] == 960 + waiting + 480 + 480 * 6 + 1440
    assert total["live_minutes"] == waiting + 2 * 480
