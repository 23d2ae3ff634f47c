"""Who stands at the tablet can be changed on it."""

from __future__ import annotations

from playwright.sync_api import expect


def test_a_barista_says_who_they_are_and_the_name_stays(bar):
    tablet = bar.tablet("Rui")
    tablet.locator(".who summary").click()
    tablet.get_by_label("Who stands at this tablet?").fill("Ana")
    tablet.get_by_role("button", name="Save name").click()
    expect(tablet.locator(".who summary")).to_have_text("Ana")
    tablet.reload()
    expect(tablet.locator(".who summary")).to_have_text("Ana")
