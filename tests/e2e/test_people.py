"""Named people, from the first admin's terminal to a barista who is sent away."""

from __future__ import annotations

import subprocess
import sys

from playwright.sync_api import Page, expect

from scripts.environment import ROOT
from tests.staff_pool import authenticator_code

ANA, RUI = "ana@example.com", "rui@example.com"


def staff(stack, *arguments: str) -> str:
    """What scripts/staff prints about this bar."""
    command = [sys.executable, "scripts/staff", *arguments, "--data", str(stack.data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else done.stderr


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def choose_password(page: Page, password: str) -> None:
    page.get_by_label("New password").fill(password)
    page.get_by_label("The same once more").fill(password)
    page.get_by_role("button", name="Save and go on").click()


def test_the_first_admin_invites_a_barista_who_works_and_is_sent_away(bar):
    printed = staff(bar.stack, "add-admin", ANA, "--name", "Ana")
    password = printed.partition("only this once: ")[2].split()[0]

    admin = bar.phone("/main/staff")
    sign_in(admin, ANA, "not the password")
    expect(admin.get_by_role("alert")).to_contain_text("do not open this bar")
    sign_in(admin, ANA, password)
    choose_password(admin, "Correct-Horse-7")
    expect(admin.get_by_label("Code for your authenticator app")).to_be_visible()
    admin.get_by_text("Type it instead").click()
    key = admin.locator(".key").inner_text().replace(" ", "")
    admin.get_by_label("Type the six digits").fill(authenticator_code(key))
    admin.get_by_role("button", name="Finish").click()
    expect(admin.get_by_role("listitem").filter(has_text=ANA)).to_contain_text("here now")

    admin.get_by_role("link", name="Accounts of people").click()
    admin.get_by_label("Name").fill("Rui")
    admin.get_by_label("E-mail").fill(RUI)
    admin.get_by_role("button", name="Invite").click()
    password = admin.get_by_label("Temporary password").inner_text()

    tablet = bar.page(bar.context("tablet"))
    tablet.goto(bar.stack.base_url + "/main/staff")
    sign_in(tablet, RUI, password)
    choose_password(tablet, "Another-Horse-8")
    expect(tablet.locator(".who summary")).to_have_text("Rui")
    assert tablet.goto(bar.stack.base_url + "/main/admin").status == 404

    admin.get_by_role("link", name="Back").click()
    admin.get_by_role("link", name="Accounts of people").click()
    admin.get_by_label("Change Rui").click()
    admin.get_by_role("button", name="Lock").click()
    expect(admin.get_by_role("listitem").filter(has_text=RUI)).to_contain_text("locked")
    assert tablet.goto(bar.stack.base_url + "/main/barista").status == 401

    admin.get_by_label("Change Rui").click()
    admin.get_by_role("button", name="Unlock").click()
    admin.get_by_label("Change Rui").click()
    admin.get_by_role("button", name="New password").click()
    expect(admin.get_by_label("Temporary password")).to_be_visible()
    admin.get_by_label("Change Rui").click()
    admin.get_by_role("button", name="Remove Rui").click()
    expect(admin.get_by_role("listitem").filter(has_text=RUI)).to_have_count(0)

    # The next time the admin is asked for the code of the app.
    again = bar.phone("/main/staff")
    sign_in(again, ANA, "Correct-Horse-7")
    again.get_by_label("Code").fill(authenticator_code(key, steps_ahead=1))
    again.get_by_role("button", name="Go on").click()
    again.wait_for_url("**/main/admin")


def test_the_terminal_lists_resets_and_revokes(bar):
    email = "eva@example.com"
    printed = staff(bar.stack, "add", email, "--role", "barista", "--name", "Eva")
    password = printed.partition("only this once: ")[2].split()[0]
    assert "already" in staff(bar.stack, "add", email, "--role", "barista")
    tablet = bar.page(bar.context("tablet"))
    tablet.goto(bar.stack.base_url + "/main/staff")
    sign_in(tablet, email, password)
    choose_password(tablet, "Correct-Horse-7")
    expect(tablet.locator(".who summary")).to_have_text("Eva")
    assert email in staff(bar.stack, "list")

    tablet.locator(".who summary").click()
    tablet.get_by_role("button", name="Sign out").click()
    tablet.get_by_role("link", name="Sign in with your e-mail").click()
    sign_in(tablet, email, "Correct-Horse-7")
    expect(tablet.locator(".who summary")).to_have_text("Eva")

    staff(bar.stack, "reset", email)
    assert tablet.reload().status == 401
    assert "locked" in staff(bar.stack, "revoke", email)
    assert f"{email:<32} barista  locked" in staff(bar.stack, "list")
    assert "may sign in again" in staff(bar.stack, "restore", email)
    assert "Nobody has an account" in staff(bar.stack, "revoke", "nobody@example.com")
