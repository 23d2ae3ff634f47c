"""People at the counter, on the real bar: the execution goes on after a drink is taken back."""

from __future__ import annotations

from playwright.sync_api import expect

from scripts.screens import card, get_place, place_order, tap


def test_a_drink_made_wrong_is_made_again_and_a_walk_up_waits_behind_it(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    get_place(phone)
    number = place_order(phone, "Latte")
    tap(tablet, number, "Make")
    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()

    expect(tablet.locator("#tray")).to_contain_text(f"{number} is ready")
    assert tablet.locator("#tray > svg use").get_attribute("href") == "#s-ready"
    tablet.get_by_role("button", name="Undo").click()
    expect(phone.get_by_text("we called", exact=False)).to_be_visible()
    tap(tablet, number, "Complete")
    tap(tablet, number, "Collected")

    tablet.get_by_role("link", name="Walk-up").click()
    tablet.get_by_role("radio", name="Tea").check()
    tablet.get_by_role("button", name="Place", exact=True).click()
    walk_up = tablet.locator("#waiting article").filter(has_text="Tea")
    expect(walk_up.get_by_role("button", name="Make")).to_be_visible()

    tablet.get_by_role("link", name="Recently done").click()
    tablet.get_by_role("button", name=f"Make {number} again").click()
    tablet.get_by_role("button", name="Make again", exact=True).click()
    expect(phone.get_by_role("heading", name="We make it again")).to_be_visible()
    expect(tablet.locator("#waiting article").first).to_contain_text("make again")
    expect(card(tablet, number).get_by_role("button", name="Make")).to_be_visible()
    tap(tablet, number, "Make")
    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()
    other = walk_up.get_attribute("data-number")
    tap(tablet, other, "Make")
    tap(tablet, other, "Complete")
    tap(tablet, other, "Collected")
