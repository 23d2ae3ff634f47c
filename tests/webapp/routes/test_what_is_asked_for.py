"""Every span, cursor, number and page size that an address or a form can carry.

The names are found in the sources: one that is not in the tables here fails.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from domain.orders import OrderState
from domain.setting_kinds import Number
from domain.settings import SETTINGS
from tests.builders import an_order
from webapp.api_schema import Operation
from webapp.cursors import LONGEST_CURSOR, write_cursor
from webapp.routes.api import MOST_ORDERS
from webapp.services.orders.ports import OrderCursor
from webapp.services.staff.devices import SCOPES, create_device
from webapp.services.staff.ports import StaffSession
from webapp.storage.orders.order_items import attributes_of
from webapp.storage.tables import OrderModel

API = "/main/api"
ODD_NUMBERS = [
    "0",
    "-1",
    "+1",
    "1.5",
    "1e1",
    " ",
    "",
    "ten",
    "٣",
    "１０",
    "²",
    "000000100000000",
    "9" * 9,
    "9" * 5000,
    "0x10",
    "NaN",
    "\x00",
]
ODD_DAYS = [
    "yesterday",
    "0001-01-01",
    "9999-12-31",
    "2024-13-01",
    "2024-02-30",
    "20240517",
    "2024-W20-5",
    "２０２４-05-17",
    "2024-05-17T00:00",
    "9" * 5000,
    "\x00",
    " ",
]
ODD_MOMENTS = [
    "yesterday",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "2024-05-17T09:31:07",
    "2024-05-17",
    "2024-05-17T25:00:00Z",
    "２０２４-05-17T09:31:07Z",
    "9" * 5000,
    "\x00",
    " ",
]


def _unsigned(place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


ODD_CURSORS = [
    "x",
    "[" * 15_000,
    _unsigned(["0001-01-01T00:00:00+00:00", "00"]),
    _unsigned([1, 2]),
    _unsigned(["2024-05-17T09:31:07+00:00", "0" * 32]),
    "." * 100,
    "é",
    "\x00",
    " ",
    "A" * (LONGEST_CURSOR + 1),
    "9" * 5000,
]
ODD_TEXTS = ["x" * 5000, "\x00", "é", "[" * 15_000, "../..", "-1"]

METRICS = (
    "barista",
    [
        "/main/metrics",
        "/main/metrics/figures",
        "/main/metrics/figures.csv",
        "/main/metrics/orders.csv",
    ],
)
LISTS = ("device", [f"{API}/orders", f"{API}/my-orders"])
REFUSED, IGNORED = 422, 200
ASKED = {
    "limit": (*LISTS, ODD_NUMBERS, REFUSED),
    "cursor": (*LISTS, ODD_CURSORS, REFUSED),
    "since": ("device", [f"{API}/orders"], ODD_MOMENTS, REFUSED),
    "until": ("device", [f"{API}/orders"], ODD_MOMENTS, REFUSED),
    "state": ("device", [f"{API}/orders"], [*ODD_TEXTS, "CLAIMED,DRUNK"], REFUSED),
    "first": ("device", [f"{API}/metrics"], ODD_DAYS, REFUSED),
    "last": ("device", [f"{API}/metrics"], ODD_DAYS, REFUSED),
    "from": (*METRICS, ODD_DAYS, REFUSED),
    "to": (*METRICS, ODD_DAYS, REFUSED),
    # No number and no key: a word of ours, or none.
    "drink": ("barista", ["/main/barista/drinks"], ODD_TEXTS, None),
    "saved": (
        "admin",
        ["/main/admin/settings", "/main/admin/customer-sign-in"],
        ODD_TEXTS,
        IGNORED,
    ),
    "done": ("admin", ["/main/admin/shop"], ODD_TEXTS, IGNORED),
    "awaiting": ("admin", ["/main/admin"], ODD_TEXTS, IGNORED),
    "show": ("barista", ["/main/pair"], ODD_TEXTS, None),
}
_READ = re.compile(r'\b(?:args|asked)\.get\("(\w+)"|"(\w+)" in request\.args')


@pytest.fixture
def ask(app, services, screen):
    """Asks as one of the staff, or as a device that may do everything."""
    admin = StaffSession("admin-1", "main", "admin", "Ada")
    token, _ = create_device(services, admin, "Till", list(SCOPES))
    known = {}

    def ask_as(who: str, path: str, **asked: str):
        if who not in known:
            known[who] = app.test_client() if who == "device" else screen(who)
            if who == "device":
                known[who].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return known[who].get(path, query_string=asked)

    return ask_as


def store_orders(services, count: int) -> None:
    """So many, a second apart, the last of them just begun."""
    for place in range(count):
        begun = services.now() - timedelta(seconds=place)
        order = an_order(OrderState.COLLECTED, id=f"{place:032x}", created_at=begun)
        OrderModel(order.shop_id, order.id, **attributes_of(order)).save()


def test_every_name_that_an_address_can_carry_is_tried_here(app):
    sources = [*Path("webapp/routes").glob("*.py"), Path("webapp/languages.py")]
    read = {
        name
        for path in sources
        for found in _READ.findall(path.read_text())
        for name in found
        if name
    }
    operations = (getattr(view, "operation", None) for view in app.view_functions.values())
    declared = {
        parameter["name"]
        for one in operations
        if isinstance(one, Operation)
        for parameter in one.query
    }
    assert read | declared == ASKED.keys()


@pytest.mark.parametrize("name", ASKED)
def test_what_no_address_should_carry_is_refused_with_a_sentence(ask, services, name):
    store_orders(services, 3)
    who, paths, odd, wanted = ASKED[name]
    for path in paths:
        for value in odd:
            answer = ask(who, path, **{name: value})
            shown = (path, value[:40])
            assert answer.status_code in ({wanted} if wanted else {200, 302, 303, 404}), shown
            if who == "device":
                assert name in answer.json["detail"] or "day" in answer.json["detail"], shown


def test_no_list_gives_more_than_its_most(ask, services):
    store_orders(services, MOST_ORDERS + 5)
    for asked in ({"limit": f"{MOST_ORDERS}"}, {"limit": f"{MOST_ORDERS:09}"}):
        assert len(ask("device", f"{API}/orders", **asked).json["orders"]) == MOST_ORDERS
    for limit in ("000000100000000", f"{MOST_ORDERS + 1}"):
        assert ask("device", f"{API}/orders", limit=limit).status_code == 422


def test_a_span_that_ends_before_or_as_it_begins_holds_nothing(ask, services):
    store_orders(services, 3)
    now, later = (services.now() + timedelta(hours=hours) for hours in (0, 1))
    for since, until in ((now, now), (later, now), (later, later - timedelta(days=900))):
        asked = {"since": since.isoformat(), "until": until.isoformat()}
        answer = ask("device", f"{API}/orders", **asked)
        assert (answer.status_code, answer.json) == (200, {"orders": [], "next": None})


def test_a_cursor_outside_the_span_begins_at_its_nearer_end(ask, services):
    store_orders(services, 3)
    first = ask("device", f"{API}/orders", limit="1").json["next"]
    around = {
        # All of the span comes before the cursor's place, or after it.
        "since": (services.now() + timedelta(hours=1), 0),
        "until": (services.now() - timedelta(seconds=1), 1),
    }
    for name, (moment, wanted) in around.items():
        asked = {name: moment.isoformat(), "cursor": first}
        answer = ask("device", f"{API}/orders", **asked)
        assert (answer.status_code, len(answer.json["orders"])) == (200, wanted), name


def test_yesterdays_cursor_of_todays_list_leads_to_nothing(app, services, clock):
    admin = StaffSession("admin-1", "main", "admin", "Ada")
    token, till = create_device(services, admin, "Till", list(SCOPES))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    for place in range(2):
        begun = services.now() - timedelta(seconds=place)
        order = an_order(id=f"{place:032x}", created_at=begun, customer_id=f"device-{till.id}")
        OrderModel("main", order.id, **attributes_of(order)).save()
    cursor = client.get(f"{API}/my-orders?limit=1").json["next"]
    assert cursor
    clock.pass_seconds(24 * 3600)
    answer = client.get(f"{API}/my-orders", query_string={"cursor": cursor})
    assert (answer.status_code, answer.json) == (200, {"orders": [], "next": None})


def test_a_cursor_leads_on_in_its_own_list_only(ask, services):
    store_orders(services, 3)
    place = OrderCursor(services.now(), "0" * 32)
    own = write_cursor(services, "main's orders", place)
    assert ask("device", f"{API}/orders", cursor=own).status_code == 200
    for of_list in ("annex's orders", "main's orders of device-1"):
        foreign = write_cursor(services, of_list, place)
        assert ask("device", f"{API}/orders", cursor=foreign).status_code == 422
    assert ask("device", f"{API}/my-orders", cursor=own).status_code == 422
    assert ask("device", f"{API}/orders", cursor=own[:-1] + "x").status_code == 422


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2024-05-17", "2024-05-16"),
        ("2024-05-17", "2024-06-17"),
        ("1999-12-31", ""),
        ("2100-01-01", ""),
        ("", "2000-01-01"),
    ],
)
def test_days_that_make_no_span_are_refused_on_the_page_and_by_the_api(ask, first, last):
    assert ask("device", f"{API}/metrics", first=first, last=last).status_code == 422
    for path in METRICS[1]:
        answer = ask("barista", path, **{"from": first, "to": last})
        assert (answer.status_code, b" day" in answer.data) == (422, True), path


NUMBERS = {one.name: one.kind for one in SETTINGS if isinstance(one.kind, Number)}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_setting_that_is_no_number_within_its_bounds_changes_nothing(screen, services, name):
    admin, before = screen("admin"), services.shops.get("main")
    bounds = NUMBERS[name]
    odd = ["-1", "1.5", "", "１", "000000000001", "9" * 5000, f"{bounds.most + 1}"]
    for value in odd + ([f"{bounds.least - 1}"] if bounds.least else []):
        answer = admin.post("/main/admin/settings/intake", data={name: value, "seen": "0"})
        assert answer.status_code == 422, value[:40]
        assert f"{bounds.least} to {bounds.most}".encode() in answer.data
    assert services.shops.get("main") == before


def test_a_form_that_does_not_say_what_its_editor_saw_overwrites_nothing(screen, services):
    admin = screen("admin")
    saved = admin.post("/main/admin/settings/bar", data={"name": "Kept", "seen": "0"})
    assert saved.status_code == 303
    for seen in ODD_NUMBERS:
        answer = admin.post("/main/admin/settings/bar", data={"name": "Other", "seen": seen})
        assert answer.status_code == 409, seen[:40]
    assert services.shop("main").name == "Kept"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 15_000,
        b'{"state":' * 1_500,
        b'{"state": %s}' % (b"9" * 5000),
    ],
)
def test_a_body_that_cannot_be_read_is_told_so(app, services, body):
    admin = StaffSession("admin-1", "main", "admin", "Ada")
    token, _ = create_device(services, admin, "Till", list(SCOPES))
    answer = app.test_client().put(
        f"{API}/store",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status_code, answer.json["detail"]) == (400, "The request could not be read.")
