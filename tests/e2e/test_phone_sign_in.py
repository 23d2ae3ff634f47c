"""Signing in by phone on the running bar: Cognito, its triggers and SNS, in a real browser."""

from __future__ import annotations

import os
import re
import sys
from subprocess import PIPE, Popen

import pytest
from playwright.sync_api import Page, expect

from scripts.environment import ROOT
from scripts.screens import get_place

NUMBER = "+49 1512 3456789"


@pytest.fixture
def phone_bar(bar):
    """The bar while it asks for numbers of Germany."""
    admin = bar.signed_in("tablet", "admin")
    _choose(admin, bar, "signs in with a mobile number")
    yield bar
    _choose(admin, bar, "needs nothing else")


def _choose(admin: Page, bar, words: str) -> None:
    admin.goto(f"{bar.stack.base_url}/main/admin/customer-sign-in")
    admin.get_by_role("radio", name=words).check()
    admin.get_by_label("Countries").fill("DE")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("radio", name=words)).to_be_checked()


def _ask(phone: Page, texts_url: str) -> str:
    """Types the number; returns the code, as the developer's page shows it."""
    phone.get_by_label("Mobile number").fill(NUMBER)
    phone.get_by_role("button", name="Text me the code").click()
    expect(phone.get_by_text("Its terminal says where to read them.")).to_be_visible()
    texts = phone.context.new_page()
    texts.goto(texts_url)
    text = texts.get_by_label(f"Text to {NUMBER.replace(' ', '')}").first.inner_text()
    texts.close()
    return re.search(r"\b\d{6}\b", text)[0]


def test_a_customer_signs_in_with_a_texted_code_and_then_counts_as_one_person(phone_bar):
    tv = phone_bar.tv()
    phone = phone_bar.scan(tv)
    expect(phone.get_by_role("heading", name="Your mobile number")).to_be_visible()
    phone.get_by_label("Mobile number").fill("030 1234567")
    phone.get_by_role("button", name="Text me the code").click()
    expect(phone.get_by_role("alert")).to_contain_text("not a mobile number")

    code = _ask(phone, phone_bar.stack.developer_url)
    expect(phone.get_by_role("button", name="Send a new code")).to_be_disabled()
    phone.get_by_label("Code").fill(f"{(int(code) + 1) % 10**6:06}")
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("alert")).to_contain_text("Tries left with this one: 4")
    phone.get_by_label("Code").fill(code)
    phone.get_by_role("button", name="Sign in").click()
    get_place(phone)
    assert NUMBER[4:] not in phone.content()

    # The same person with another browser, and that one without scripts.
    other = phone_bar.scan(tv, java_script_enabled=False)
    other_code = _ask(other, phone_bar.stack.developer_url)
    other.get_by_label("Code").fill(other_code)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="You already have an order")).to_be_visible()
    other.get_by_role("link", name="Show my order").click()
    other.get_by_role("button", name="Cancel order").click()
    expect(other.get_by_role("heading", name="You cancelled your order")).to_be_visible()


def test_of_the_guesses_of_many_processes_at_once_five_are_compared(stack):
    def start(*arguments: str) -> Popen:
        return Popen(
            [sys.executable, "-m", "tests.e2e.guesser", *arguments],
            cwd=ROOT,
            env=os.environ | stack.function_environment,
            text=True,
            stdin=PIPE,
            stdout=PIPE,
        )

    ids, _ = start().communicate()
    guessers = [start(*ids.split()) for _ in range(3)]
    for one in guessers:
        assert one.stdout.readline() == "ready\n"
    for one in guessers:
        one.stdin.write("\n")
        one.stdin.flush()
    compared = [int(one.communicate()[0]) for one in guessers]
    assert sum(compared) == 5
