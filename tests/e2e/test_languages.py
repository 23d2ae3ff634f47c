"""A guest who reads another language than the bar, from scan to drink, and the TV in two."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from scripts.screens import tap


def _offer(admin: Page, *languages: str) -> None:
    admin.goto(admin.url.partition("/main/")[0] + "/main/admin/settings")
    for box in admin.locator('input[name="languages"]').all():
        box.set_checked(box.get_attribute("value") in languages)
    admin.get_by_role("button", name="Save the bar").click()
    admin.get_by_text("Saved. All screens follow.").wait_for()


@pytest.fixture
def bar_in_three_languages(bar):
    admin = bar.signed_in("tablet", "admin")
    _offer(admin, "en", "de", "ar")
    yield bar
    _offer(admin, "en")


def test_a_guest_orders_in_german_changes_to_arabic_and_the_pushes_follow(bar_in_three_languages):
    bar = bar_in_three_languages
    tv, tablet = bar.tv(), bar.tablet("Rui")
    expect(tv.get_by_role("heading", name="Preparing")).to_contain_text("Zubereitung")

    phone = bar.scan(tv, locale="de-AT")
    phone.get_by_role("button", name="Platz holen").click()
    phone.get_by_role("radio", name="Heiße Schokolade", exact=True).check()
    phone.get_by_role("radio", name="Hafer", exact=True).check()
    expect(phone.locator("#choice")).to_have_text("Heiße Schokolade Hafer")
    phone.get_by_role("button", name="Bestellen").click()
    number = phone.get_by_role("status", name="Bestellnummer").inner_text()

    card = tablet.get_by_role("article", name=f"Order {number}", exact=True)
    expect(card).to_contain_text("Hot Chocolate")
    expect(card).to_contain_text("Oat")
    tap(tablet, number, "Make")
    expect(phone.get_by_role("heading", name="Rui ist gerade dabei")).to_be_visible()

    phone.get_by_text("de", exact=True).click()
    phone.get_by_role("link", name="العربية").click()
    expect(phone.locator("html")).to_have_attribute("dir", "rtl")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="جاهز")).to_be_visible()
    tap(tablet, number, "Collected")
