"""One order through the three screens, and the things people do to it."""

from __future__ import annotations

import re
from contextlib import contextmanager

import boto3
from playwright.sync_api import expect

from scripts.screens import card, get_place, place_order, tap


def test_an_order_goes_from_scan_to_cup_on_three_screens(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    left = int(tv.get_by_text("of 1000 left").inner_text().split()[0])
    get_place(phone)
    expect(tv.get_by_text(f"{left - 1} of 1000 left")).to_be_visible()

    number = place_order(phone, "Flat White", "Oat", "Decaf")

    # An order that an earlier test has left may stand before this one.
    in_line = re.compile("You are (next|.+ in line)")
    expect(phone.get_by_role("heading", name=in_line)).to_be_visible()
    preparing = tv.get_by_role("region", name="Preparing")
    expect(preparing.get_by_text(number, exact=True)).to_be_visible()
    expect(card(tablet, number)).to_contain_text("Flat White")
    expect(card(tablet, number)).to_contain_text("Oat")

    tap(tablet, number, "Make")
    expect(phone.get_by_role("heading", name="Rui is making it now")).to_be_visible()
    expect(phone.get_by_role("button", name="Cancel order")).to_have_count(0)

    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()
    expect(tv.get_by_role("region", name="Ready").get_by_text(number, exact=True)).to_be_visible()

    tap(tablet, number, "Collected")
    expect(card(tablet, number)).to_have_count(0)
    expect(tv.get_by_text(number, exact=True)).to_have_count(0)
    expect(phone.get_by_role("heading", name="Collected")).to_be_visible()


def test_reload_back_second_tap_and_second_tab_show_the_same_order(bar):
    tv = bar.tv()
    phone = bar.scan(tv)
    scanned = phone.url
    second_tab = bar.page(phone.context)
    second_tab.goto(scanned)
    phone.get_by_role("button", name="Get my place").dblclick()
    phone.get_by_role("radio", name="Latte", exact=True).wait_for()
    order_url = phone.url

    second_tab.get_by_role("button", name="Get my place").click()
    expect(second_tab).to_have_url(order_url)

    phone.go_back()
    phone.goto(scanned)
    expect(phone.get_by_role("heading", name="You already have an order")).to_be_visible()
    phone.goto(order_url)
    phone.get_by_role("radio", name="Tea", exact=True).check()
    phone.get_by_role("button", name="Place order").dblclick()
    number = phone.get_by_label("Order number", exact=True)
    number.wait_for()
    expect(second_tab.get_by_label("Order number", exact=True)).to_have_text(number.inner_text())
    phone.reload()
    phone.get_by_role("button", name="Cancel order").click()
    expect(phone.get_by_role("heading", name="You cancelled your order")).to_be_visible()


def test_two_tablets_press_make_and_the_second_sees_who_was_first(bar):
    tv, rui, ana = bar.tv(), bar.tablet("Rui"), bar.tablet("Ana")
    phone = bar.scan(tv)
    get_place(phone)
    number = place_order(phone, "Espresso")
    expect(card(rui, number)).to_be_visible()
    expect(card(ana, number)).to_be_visible()
    # Ana's tablet does not hear of Rui's tap before she taps herself.
    ana.route("**/barista/board", lambda route: route.abort())
    tap(rui, number, "Make")
    expect(card(rui, number).get_by_role("button", name="Complete")).to_be_visible()

    tap(ana, number, "Make")

    expect(card(ana, number)).to_contain_text("Rui was first")
    expect(card(ana, number).get_by_role("button")).to_have_count(0)
    ana.unroute("**/barista/board")

    tap(rui, number, "Release")
    tap(ana, number, "Make")
    expect(phone.get_by_role("heading", name="Ana is making it now")).to_be_visible()
    tap(ana, number, "Cancel order")
    ana.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(phone.get_by_role("heading", name="The bar cancelled your order")).to_be_visible()
    expect(card(ana, number)).to_have_count(0)


def test_a_closed_shop_says_so_on_all_screens_and_opens_again(bar):
    tv, tablet = bar.tv(), bar.tablet()
    link = bar.code_link(tv)
    tablet.get_by_role("button", name="Close shop").click()
    expect(tv.get_by_label("Scan to order")).to_have_count(0)
    visitor = bar.page(bar.context("phone"))
    answer = visitor.goto(link)
    assert answer.status == 409
    expect(visitor.get_by_role("heading", name="The bar is closed")).to_be_visible()
    tablet.get_by_role("button", name="Open shop").click()
    expect(tv.get_by_label("Scan to order")).to_be_visible()


def test_a_phone_whose_push_died_says_so_and_catches_up(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    get_place(phone)
    number = place_order(phone, "Latte")
    phone.context.set_offline(True)
    expect(phone.get_by_text("Reconnecting")).to_be_visible()
    tap(tablet, number, "Make")
    tap(tablet, number, "Complete")
    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()
    expect(phone.get_by_text("Reconnecting")).to_be_hidden()
    tap(tablet, number, "Collected")


def test_a_drink_that_sold_out_meanwhile_is_said_at_once_and_the_choice_is_kept(bar):
    tv, tablet = bar.tv(), bar.tablet()
    phone = bar.scan(tv)
    get_place(phone)
    phone.get_by_role("radio", name="Mocha", exact=True).check()
    phone.get_by_role("radio", name="Oat", exact=True).check()
    tablet.get_by_role("link", name="Stock").click()
    mocha = tablet.get_by_role("listitem").filter(has_text="Mocha")
    held = []
    tablet.route("**/sold-out", lambda route: held.append(route))
    mocha.get_by_role("button", name="Today").click()
    expect(mocha.get_by_role("button")).to_have_text(["1 h", "…", "Sold out"])
    held.pop().continue_()
    tablet.unroute("**/sold-out")
    expect(mocha.get_by_role("button", name="Back again")).to_be_focused()

    expect(phone.get_by_text("Mocha has just sold out")).to_be_visible()
    expect(phone.get_by_role("radio", name="Oat", exact=True)).to_be_checked()
    number = place_order(phone, "Tea")
    assert number
    mocha.get_by_role("button", name="Back again").click()
    phone.get_by_role("button", name="Cancel order").click()
    expect(phone.get_by_role("heading", name="You cancelled your order")).to_be_visible()


def test_the_whole_way_works_without_javascript(bar):
    tv, tablet = bar.tv(), bar.tablet()
    phone = bar.scan(tv, java_script_enabled=False)
    phone.get_by_role("button", name="Get my place").click()
    for _ in range(20):
        if phone.get_by_role("radio", name="Tea", exact=True).count():
            break
        phone.reload()
    number = place_order(phone, "Tea")
    expect(card(tablet, number)).to_be_visible()
    phone.get_by_role("button", name="Cancel order").click()
    expect(phone.get_by_role("heading", name="You cancelled your order")).to_be_visible()


def test_the_last_scan_hides_the_code_at_once(bar):
    tv = bar.tv()
    link = bar.code_link(tv)
    with only_one_scan_left(bar.stack):
        get_place(bar.scan(tv))
        expect(tv.get_by_label("Scan to order")).to_have_count(0)
        late = bar.page(bar.context("phone"))
        assert late.goto(link).status in (409, 410)
        expect(late.get_by_role("heading", name="This code is")).to_be_visible()


@contextmanager
def only_one_scan_left(stack):
    """As if everybody else had scanned already; the scans are given back to the next test."""
    settings = stack.environment
    dynamodb = boto3.client(
        "dynamodb",
        endpoint_url=stack.endpoint_url,
        region_name=settings["AWS_DEFAULT_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    (table,) = (name for name in dynamodb.list_tables()["TableNames"] if name.endswith("qr-codes"))
    # Walk-ups have a row of their own, which no code leads to.
    codes = [item for item in dynamodb.scan(TableName=table)["Items"] if "scans" in item]

    def set_scans(code: dict, scans: int) -> None:
        dynamodb.update_item(
            TableName=table,
            Key={name: code[name] for name in ("shop_id", "window_index")},
            UpdateExpression="SET scans = :scans",
            ExpressionAttributeValues={":scans": {"N": str(scans)}},
        )

    for code in codes:
        set_scans(code, int(code["taken"]["N"]) + 1)
    try:
        yield
    finally:
        for code in codes:
            set_scans(code, int(code["scans"]["N"]))
