"""A screen without a keyboard becomes one of the bar's, and stops being one."""

from __future__ import annotations

from playwright.sync_api import expect


def test_a_tv_shows_a_code_an_admin_lets_it_in_from_a_phone_and_sends_it_away(bar):
    tv = bar.page(bar.context("tv"))
    assert tv.goto(f"{bar.stack.base_url}/main/display").status == 401
    expect(tv.get_by_role("heading", name="This screen is not signed in")).to_be_visible()
    code = tv.get_by_label("Code ").inner_text()

    admin = bar.signed_in("phone", "admin")
    admin.get_by_role("link", name="Enter a screen’s code").click()
    admin.get_by_label("Code on the screen").fill(code.lower())
    admin.get_by_label("Its name").fill("TV by the door")
    admin.get_by_role("button", name="Let it in").click()

    expect(tv.get_by_label("Scan to order")).not_to_have_count(0)
    mine = admin.get_by_role("listitem").filter(has_text="TV by the door")
    expect(mine).to_contain_text("here now")

    mine.get_by_role("button", name="Sign TV by the door out").click()
    expect(mine).to_have_count(0)
    # Nobody touches a TV: it notices by itself and asks to be let in again.
    expect(tv.get_by_label("Code ")).to_be_visible()
