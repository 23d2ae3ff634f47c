"""The tablet's pages for people at the counter."""

from __future__ import annotations

import re

import html5lib
import pytest

from tests.tables import workflow_writes
from tests.webapp.routes.conftest import claim
from tests.webapp.services.orders.test_walk_ups import made
from tests.webapp.services.steps import KIM
from webapp.services.orders import barista_steps
from webapp.services.orders.walk_ups import place_walk_up, submit_walk_up
from webapp.services.shop import switches

HTMX = {"HX-Request": "true"}


def test_a_walk_up_is_two_taps_and_its_number_is_said(services, screen):
    tablet = screen("barista")
    dialog = tablet.get("/main/barista/walk-up", headers=HTMX).get_data(as_text=True)
    form_key = dialog.split('name="form_key" value="')[1].split('"')[0]
    form = {"form_key": form_key, "drink": "tea", "name": "Anna"}
    answer = tablet.post("/main/barista/walk-up", data=form, headers=HTMX)
    assert answer.status_code == 200
    assert "1 is in line: Tea." in answer.get_data(as_text=True)
    assert tablet.post("/main/barista/walk-up", data=form).status_code == 303


@pytest.mark.parametrize(
    "gone, drink, status, sentence",
    [
        ("", "", 422, "Choose a drink first."),
        ("drink", "tea", 409, "Tea has just sold out."),
        ("shop", "tea", 409, "The bar is closed."),
    ],
)
def test_a_refused_walk_up_is_asked_again_in_its_dialog_with_all_that_was_typed(
    services, screen, gone, drink, status, sentence
):
    if gone == "drink":
        switches.set_sold_out(services, "main", "tea", True)
    if gone == "shop":
        switches.set_open(services, "main", False)
    form = {"form_key": "form-key-1", "drink": drink, "milk": "oat", "name": "<Anna>"}
    tablet = screen("barista")
    answer = tablet.post("/main/barista/walk-up", data=form, headers=HTMX)
    assert answer.status_code == status
    assert answer.headers["HX-Retarget"] == "#reasons-dialog"
    assert answer.headers["HX-Reswap"] == "innerHTML"
    for page in (answer, tablet.post("/main/barista/walk-up", data=form)):
        text = page.get_data(as_text=True)
        assert re.search(r'role="alert">([^<]+)<', text)[1] == sentence
        assert 'name="name" value="&lt;Anna&gt;"' in text
        assert 'value="form-key-1"' in text
        assert 'name="milk" value="oat" checked' in text


def test_what_a_drink_comes_with_is_chosen_and_marked_before_anybody_chooses(services, screen):
    switches.set_sold_out(services, "main", "soy", True, group_id="milk")
    page = html5lib.parse(
        screen("barista").get("/main/barista/walk-up").text, namespaceHTMLElements=False
    )
    milk = {one.get("value"): one.attrib for one in page.iterfind('.//input[@name="milk"]')}
    assert [name for name, said in milk.items() if "checked" in said] == ["regular"]
    assert [name for name, said in milk.items() if "data-default" in said] == ["regular"]
    assert [name for name, said in milk.items() if "disabled" in said] == ["soy"]


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_a_dialog_reads_nothing_of_the_queue(services, screen, headers, monkeypatch):
    order, tablet = made(services), screen("barista")

    def unwanted(*_):
        raise AssertionError("the queue was read")

    monkeypatch.setattr(services.orders, "open_orders", unwanted)
    for path in (
        "walk-up",
        "recent",
        "rush",
        "sold-out",
        f"orders/{order.id}/cancel",
        f"orders/{order.id}/remake",
    ):
        answer = tablet.get(f"/main/barista/{path}", headers=headers)
        assert answer.status_code == 200, path
        assert ("<html" in answer.get_data(as_text=True)) == (not headers)


def test_a_name_is_on_the_tablet_and_nobody_owns_the_order(services, screen, phone):
    order = place_walk_up(services, KIM, "form-key-1", "tea", {}, "<b>Anna")
    workflow_writes("AdmitOrder", order, services.now())
    submit_walk_up(services, services.order("main", order.id))
    workflow_writes("AwaitBarista", order, services.now())
    board = screen("barista").get("/main/barista").get_data(as_text=True)
    assert "&lt;b&gt;Anna" in board
    assert phone.get(f"/main/orders/{order.id}").status_code == 404


def test_what_is_recently_done_can_be_made_again_and_the_customer_reads_that_we_are_sorry(
    services, screen, phone, code_path
):
    path = claim(phone, code_path)
    order_id = path.rpartition("/")[2]
    workflow_writes("AdmitOrder", services.order("main", order_id), services.now())
    phone.post(f"{path}/submit", data={"drink": "latte"})
    workflow_writes("AwaitBarista", services.order("main", order_id), services.now())
    barista_steps.make_order(services, order_id, KIM)
    barista_steps.complete_order(services, order_id, KIM)
    tablet = screen("barista")
    tablet.post(f"/main/barista/orders/{order_id}/collected")
    assert f"orders/{order_id}/remake" in tablet.get("/main/barista/recent").get_data(as_text=True)
    assert tablet.get(f"/main/barista/orders/{order_id}/remake").status_code == 200
    assert tablet.post(f"/main/barista/orders/{order_id}/remake").status_code == 303
    page = phone.get(path).get_data(as_text=True)
    assert "We make it again" in page and "We are sorry: 1 did not come out right." in page


def test_a_tap_is_taken_back_and_nonsense_is_not(services, screen):
    order = made(services)
    tablet = screen("barista")
    form = {"order": order.id, "done": "complete"}
    assert tablet.post("/main/barista/undo", data=form, headers=HTMX).status_code == 200
    assert services.order("main", order.id).state == "MAKING"
    assert tablet.post("/main/barista/undo", data=form, headers=HTMX).status_code == 409
    assert tablet.post("/main/barista/undo", data={"done": "dance"}).status_code == 422


def waiting(services, drink: str, key: str, **choices):
    order = place_walk_up(services, KIM, key, drink, choices, "")
    workflow_writes("AdmitOrder", order, services.now())
    submit_walk_up(services, services.order("main", order.id))
    workflow_writes("AwaitBarista", order, services.now())
    return order


def test_equal_drinks_are_made_together_at_two_taps_and_undone_at_one(services, screen):
    plain, oat, again = (
        waiting(services, "latte", f"form-key-{n}", **choices)
        for n, choices in enumerate(({}, {"milk": "oat"}, {"milk": "oat"}))
    )
    tablet = screen("barista")
    assert "/barista/batch?drink=latte" in tablet.get("/main/barista").get_data(as_text=True)
    dialog = tablet.get("/main/barista/batch?drink=latte", headers=HTMX).get_data(as_text=True)
    assert "Make 2" in dialog and "Make all 3" in dialog
    both = f"{oat.id} {again.id}"
    assert both in dialog
    answer = tablet.post("/main/barista/batch", data={"orders": both}, headers=HTMX)
    assert answer.status_code == 200
    states = [services.order("main", order.id).state for order in (plain, oat, again)]
    assert states == ["QUEUED", "MAKING", "MAKING"]
    tablet.post("/main/barista/undo", data={"order": both, "done": "make"}, headers=HTMX)
    assert {services.order("main", order.id).state for order in (oat, again)} == {"QUEUED"}


def test_a_drink_in_the_hands_of_a_tablet_that_is_gone_can_be_put_back_after_a_while(
    services, screen, clock
):
    order = waiting(services, "latte", "form-key-1")
    barista_steps.make_order(services, order.id, KIM)
    colleague = screen("barista")
    release = f"/main/barista/orders/{order.id}/release"
    assert release not in colleague.get("/main/barista").get_data(as_text=True)
    clock.pass_seconds(180)
    assert release in colleague.get("/main/barista").get_data(as_text=True)
    colleague.post(release, headers=HTMX)
    assert services.order("main", order.id).state == "QUEUED"


def test_a_batch_of_nothing_is_refused(screen):
    answer = screen("barista").post("/main/barista/batch", data={"orders": " "}, headers=HTMX)
    assert answer.status_code == 422


def test_opened_as_pages_of_their_own_the_dialogs_send_plain_forms(services, screen):
    orders = [waiting(services, "latte", f"form-key-{n}") for n in range(2)]
    made = waiting(services, "tea", "form-key-3")
    barista_steps.make_order(services, made.id, KIM)
    barista_steps.complete_order(services, made.id, KIM)
    tablet = screen("barista")
    for path in (
        "walk-up",
        "recent",
        "batch?drink=latte",
        f"orders/{orders[0].id}/cancel",
        f"orders/{made.id}/remake",
    ):
        page = tablet.get(f"/main/barista/{path}").get_data(as_text=True)
        assert "<form" in page, path
        assert "#barista-board" not in page and "#reasons-dialog" not in page, path
        fragment = tablet.get(f"/main/barista/{path}", headers=HTMX).get_data(as_text=True)
        assert "#barista-board" in fragment or "#reasons-dialog" in fragment, path
