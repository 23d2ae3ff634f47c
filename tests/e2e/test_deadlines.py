"""Deadlines that pass while the screens look on; the bar's are four and three seconds."""

from __future__ import annotations

from playwright.sync_api import expect

from scripts.screens import card, get_place, place_order


def test_a_customer_who_does_not_choose_loses_the_place_and_reads_why(quick_bar):
    phone = quick_bar.scan(quick_bar.tv())
    get_place(phone)
    expect(phone.get_by_role("heading", name="Your time to choose is over")).to_be_visible()
    expect(phone.get_by_role("radio")).to_have_count(0)


def test_a_drink_nobody_makes_is_closed_on_phone_tablet_and_tv(quick_bar):
    tv, tablet = quick_bar.tv(), quick_bar.tablet()
    phone = quick_bar.scan(tv)
    get_place(phone)
    number = place_order(phone, "Tea")
    expect(card(tablet, number)).to_be_visible()
    expect(phone.get_by_role("heading", name="Your drink was not made in time")).to_be_visible()
    expect(card(tablet, number)).to_have_count(0)
    expect(tv.get_by_text(number, exact=True)).to_have_count(0)


def test_a_third_customer_meets_a_full_bar_until_a_place_is_free(quick_bar):
    tv = quick_bar.tv()
    first, second, third = (quick_bar.scan(tv) for _ in range(3))
    for phone in (first, second, third):
        phone.get_by_role("button", name="Get my place").click()
    expect(third.get_by_role("heading", name="The bar is full right now")).to_be_visible()
    expect(first.get_by_role("heading", name="Your time to choose is over")).to_be_visible()
    expect(second.get_by_role("heading", name="Your time to choose is over")).to_be_visible()
    # Whether it was too late for a place at the scan or a moment after it, another scan helps.
    third.goto(quick_bar.code_link(tv))
    get_place(third)
