"""What the team changes shows on the screens that are open, without taking anything away."""

from __future__ import annotations

from playwright.sync_api import expect

from scripts.screens import get_place


def test_a_drink_sells_out_under_an_open_menu_and_the_choice_stays(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    get_place(phone)
    phone.get_by_role("radio", name="Latte", exact=True).check()
    phone.get_by_role("radio", name="Oat", exact=True).check()

    tablet.get_by_role("link", name="Stock").click()
    mocha = tablet.locator("#sold-out li").filter(has_text="Mocha")
    mocha.get_by_role("button", name="1 h").click()
    expect(mocha).to_contain_text("sold out until")

    expect(phone.get_by_role("radio", name="Mocha", exact=True)).to_be_disabled()
    expect(phone.get_by_role("radio", name="Latte", exact=True)).to_be_checked()
    expect(phone.get_by_role("radio", name="Oat", exact=True)).to_be_checked()
    expect(phone.locator("#choice")).to_have_text("Latte oat")

    tablet.locator("#sold-out li").filter(has_text="Oat").get_by_role(
        "button", name="Today"
    ).click()
    expect(phone.get_by_text("Oat has just sold out.")).to_be_visible()
    expect(phone.locator("#choice")).to_contain_text("as it comes")

    for name in ("Mocha", "Oat"):
        row = tablet.locator("#sold-out li").filter(has_text=name)
        row.get_by_role("button", name="Back again").click()
    expect(phone.get_by_role("radio", name="Mocha", exact=True)).to_be_enabled()
    phone.get_by_role("button", name="Cancel order").click()


def test_a_pause_is_on_the_tv_with_its_end_and_over_at_a_tap(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    tablet.get_by_role("link", name="Rush").click()
    tablet.get_by_role("button", name="Pause 10 minutes").click()
    expect(tablet.get_by_text("No new scans until")).to_be_visible()
    expect(tv.get_by_role("heading", name="Short pause")).to_be_visible()
    expect(tv.get_by_label("Scan to order")).to_be_hidden()
    tablet.get_by_role("button", name="Take orders again").click()
    expect(tv.get_by_role("heading", name="Scan to order")).to_be_visible()
