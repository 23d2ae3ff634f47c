"""A code on the TV is for the people in front of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from scripts.screens import get_place


def test_a_photo_of_the_code_is_dead_when_the_tv_has_moved_on(quick_bar):
    tv = quick_bar.tv()
    link = tv.get_by_role("link").filter(has=tv.get_by_label("Scan to order"))
    photo = link.get_attribute("href")
    for _ in range(2):
        shown = link.get_attribute("href")
        expect(link).not_to_have_attribute("href", shown)

    late = quick_bar.page(quick_bar.context("phone"))
    assert late.goto(photo).status == 410
    expect(late.get_by_role("heading", name="This code is too old")).to_be_visible()
    expect(late.get_by_role("button", name="Get my place")).to_have_count(0)


def test_only_the_phone_that_scanned_has_the_pass_and_it_shows_no_secret(bar):
    tv = bar.tv()
    phone = bar.scan(tv)
    assert phone.url == f"{bar.stack.base_url}/main/scan"
    expect(phone.get_by_role("button", name="Get my place")).to_be_visible()

    friend = bar.page(bar.context("phone"))
    assert friend.goto(phone.url).status == 403
    expect(friend.get_by_role("heading", name="Scan the code first")).to_be_visible()

    get_place(phone)
    phone.get_by_role("button", name="Cancel order").click()
    expect(phone.get_by_role("heading", name="You cancelled your order")).to_be_visible()
    assert phone.goto(f"{bar.stack.base_url}/main/scan").status == 403


def test_a_device_whose_clock_is_set_back_goes_on_by_the_bars_time(bar):
    phone = bar.scan(bar.tv())
    get_place(phone)
    left = phone.locator("[data-until]").first
    phone.evaluate("() => { const was = Date.now; Date.now = () => was() - 3600000 }")
    before = left.text_content()
    expect(left).not_to_have_text(before)
    assert re.fullmatch("[0-4]:[0-5][0-9]", left.text_content())
