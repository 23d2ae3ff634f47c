"""What is printed, over the API and on the team's page."""

import re
from dataclasses import replace

import pytest

from domain.detail_types import DetailType
from domain.events import ManagerWaitingCompletion
from domain.orders import OrderState
from tests.builders import a_shop, an_order
from tests.extensions import a_kit, an_arrival, installed
from tests.webapp.routes.contract import keep_their_promises
from webapp.extending import KnownBar
from webapp.extensions.labels import EXTENSION as LABELS
from webapp.services.orders.walk_ups import place_walk_up
from webapp.services.staff import devices
from webapp.services.staff.devices import SCOPES, create_device
from webapp.services.staff.ports import StaffSession

ALL = "/main/api/printouts/labels"
TICKETS = "/main/printouts/labels"
BARISTA = StaffSession("rui", "main", "barista", "Rui")


@pytest.fixture
def services(services):
    kit = a_kit(LABELS, services.now)
    with_labels = replace(services, extensions=installed("labels", kit))
    object.__setattr__(kit, "bar", KnownBar(with_labels))
    return with_labels


@pytest.fixture
def kit(services):
    return services.extensions.ready("labels")[1]


@pytest.fixture
def printer(app, services):
    """The computer at the label printer: printer("printouts:print"), with every scope if none."""

    def printer(*scopes: str, shop_id: str = "main"):
        admin = StaffSession("", shop_id, "admin", "Admin")
        token, _ = create_device(services, admin, "Label printer", list(scopes or SCOPES))
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return printer


@pytest.fixture
def walk_up(services, kit):
    """An order for Ana in the queue, whose ticket waits."""
    order = place_walk_up(services, BARISTA, "form-key", "latte", {"milk": "oat"}, "Ana")
    queued = replace(
        an_order(OrderState.QUEUED),
        id=order.id,
        number=order.number,
        drink_order=order.drink_order,
        queued_at=services.now(),
    )
    detail = ManagerWaitingCompletion.of(queued).to_detail()
    LABELS.run(kit, an_arrival(DetailType.MANAGER_WAITING_COMPLETION, **detail))
    return order


def test_a_printer_lists_fetches_and_ticks_off(printer, walk_up):
    device = printer("printouts:print")
    [ticket] = device.get(ALL).get_json()["printouts"]
    assert ticket["title"] == "1 Latte · Oat" and ticket["orderId"] == walk_up.id
    pdf = device.get(f"{ALL}/{ticket['id']}")
    assert pdf.mimetype == "application/pdf" and pdf.data.startswith(b"%PDF-")
    done = device.put(f"{ALL}/{ticket['id']}", json={"state": "printed"})
    assert done.status_code == 200 and done.get_json()["isPrinted"]
    assert device.get(ALL).get_json() == {"printouts": []}
    assert device.get(f"{ALL}/{ticket['id']}").status_code == 200, "a jam: it can be fetched again"
    assert not device.put(f"{ALL}/{ticket['id']}", json={"state": "waiting"}).get_json()[
        "isPrinted"
    ]
    assert len(device.get(ALL).get_json()["printouts"]) == 1


def test_the_name_is_on_the_paper_and_in_no_answer_of_the_api(printer, walk_up, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "webapp.extensions.labels.ticket.draw_ticket", lambda one: drawn.append(one) or b"%PDF-"
    )
    device = printer()
    listed = device.get(ALL)
    [ticket] = listed.get_json()["printouts"]
    device.get(f"{ALL}/{ticket['id']}")
    assert drawn[0].name == "Ana"
    for answer in (
        listed,
        device.get(f"/main/api/orders/{walk_up.id}"),
        device.get("/main/api/orders"),
    ):
        assert "Ana" not in answer.get_data(as_text=True)


def test_without_the_scope_nothing_is_printed(printer, walk_up):
    device = printer(*(SCOPES.keys() - {"printouts:print"}))
    assert device.get(ALL).status_code == 403


def test_another_shops_printer_and_an_unknown_name_find_nothing(printer, services, walk_up):
    services.shops.create(a_shop(id="annex"))
    [ticket] = printer().get(ALL).get_json()["printouts"]
    stranger = printer(shop_id="annex")
    assert stranger.get(ALL).status_code == 404
    assert stranger.get(f"/annex/api/printouts/labels/{ticket['id']}").status_code == 404
    for name in ("webhook", "nothing", "../core"):
        assert printer().get(f"/main/api/printouts/{name}").status_code == 404


def test_a_state_that_is_none_is_refused(printer, walk_up):
    [ticket] = printer().get(ALL).get_json()["printouts"]
    answer = printer().put(f"{ALL}/{ticket['id']}", json={"state": "eaten"})
    assert answer.status_code == 422
    assert len(printer().get(ALL).get_json()["printouts"]) == 1


@pytest.mark.parametrize("path", ["", "/{printout_id}"])
def test_every_answer_is_one_that_the_document_promises(app, printer, walk_up, monkeypatch, path):
    endless = devices.limits.Limit("api-calls", 10**9, devices.CALLS.span, "")
    monkeypatch.setattr(devices, "CALLS", endless)
    device = printer()
    [ticket] = device.get(ALL).get_json()["printouts"]
    token = device.environ_base["HTTP_AUTHORIZATION"]
    values = {"shop_id": "main", "extension": "labels"}
    values |= {"printout_id": ticket["id"]} if path else {}
    keep_their_promises(app, "printouts/{extension}" + path, token, values)


def test_the_team_sees_what_was_printed_and_has_it_printed_again(screen, printer, kit, walk_up):
    tablet = screen("barista")
    page = tablet.get(TICKETS).get_data(as_text=True)
    assert "1 Latte · Oat" in page and "waiting for the printer" in page
    assert 'id="again-' not in page
    [ticket] = kit.printer.waiting("main")
    kit.printer.tick_off(ticket)
    page = tablet.get(TICKETS).get_data(as_text=True)
    assert re.search(r"just now · printed|· printed", page)
    assert tablet.get(f"{TICKETS}/{ticket.id}").data.startswith(b"%PDF-")
    # By its id the focus finds back when the list renews itself.
    assert f'id="again-{ticket.id}"' in page and f'id="pdf-{ticket.id}"' in page
    answer = tablet.post(f"{TICKETS}/{ticket.id}/again")
    assert answer.status_code == 303 and answer.location == TICKETS
    assert len(kit.printer.waiting("main")) == 1


def test_an_admin_finds_the_page_only_where_something_is_printed(screen, app, services):
    assert TICKETS in screen("admin").get("/main/admin").get_data(as_text=True)


def test_a_bar_without_labels_shows_none(app, services, screen):
    object.__setattr__(services, "extensions", {})
    assert "/printouts/" not in screen("admin").get("/main/admin").get_data(as_text=True)
    assert screen("barista").get(TICKETS).status_code == 404
