"""An order's journey and the figures follow live in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from scripts.screens import get_place, place_order, tap


def test_the_journey_and_the_figures_follow_an_order(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    figures = bar.signed_in("tablet", "admin")
    figures.goto(bar.stack.base_url + "/main/metrics")
    orders = figures.locator(".headline").get_by_text(re.compile(r"^[\d,]+$")).first
    before = int(orders.inner_text().replace(",", ""))
    phone = bar.scan(tv)
    get_place(phone)
    number = place_order(phone, "Mocha")
    phone.get_by_role("link", name="See what happens to your order").click()

    drawing = phone.get_by_role("img", name=re.compile("The workflow"))
    expect(drawing).to_have_accessible_name(re.compile("admit order, await barista.$"))
    expect(phone.get_by_text("OrderManager.WaitingCompletion")).to_be_visible()
    expect(orders).to_have_text(f"{before + 1:,}")

    tap(tablet, number, "Make")
    expect(phone.get_by_text("Rui took the order and makes the drink.")).to_be_visible()
    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="How your drink was made")).to_be_visible()
    expect(phone.get_by_text("OrderJourney.AllEventsStored")).to_be_visible()
    expect(drawing).to_have_accessible_name(re.compile("await barista, end.$"))

    stranger = bar.phone(phone.locator("#share-link").inner_text().removeprefix(bar.stack.base_url))
    expect(stranger.get_by_text("A barista took the order")).to_be_visible()
    expect(stranger.get_by_text("Rui")).to_have_count(0)
    expect(figures.get_by_role("row", name=re.compile("^Rui"))).to_be_visible()
