"""Pages share a browser's few connections, and tell the truth while a part of the bar is down."""

from __future__ import annotations

import re
from types import SimpleNamespace

import boto3
from playwright.sync_api import Page, expect

from scripts.screens import card, get_place, place_order, tap
from tests.builders import Clock
from webapp import create_app, errors
from webapp.settings import Settings

_KEEP_THE_STREAMS_AT_HAND = """window.streams = []
window.EventSource = class extends EventSource {
    constructor(...of) { super(...of); window.streams.push(this) }
}"""
_OPEN_STREAMS = "streams.filter(one => one.readyState !== EventSource.CLOSED).length"
_SHOW = """isHidden => {
    Object.defineProperty(document, 'hidden', { get: () => isHidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
}"""


def _read_again(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('online'))")


def _tabs(bar, page: Page, address: str, number: int) -> list[Page]:
    """So many more tabs of the same browser."""
    tabs = [bar.page(page.context) for _ in range(number)]
    for tab in tabs:
        tab.goto(address)
    return tabs


def test_every_button_works_in_each_of_many_tabs_of_one_browser(bar):
    tv = bar.tv()
    tablet = bar.tablet("Rui")
    tablet.context.add_init_script(_KEEP_THE_STREAMS_AT_HAND)
    phone = bar.page(tablet.context)
    phone.goto(bar.code_link(tv))
    get_place(phone)
    number = place_order(phone, "Latte")
    phones = [phone, *_tabs(bar, phone, phone.url, 4)]
    screens = _tabs(bar, tablet, tablet.url, 3)
    screens += _tabs(bar, tablet, f"{bar.stack.base_url}/main/metrics", 1)

    tap(screens[2], number, "Make")
    for page in (phones[-1], phones[0]):
        expect(page.get_by_role("heading", name="Rui is making it now")).to_be_visible()
    assert sum(page.evaluate(_OPEN_STREAMS) for page in phones + screens) <= 4
    tap(tablet, number, "Complete")
    for page in phones:
        expect(page.get_by_role("heading", name="Ready")).to_be_visible()
        expect(page.get_by_text("Reconnecting")).to_be_hidden()
    tap(screens[0], number, "Collected")
    for page in phones:
        expect(page.get_by_role("heading", name="Collected")).to_be_visible()
    for page in phones:
        page.wait_for_function(f"() => !{_OPEN_STREAMS}")
        expect(page.get_by_text("Reconnecting")).to_be_hidden()
    for page in screens:
        expect(page.get_by_text("Reconnecting")).to_be_hidden()


def test_a_page_that_nobody_sees_has_no_stream_and_knows_all_when_it_is_seen_again(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    phone.context.add_init_script(_KEEP_THE_STREAMS_AT_HAND)
    get_place(phone)
    number = place_order(phone, "Tea")
    phone.reload()
    expect(phone.locator("#alive")).to_be_visible()
    phone.evaluate(_SHOW, True)
    assert phone.evaluate(_OPEN_STREAMS) == 0
    for step in ("Make", "Complete"):
        tap(tablet, number, step)
    expect(card(tablet, number).get_by_role("button", name="Collected")).to_be_visible()
    expect(phone.get_by_role("heading", name="Ready")).to_have_count(0)

    phone.evaluate(_SHOW, False)
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()
    expect(phone.get_by_text("Reconnecting")).to_be_hidden()
    tap(tablet, number, "Collected")
    expect(phone.get_by_role("heading", name="Collected")).to_be_visible()


def test_a_page_whose_order_vanished_says_so_at_its_next_read(bar):
    phone = bar.scan(bar.tv(), locale="de")
    get_place(phone)
    keys = bar.stack.environment
    tables = boto3.client(
        "dynamodb",
        endpoint_url=bar.stack.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    order = {"shop_id": {"S": "main"}, "order_id": {"S": phone.url.rpartition("/")[2]}}
    tables.delete_item(TableName="serverlesspresso-orders", Key=order)
    _read_again(phone)
    expect(phone.get_by_role("heading", name="Diese Bestellung ist nicht hier")).to_be_visible()
    phone.get_by_role("link", name="Zum Anfang").click()
    phone.wait_for_url("**/main/")


def test_a_page_that_the_bar_knows_an_older_version_of_shows_what_is_now(bar):
    phone = bar.scan(bar.tv())
    get_place(phone)
    place_order(phone, "Tea")

    def before_the_crash(route):
        answer = route.fetch()
        panel = re.sub(r' data-version="\d+"', ' data-version="1"', answer.text())
        route.fulfill(response=answer, body=panel.replace("Tea", "Mocha"))

    phone.route("**/panel", before_the_crash)
    _read_again(phone)
    expect(phone.get_by_text("Mocha").first).to_be_visible()
    phone.unroute("**/panel")
    phone.reload()
    phone.get_by_role("button", name="Cancel order").click()
    expect(phone.get_by_role("heading", name="You cancelled your order")).to_be_visible()


def test_a_page_that_says_one_moment_goes_on_by_itself_when_the_bar_is_back(bar):
    settings = Settings(secret_key="only here", public_url=bar.stack.base_url)
    app = create_app(settings, services=SimpleNamespace(now=Clock()))
    with app.test_request_context("/main/"):
        body, status, headers = errors._part_is_down()
    phone = bar.page(bar.context("phone"))
    asked = []

    def down(route):
        asked.append(route.request.url)
        if len(asked) < 3:
            route.fulfill(status=status, headers=headers, content_type="text/html", body=body)
        elif len(asked) == 3:
            route.abort()
        else:
            route.continue_()

    phone.route("**/main/?x=1", down)
    phone.goto(bar.stack.base_url + "/main/?x=1")
    expect(phone.get_by_role("heading", name="One moment, please")).to_be_visible()
    expect(phone.get_by_role("heading", name="Scan the code on the screen")).to_be_visible()
    assert phone.url.endswith("/main/?x=1")
