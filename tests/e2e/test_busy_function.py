"""A function at its limit: the gateway refuses some requests, and people need not notice."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from scripts.screens import card, get_place, place_order


def _refuse(page: Page, pattern: str, times: int) -> list[str]:
    """As the gateway does, the first so many times; what was asked for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= times:
            route.fulfill(status=503, json={"message": "Service Unavailable"})
        else:
            route.continue_()

    page.route(pattern, answer)
    return asked


def test_a_phones_first_page_asks_for_no_file_and_has_its_looks(bar):
    phone = bar.phone()
    assert phone.evaluate("performance.getEntriesByType('resource').length") == 0
    assert phone.evaluate("getComputedStyle(document.body).margin") == "0px"


def test_a_place_is_asked_for_again_until_the_bar_has_heard_it(bar):
    phone = bar.scan(bar.tv())
    asked = _refuse(phone, "**/main/scan", times=2)
    get_place(phone)
    assert len(asked) == 3 and "/main/orders/" in phone.url


def test_a_script_that_was_refused_is_asked_for_again_and_works(bar):
    phone = bar.scan(bar.tv())
    asked = _refuse(phone, "**/static/dist/order*.js", times=2)
    get_place(phone)
    phone.wait_for_function("() => window.htmx")
    assert len(asked) == 3
    number = place_order(phone, "Latte")
    assert phone.evaluate("performance.getEntriesByType('navigation').length") == 1
    expect(card(bar.tablet(), number)).to_be_visible()


def test_a_style_that_was_refused_is_asked_for_again(bar):
    tablet = bar.page(bar.context("tablet"))
    asked = _refuse(tablet, "**/static/dist/tablet*.css", times=1)
    tablet.goto(bar.stack.link("barista"))
    tablet.get_by_role("button", name="Sign in here").click()
    tablet.wait_for_url("**/barista")
    tablet.wait_for_function("() => [...document.styleSheets].some(one => one.cssRules.length)")
    assert len(asked) == 2


def test_a_refused_order_is_kept_on_the_page_and_goes_through_at_the_next_tap(bar):
    phone = bar.scan(bar.tv())
    get_place(phone)
    phone.wait_for_function("() => window.htmx")
    _refuse(phone, "**/submit", times=1)
    phone.get_by_role("radio", name="Latte", exact=True).check()
    phone.get_by_role("button", name="Place order").click()
    expect(phone.get_by_text("That did not work. Please try again.")).to_be_visible()
    assert place_order(phone, "Latte")
    assert [one[:30] for one in bar.complaints] == ["Response Status Error Code 503"]
    bar.complaints.clear()
