"""Every route against everybody who may come: who gets in, and that nobody else changes a thing.

The table below is the claim; the app's URL map is walked, so a new route fails until it has a row.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from domain.detail_types import DetailType
from tests.builders import Clock, a_shop
from tests.extensions import a_kit, an_arrival, installed
from tests.services import services_over_tables
from tests.tables import Stored, empty_tables, stored_items, workflow_writes
from tests.webapp.routes.conftest import app_over, claim, path_of_code, sign_in
from webapp.access import Audience
from webapp.extensions.labels import EXTENSION as LABELS
from webapp.services.all_services import Services
from webapp.services.staff import people
from webapp.services.staff.devices import SCOPES, create_device, devices_of
from webapp.services.staff.ports import StaffSession
from webapp.services.staff.sign_in import signed_in

ACTORS = (
    "anonymous",
    "owner",
    "other customer",
    "barista",
    "display",
    "admin",
    "barista of another shop",
    "display of another shop",
    "admin of another shop",
    "device",
    "device of another shop",
)
EVERYBODY = frozenset(ACTORS)
OWNER = frozenset({"owner"})
BARISTAS = frozenset({"barista", "admin"})
DISPLAYS = frozenset({"display", "admin"})
ADMINS = frozenset({"admin"})
DEVICES = frozenset({"device"})
NOBODY = frozenset()

WHO_MAY = {
    "GET /": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /static/dist/<path:filename>": EVERYBODY,
    "GET /<shop_id>/": EVERYBODY,
    "GET /<shop_id>/scan": EVERYBODY,
    "POST /<shop_id>/scan": EVERYBODY,
    "GET /<shop_id>/scan/<code>": EVERYBODY,
    "GET /<shop_id>/phone": EVERYBODY,
    "POST /<shop_id>/phone": EVERYBODY,
    "GET /<shop_id>/phone/code": EVERYBODY,
    "POST /<shop_id>/phone/code": EVERYBODY,
    "POST /<shop_id>/phone/code/again": EVERYBODY,
    "POST /<shop_id>/phone/sign-out": EVERYBODY,
    "GET /<shop_id>/sign-in/<secret>": EVERYBODY,
    "POST /<shop_id>/sign-in/<secret>": EVERYBODY,
    "GET /<shop_id>/pair": EVERYBODY,
    "POST /<shop_id>/sign-out": EVERYBODY,
    "GET /<shop_id>/staff": EVERYBODY,
    "POST /<shop_id>/staff": EVERYBODY,
    "GET /<shop_id>/staff/password": EVERYBODY,
    "POST /<shop_id>/staff/password": EVERYBODY,
    "GET /<shop_id>/staff/code": EVERYBODY,
    "POST /<shop_id>/staff/code": EVERYBODY,
    "GET /<shop_id>/staff/authenticator": EVERYBODY,
    "POST /<shop_id>/staff/authenticator": EVERYBODY,
    "GET /<shop_id>/orders/<order_id>": OWNER,
    "GET /<shop_id>/orders/<order_id>/panel": OWNER,
    "GET /<shop_id>/orders/<order_id>/live": OWNER,
    "GET /<shop_id>/orders/<order_id>/journey": OWNER,
    "GET /<shop_id>/orders/<order_id>/journey/panel": OWNER,
    "GET /<shop_id>/journeys/<name>": EVERYBODY,
    "GET /<shop_id>/my-orders": EVERYBODY,
    "GET /<shop_id>/my-orders/erase": EVERYBODY,
    "POST /<shop_id>/my-orders/erase": EVERYBODY,
    "POST /<shop_id>/orders/<order_id>/submit": OWNER,
    "POST /<shop_id>/orders/<order_id>/cancel": OWNER,
    "GET /<shop_id>/barista": BARISTAS,
    "GET /<shop_id>/barista/board": BARISTAS,
    "GET /<shop_id>/barista/live": BARISTAS,
    "POST /<shop_id>/barista/orders/<order_id>/make": BARISTAS,
    "GET /<shop_id>/barista/batch": BARISTAS,
    "POST /<shop_id>/barista/batch": BARISTAS,
    "POST /<shop_id>/barista/orders/<order_id>/release": BARISTAS,
    "POST /<shop_id>/barista/orders/<order_id>/complete": BARISTAS,
    "POST /<shop_id>/barista/orders/<order_id>/collected": BARISTAS,
    "GET /<shop_id>/barista/orders/<order_id>/cancel": BARISTAS,
    "POST /<shop_id>/barista/orders/<order_id>/cancel": BARISTAS,
    "POST /<shop_id>/barista/open": BARISTAS,
    "POST /<shop_id>/barista/close": BARISTAS,
    "POST /<shop_id>/barista/name": BARISTAS,
    "GET /<shop_id>/barista/sold-out": BARISTAS,
    "POST /<shop_id>/barista/sold-out": BARISTAS,
    "GET /<shop_id>/barista/walk-up": BARISTAS,
    "POST /<shop_id>/barista/walk-up": BARISTAS,
    "GET /<shop_id>/barista/recent": BARISTAS,
    "GET /<shop_id>/barista/orders/<order_id>/remake": BARISTAS,
    "POST /<shop_id>/barista/orders/<order_id>/remake": BARISTAS,
    "POST /<shop_id>/barista/undo": BARISTAS,
    "GET /<shop_id>/barista/rush": BARISTAS,
    "POST /<shop_id>/barista/rush": BARISTAS,
    "GET /<shop_id>/display": DISPLAYS,
    "GET /<shop_id>/display/code": DISPLAYS,
    "GET /<shop_id>/display/board": DISPLAYS,
    "GET /<shop_id>/display/live": DISPLAYS,
    "GET /<shop_id>/metrics": BARISTAS,
    "GET /<shop_id>/metrics/figures": BARISTAS,
    "GET /<shop_id>/metrics/live": BARISTAS,
    "GET /<shop_id>/metrics/figures.csv": BARISTAS,
    "GET /<shop_id>/metrics/orders.csv": BARISTAS,
    "POST /<shop_id>/metrics/baristas": ADMINS,
    "GET /<shop_id>/display/metrics": DISPLAYS,
    "GET /<shop_id>/display/metrics/figures": DISPLAYS,
    "GET /<shop_id>/display/metrics/live": DISPLAYS,
    "GET /<shop_id>/admin": ADMINS,
    "POST /<shop_id>/admin/links": ADMINS,
    "GET /<shop_id>/admin/screens": ADMINS,
    "POST /<shop_id>/admin/screens": ADMINS,
    "POST /<shop_id>/admin/sessions/<session_id>/revoke": ADMINS,
    "GET /<shop_id>/admin/customer-sign-in": ADMINS,
    "POST /<shop_id>/admin/customer-sign-in": ADMINS,
    "GET /look/<colour>.css": EVERYBODY,
    "GET /look/<shop_id>/<name>": EVERYBODY,
    "POST /<shop_id>/admin/settings/logo": ADMINS,
    "GET /<shop_id>/admin/shop": ADMINS,
    "POST /<shop_id>/admin/shop/new": ADMINS,
    "GET /<shop_id>/admin/shop/settings.toml": ADMINS,
    "POST /<shop_id>/admin/shop/settings.toml": ADMINS,
    "POST /<shop_id>/admin/shop/archive": ADMINS,
    "GET /<shop_id>/admin/menu": ADMINS,
    "POST /<shop_id>/admin/menu/move": ADMINS,
    "GET /<shop_id>/admin/menu/<any(drinks, groups):kind>/<item_id>": ADMINS,
    "POST /<shop_id>/admin/menu/<any(drinks, groups):kind>/<item_id>": ADMINS,
    "POST /<shop_id>/admin/menu/<any(drinks, groups):kind>/<item_id>/remove": ADMINS,
    "GET /<shop_id>/admin/devices": ADMINS,
    "POST /<shop_id>/admin/devices": ADMINS,
    "POST /<shop_id>/admin/devices/<device_id>/remove": ADMINS,
    "GET /api/openapi.json": EVERYBODY,
    "GET /<shop_id>/api/settings": DEVICES,
    "GET /<shop_id>/api/menu": DEVICES,
    "PUT /<shop_id>/api/store": DEVICES,
    "GET /<shop_id>/api/qr-code": DEVICES,
    "POST /<shop_id>/api/qr-code": DEVICES,
    "GET /<shop_id>/api/orders": DEVICES,
    "POST /<shop_id>/api/orders": DEVICES,
    "GET /<shop_id>/api/metrics": DEVICES,
    "GET /<shop_id>/api/orders/<order_id>": DEVICES,
    "PUT /<shop_id>/api/orders/<order_id>": DEVICES,
    "GET /<shop_id>/api/my-orders": DEVICES,
    # A device's own orders: this one is a phone's.
    "GET /<shop_id>/api/my-orders/<order_id>": NOBODY,
    "PUT /<shop_id>/api/my-orders/<order_id>": NOBODY,
    "GET /<shop_id>/api/printouts/<extension>": DEVICES,
    "GET /<shop_id>/api/printouts/<extension>/<printout_id>": DEVICES,
    "PUT /<shop_id>/api/printouts/<extension>/<printout_id>": DEVICES,
    "GET /<shop_id>/printouts/<extension>": BARISTAS,
    "GET /<shop_id>/printouts/<extension>/<printout_id>": BARISTAS,
    "POST /<shop_id>/printouts/<extension>/<printout_id>/again": BARISTAS,
    "GET /<shop_id>/admin/settings": ADMINS,
    "POST /<shop_id>/admin/settings/<part>": ADMINS,
    "GET /<shop_id>/admin/people": ADMINS,
    "POST /<shop_id>/admin/people": ADMINS,
    "POST /<shop_id>/admin/people/<person_id>/password": ADMINS,
    "POST /<shop_id>/admin/people/<person_id>/authenticator": ADMINS,
    "POST /<shop_id>/admin/people/<person_id>/lock": ADMINS,
    "POST /<shop_id>/admin/people/<person_id>/unlock": ADMINS,
    "POST /<shop_id>/admin/people/<person_id>/remove": ADMINS,
}
STAFF_ONLY = {route for route, actors in WHO_MAY.items() if actors in (BARISTAS, DISPLAYS, ADMINS)}
UNSIGNED = {"anonymous", "owner", "other customer", "device", "device of another shop"}
BODIES = {
    "PUT /<shop_id>/api/store": {"state": "closed"},
    "POST /<shop_id>/api/qr-code": {"code": "a-code"},
    "POST /<shop_id>/api/orders": {"drink": "latte"},
    "PUT /<shop_id>/api/orders/<order_id>": {"action": "make"},
    "PUT /<shop_id>/api/my-orders/<order_id>": {"action": "cancel"},
    "PUT /<shop_id>/api/printouts/<extension>/<printout_id>": {"state": "printed"},
}
FORMS = {
    "POST /<shop_id>/orders/<order_id>/submit": {"drink": "latte"},
    "POST /<shop_id>/barista/orders/<order_id>/cancel": {"reason": "mistake"},
    "POST /<shop_id>/barista/name": {"name": "Rui"},
    "POST /<shop_id>/barista/sold-out": {"item": "latte", "sold_out": "1"},
    "POST /<shop_id>/barista/walk-up": {"form_key": "form-key", "drink": "tea"},
    "POST /<shop_id>/barista/undo": {"done": "nothing"},
    "POST /<shop_id>/barista/rush": {"action": "longer"},
    "POST /<shop_id>/admin/links": {"role": "barista"},
    "POST /<shop_id>/admin/customer-sign-in": {"sign_in": "phone", "countries": "DE"},
    "POST /<shop_id>/admin/settings/<part>": {"name": "Hall 2"},
    "POST /<shop_id>/admin/shop/new": {"shop_id": "hall-2", "name": "Hall 2"},
    "POST /<shop_id>/admin/shop/settings.toml": {"text": "format = 1"},
    "POST /<shop_id>/admin/menu/move": {"drink": "latte", "to": "up"},
    "POST /<shop_id>/admin/people": {"role": "barista", "name": "Eva", "email": "eva@example.com"},
}


def routes_of(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


@dataclass
class Bar:
    """One shop with an order somebody may choose a drink for, another shop, and all actors."""

    app: Flask
    services: Services
    order_id: str
    session_id: str
    person_id: str
    device_id: str
    printout_id: str
    browsers: dict[str, FlaskClient]

    def ask(self, actor: str, route: str):
        method, rule = route.split(" ", 1)
        path = (
            rule.replace("<shop_id>", "main")
            .replace("<order_id>", self.order_id)
            .replace("<code>", "a-code")
            .replace("<secret>", "a-secret")
            .replace("<session_id>", self.session_id)
            .replace("<device_id>", self.device_id)
            .replace("<part>", "bar")
            .replace("<any(drinks, groups):kind>/<item_id>", "drinks/latte")
            .replace("<person_id>", self.person_id)
            .replace("<colour>", "5a1a6b")
            .replace("<name>", "a-logo.png")
            .replace("<path:filename>", "nothing.css")
            .replace("<extension>", "labels")
            .replace("<printout_id>", self.printout_id)
        )
        return self.browsers[actor].open(
            path, method=method, data=FORMS.get(route), json=BODIES.get(route)
        )


@pytest.fixture(scope="module")
def built_bar(moto) -> tuple[Bar, Stored]:
    """The bar as it was when all had come in; each test gets it so."""
    empty_tables()
    services = services_over_tables(Clock())
    labels = a_kit(LABELS, services.now)
    LABELS.run(labels, an_arrival(DetailType.MANAGER_WAITING_COMPLETION))
    services = replace(services, extensions=installed("labels", labels))
    services.shops.create(a_shop(capacity=3, scans_per_code=4))
    services.shops.create(a_shop(id="annex"))
    app = app_over(services)
    app.extensions["live_relay"] = Silent()
    owner, other = app.test_client(), app.test_client()
    code_path = path_of_code(services)
    order_id = claim(owner, code_path).rpartition("/")[2]
    other.get(code_path)
    workflow_writes("AdmitOrder", services.order("main", order_id), services.now())
    browsers = {"anonymous": app.test_client(), "owner": owner, "other customer": other}
    for role in ("barista", "display", "admin"):
        browsers[role] = sign_in(app, services, role)
        browsers[f"{role} of another shop"] = sign_in(app, services, role, "annex")
    session_id = next(s.id for s in signed_in(services, "main") if s.role == "display")
    invitation = people.invite(
        services, people.TERMINAL, "main", "rui@example.com", "Rui", "barista"
    )
    for name, shop_id in (("device", "main"), ("device of another shop", "annex")):
        admin = StaffSession("", shop_id, "admin", "Admin")
        token, _ = create_device(services, admin, "Till", list(SCOPES))
        browsers[name] = with_token(app, token)
    device_id = devices_of(services, "main")[0].id
    [ticket] = labels.printer.latest("main")
    bar = Bar(
        app, services, order_id, session_id, invitation.person.id, device_id, ticket.id, browsers
    )
    return bar, Stored.now()


@pytest.fixture
def bar(built_bar, monkeypatch) -> Bar:
    bar, stored = built_bar
    stored.put_back()
    monkeypatch.setattr(bar.app, "config", copy.copy(bar.app.config))
    # What a browser keeps is its own until the test is over.
    return replace(bar, browsers={who: one_like(client) for who, client in bar.browsers.items()})


def one_like(client: FlaskClient) -> FlaskClient:
    """Another browser with the same cookies."""
    twin = copy.copy(client)
    twin._cookies = dict(client._cookies)
    return twin


def with_token(app: Flask, token: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


class Silent:
    """A relay whose streams end at once."""

    is_last = True

    def subscribe(self, _topic: str):
        return self

    def get(self, _seconds: float):
        return self

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


def refusal(route: str, actor: str) -> int:
    if "/api/" in route:
        return 404 if "device" in actor else 401
    return 401 if route in STAFF_ONLY and actor in UNSIGNED else 404


def everything() -> list:
    """All that is stored, but for what counts who came: when last seen, calls, refused scans."""
    return [
        sorted(
            repr(sorted((key, repr(value)) for key, value in item.items() if key != "seen_at"))
            for item in items
            if not item.get("limit_key", {}).get("S", "").startswith("api-calls|")
            and not item.get("item_key", {}).get("S", "").startswith("refused#")
        )
        for _, items in sorted(stored_items().items())
    ]


def test_every_route_has_a_row_and_every_row_a_route(app):
    assert routes_of(app) == set(WHO_MAY)


def test_every_route_declares_its_audiences(app):
    for name, view in app.view_functions.items():
        assert view.audiences and view.audiences <= set(Audience), name


def test_a_route_that_declares_nothing_answers_nobody(app, screen):
    app.view_functions["customer.welcome"] = lambda shop_id: "hello"
    assert app.test_client().get("/main/").status_code == 404
    assert screen("admin").get("/main/").status_code == 404


def test_a_change_of_what_is_stored_is_seen_here(bar):
    before = everything()
    bar.ask("barista", "POST /<shop_id>/barista/close")
    assert everything() != before


@pytest.mark.parametrize("route", WHO_MAY)
def test_a_route_lets_in_whom_it_is_for_and_nobody_else(bar, route):
    allowed = WHO_MAY[route]
    before = everything()
    for actor in ACTORS:
        if actor in allowed:
            continue
        answer = bar.ask(actor, route)
        expected = refusal(route, actor)
        assert (actor, answer.status_code) == (actor, expected)
        assert bar.order_id not in answer.get_data(as_text=True)
    assert everything() == before
    for actor in allowed - EVERYBODY or allowed:
        answer = bar.ask(actor, route)
        # Not in time, not a code, nothing to press: whatever it says, it was listened to.
        assert answer.status_code not in (401, 500)
        if allowed != EVERYBODY:
            assert answer.status_code not in (403, 404), actor


@pytest.mark.parametrize("route", [r for r in WHO_MAY if "<order_id>" in r])
def test_a_foreign_order_and_an_unknown_one_look_the_same(bar, route):
    actor = "other customer" if WHO_MAY[route] == OWNER else "barista of another shop"
    if "/api/" in route:
        actor = "device of another shop"
    foreign = bar.ask(actor, route)
    bar.order_id = "0" * 32
    unknown = bar.ask(actor, route)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.get_data() == unknown.get_data()


@pytest.mark.parametrize("route", [r for r in WHO_MAY if r.startswith("POST") and r in STAFF_ONLY])
def test_shop_and_role_come_from_the_session_never_from_the_form(bar, route):
    before = everything()
    rule = route.split(" ", 1)[1]
    path = rule.replace("<shop_id>", "main").replace("<order_id>", bar.order_id)
    path = path.replace("<part>", "bar")
    path = path.replace("<any(drinks, groups):kind>/<item_id>", "drinks/latte")
    form = FORMS.get(route, {}) | {"shop_id": "main", "role": "admin", "customer_id": "x"}
    answer = bar.browsers["admin of another shop"].post(path, data=form)
    assert answer.status_code == 404
    assert everything() == before
