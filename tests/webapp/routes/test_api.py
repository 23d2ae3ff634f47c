"""The JSON API as a printer, a till and a robot use it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from domain.orders import OrderState
from tests.builders import an_order
from tests.tables import workflow_writes
from webapp.api_schema import ANSWERS
from webapp.services.intake.qr_codes import current_code
from webapp.services.staff import devices
from webapp.services.staff.devices import SCOPES, create_device
from webapp.services.staff.ports import StaffSession

ADMIN = StaffSession("admin-1", "main", "admin", "Ada")


@pytest.fixture
def device(app, services):
    """A client with a fresh token: device("orders:read", …)."""

    def make(*scopes: str, name: str = "Till"):
        token, _ = create_device(services, ADMIN, name, list(scopes or SCOPES))
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return make


@pytest.fixture
def code(services) -> dict:
    return {"code": current_code(services, services.shop("main")).qr_code.text}


def _key(text: str) -> dict:
    return {"Idempotency-Key": text}


def _admit(services, order_id: str) -> None:
    workflow_writes("AdmitOrder", services.order("main", order_id), services.now())


def _queue(services, order_id: str) -> None:
    workflow_writes("AwaitBarista", services.order("main", order_id), services.now())


@pytest.fixture
def waiting(services, device, code) -> str:
    """An order that waits for a barista, ordered by a device; its id."""
    robot = device("orders:place")
    order_id = robot.post("/main/api/qr-code", json=code).json["id"]
    _admit(services, order_id)
    answer = robot.put(
        f"/main/api/my-orders/{order_id}",
        json={"action": "submit", "drink": "latte", "options": {"milk": "oat"}},
    )
    assert answer.json["state"] == "SUBMITTED", answer.json
    _queue(services, order_id)
    return order_id


# From the code to the cup


def test_a_robot_scans_orders_and_follows_its_order(services, device, code):
    robot = device("orders:place")
    made = robot.post("/main/api/qr-code", json=code)
    assert (made.status_code, made.json["state"]) == (201, "CLAIMED")
    order_id = made.json["id"]
    _admit(services, order_id)
    answer = robot.put(
        f"/main/api/my-orders/{order_id}",
        json={"action": "submit", "drink": "latte", "options": {"milk": "oat"}},
    )
    assert answer.json["drink"]["differences"] == ["Oat"]
    assert robot.get(f"/main/api/my-orders/{order_id}").json == answer.json
    assert [one["id"] for one in robot.get("/main/api/my-orders").json["orders"]] == [order_id]


def test_the_whole_address_of_a_code_is_as_good_as_its_text(device):
    url = device("codes:read").get("/main/api/qr-code").json["url"]
    assert device("orders:place").post("/main/api/qr-code", json={"code": url}).status_code == 201


def test_a_till_makes_an_order_and_hands_it_over(device, waiting):
    till = device("orders:act", "orders:read", name="Till 1")
    for action, state in (("make", "MAKING"), ("complete", "COMPLETED"), ("collect", "COLLECTED")):
        answer = till.put(f"/main/api/orders/{waiting}", json={"action": action})
        assert (answer.status_code, answer.json["state"]) == (200, state)
    assert till.get(f"/main/api/orders/{waiting}").json["barista"] == "Till 1"


def test_a_till_orders_for_somebody_at_the_counter_once(device, services):
    till = device("orders:counter", "orders:read")
    wanted = {"drink": "latte", "options": {"milk": "oat"}, "name": "Ana"}
    first, again = (
        till.post("/main/api/orders", json=wanted, headers=_key("till-1-order-8")) for _ in range(2)
    )
    assert (first.status_code, first.json["number"]) == (201, 1)
    assert again.json == first.json
    sold_out = till.post("/main/api/orders", json={"drink": "schnapps"})
    assert sold_out.status_code == 422


def test_the_figures_of_a_day_are_those_of_the_metrics_page(device):
    figures = device("metrics:read").get("/main/api/metrics?first=2024-05-17").json
    assert (figures["first"], figures["orders"], figures["waited"]["averageSeconds"]) == (
        "2024-05-17",
        0,
        None,
    )
    refused = device("metrics:read").get("/main/api/metrics?first=yesterday")
    assert refused.status_code == 422


def test_a_cancel_needs_a_reason_and_tells_it(device, waiting):
    till = device("orders:act")
    refused = till.put(f"/main/api/orders/{waiting}", json={"action": "cancel"})
    assert (refused.status_code, "reasons" in refused.json["detail"]) == (422, True)
    answer = till.put(f"/main/api/orders/{waiting}", json={"action": "cancel", "reason": "machine"})
    assert answer.json["reason"] == "the machine needs a break"


def test_a_device_cannot_touch_an_order_of_another_device_as_its_customer(device, waiting):
    stranger = device("orders:place", name="Other robot")
    path = f"/main/api/my-orders/{waiting}"
    assert stranger.get(path).status_code == 404
    assert stranger.put(path, json={"action": "cancel"}).status_code == 404
    assert stranger.get("/main/api/my-orders").json == {"orders": [], "next": None}


def test_the_shop_is_opened_and_closed(device, services, code):
    till = device("shop:write", "shop:read")
    assert till.put("/main/api/store", json={"state": "closed"}).json["isOpen"] is False
    refused = device("orders:place").post("/main/api/qr-code", json=code)
    assert refused.status_code == 409
    assert refused.json["type"] == "urn:coffee-bar:problem:shop-closed"
    assert till.put("/main/api/store", json={"state": "open"}).json["isOpen"] is True
    assert services.shop("main").is_open


# Lists


def _stored_orders(services, count: int) -> None:
    from webapp.storage.orders.order_items import attributes_of
    from webapp.storage.tables import OrderModel

    for place in range(count):
        order = an_order(
            [OrderState.COLLECTED, OrderState.CANCELLED][place % 2],
            id=f"{place:032x}",
            created_at=services.now().replace(minute=place),
        )
        OrderModel(order.shop_id, order.id, **attributes_of(order)).save()


def test_a_list_is_walked_page_by_page_and_misses_and_repeats_nothing(services, device):
    _stored_orders(services, 7)
    printer, seen, cursor = device("orders:read"), [], ""
    while cursor is not None:
        page = printer.get("/main/api/orders", query_string={"limit": 3, "cursor": cursor}).json
        seen += [order["createdAt"] for order in page["orders"]]
        cursor = page["next"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 7


def test_a_list_is_narrowed_by_state_and_time(services, device):
    _stored_orders(services, 6)
    printer = device("orders:read")
    since, until = (services.now().replace(minute=place).isoformat() for place in (1, 4))
    asked = {"state": "CANCELLED,TIMED_OUT", "since": since, "until": until}
    found = printer.get("/main/api/orders", query_string=asked).json["orders"]
    assert [int(order["id"], 16) for order in found] == [3, 1]


@pytest.mark.parametrize(
    "asked",
    [
        "limit=0",
        "limit=101",
        "limit=ten",
        "state=DRUNK",
        "since=yesterday",
        "since=2026-11-24",
        "cursor=x",
        "cursor=WzEsMl0",
        "until=9999-12-31T23:59:59Z",
    ],
)
def test_a_list_that_cannot_be_given_says_why(device, asked):
    refused = device("orders:read").get(f"/main/api/orders?{asked}")
    assert refused.status_code == 422
    assert asked.partition("=")[0] in refused.json["detail"]


# Who may


def test_no_token_is_told_how_to_bring_one(app):
    refused = app.test_client().get("/main/api/orders")
    assert refused.status_code == 401
    assert refused.content_type == "application/problem+json"
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_admins_cookie_opens_nothing(screen):
    assert screen("admin").get("/main/api/orders").status_code == 401


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_token_without_the_scope_is_refused_and_changes_nothing(app, device, waiting, scope):
    client = device(*(SCOPES.keys() - {scope}))
    tried = 0
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation is None or operation.scope != scope:
            continue
        path = rule.rule.replace("<shop_id>", "main").replace("<order_id>", waiting)
        method = (rule.methods - {"HEAD", "OPTIONS"}).pop()
        assert client.open(path, method=method, json={"action": "make"}).status_code == 403
        tried += 1
    assert tried


def test_a_removed_device_is_out_at_its_next_call(app, device, screen, services):
    client = device("shop:read")
    assert client.get("/main/api/menu").status_code == 200
    page = screen("admin").get("/main/admin/devices").get_data(as_text=True)
    path = re.search(r'action="(/main/admin/devices/\w+/remove)"', page)[1]
    assert screen("admin").post(path).status_code == 303
    assert client.get("/main/api/menu").status_code == 401


def test_a_token_is_shown_once_and_stored_as_a_hash_only(screen, services):
    admin = screen("admin")
    answer = admin.post("/main/admin/devices", data={"name": "Printer", "scope": ["orders:read"]})
    token = re.search(r"bar_[\w-]{43}", answer.get_data(as_text=True))[0]
    assert token not in admin.get("/main/admin/devices").get_data(as_text=True)
    assert services.devices.get(token, services.now()).name == "Printer"


@pytest.mark.parametrize(
    "form",
    [{"name": "", "scope": "orders:read"}, {"name": "x"}, {"name": "x", "scope": "everything"}],
)
def test_a_device_without_a_name_or_a_known_scope_is_not_made(screen, services, form):
    assert screen("admin").post("/main/admin/devices", data=form).status_code == 422
    assert services.devices.of_shop("main", services.now()) == []


def test_a_device_that_asks_too_often_is_told_when_to_come_back(device, monkeypatch):
    few = replace(devices.CALLS, most=3)
    monkeypatch.setattr(devices, "CALLS", few)
    client = device("shop:read")
    for _ in range(few.most):
        assert client.get("/main/api/menu").status_code == 200
    refused = client.get("/main/api/menu")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] and refused.json["retryAt"]


# Once


def test_the_same_key_places_one_order_however_often_it_is_sent(device, code):
    robot = device("orders:place")
    first, again = (
        robot.post("/main/api/qr-code", json=code, headers=_key("till-1-order-7")) for _ in range(2)
    )
    assert first.json == again.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_same_key_for_another_request_is_refused(device, waiting):
    till = device("orders:act")
    path = f"/main/api/orders/{waiting}"
    assert till.put(path, json={"action": "make"}, headers=_key("make-it-now")).status_code == 200
    refused = till.put(path, json={"action": "complete"}, headers=_key("make-it-now"))
    assert (refused.status_code, refused.json["type"]) == (422, "urn:coffee-bar:problem:key-reused")
    assert till.get(path).status_code == 403  # It may act, not read.


def test_two_devices_may_use_the_same_key(device, code):
    answers = [
        device("orders:place", name=name).post(
            "/main/api/qr-code", json=code, headers=_key("order-number-1")
        )
        for name in ("One", "Two")
    ]
    assert len({answer.json["id"] for answer in answers}) == 2


def test_a_refused_request_may_be_sent_again_with_its_key(device, waiting):
    till = device("orders:act")
    path, key = f"/main/api/orders/{waiting}", _key("complete-it-now")
    assert till.put(path, json={"action": "complete"}, headers=key).status_code == 409
    till.put(path, json={"action": "make"})
    assert till.put(path, json={"action": "complete"}, headers=key).status_code == 200


def test_a_request_whose_first_try_died_is_carried_out_after_a_minute(
    device, waiting, services, clock
):
    till = device("orders:act")
    services.idempotent_calls.finish = lambda *_: (
        None
    )  # The process dies before the answer is stored.
    path, key = f"/main/api/orders/{waiting}", _key("release-after-crash")
    till.put(path, json={"action": "make"}, headers=key)
    assert till.put(path, json={"action": "make"}, headers=key).status_code == 409
    clock.pass_seconds(61)
    refused = till.put(path, json={"action": "make"}, headers=key)
    assert refused.json["type"] != "urn:coffee-bar:problem:still-under-way"


# The document


def test_what_is_answered_has_the_shape_the_document_promises(device, waiting, code):
    import jsonschema

    client = device()
    schemas = {"components": {"schemas": ANSWERS}}
    for path, name in (
        ("settings", "Settings"),
        ("menu", "Menu"),
        ("metrics", "Metrics"),
        ("qr-code", "QrCode"),
        ("orders", "Orders"),
        (f"orders/{waiting}", "Order"),
        ("orders/" + "0" * 32, "Problem"),
    ):
        answer = client.get(f"/main/api/{path}").json
        jsonschema.validate(answer, {"$ref": f"#/components/schemas/{name}"} | schemas)


def test_the_document_names_every_route_of_the_api(app):
    document = app.test_client().get("/api/openapi.json").json
    named = {
        (path.replace("{", "<").replace("}", ">"), method.upper())
        for path, methods in document["paths"].items()
        for method in methods
    }
    routes = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if "/api/" in rule.rule and "<" in rule.rule
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert named == routes
