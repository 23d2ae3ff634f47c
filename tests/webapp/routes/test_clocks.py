"""A laptop's clock is set while the bar runs: nobody loses anything, and nothing that is over opens
anything again. All that the pages do by the clock stands here in one walk."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from domain.orders import OrderState
from tests.builders import NOW, Clock
from tests.services import services_over_tables
from tests.tables import workflow_writes
from tests.webapp.routes.conftest import app_over, claim, path_of_code, sign_in
from webapp.clock import BarClock, clock_of
from webapp.services.limits import limits
from webapp.services.orders.sweep import sweep
from webapp.services.staff.sign_in import create_link
from webapp.settings import Settings

JUMPS = [-3600, -10, 10, 3600]


class Machine:
    """A laptop: its clock, which somebody sets, and the count of its seconds, which nobody can."""

    def __init__(self):
        self.wall, self.count = NOW.timestamp(), 1000.0
        self.time = BarClock("none", lambda: self.wall, lambda: self.count)

    def pass_seconds(self, seconds: float) -> None:
        self.wall += seconds
        self.count += seconds


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def bar(moto, machine):
    """The services by that laptop's bar time."""
    from tests.builders import a_shop
    from tests.tables import empty_tables

    empty_tables()
    services = services_over_tables(machine.time)
    services.shops.create(a_shop())
    return services


def _admitted(services, path: str):
    order_id = path.rsplit("/", 1)[-1]
    workflow_writes("AdmitOrder", services.order("main", order_id), services.now())
    services.executions.running.add(services.order("main", order_id).execution_name)
    return order_id


@pytest.mark.parametrize("jump", JUMPS)
def test_whoever_is_in_stays_in_and_what_is_over_stays_over(bar, machine, jump):
    app = app_over(bar)
    barista, display = sign_in(app, bar, "barista"), sign_in(app, bar, "display")
    old_code = path_of_code(bar)
    old_link = create_link(bar, "main", "barista").removeprefix(bar.public_url)
    machine.pass_seconds(16 * 60)
    phone, waiting, other = app.test_client(), app.test_client(), app.test_client()
    path = claim(phone, path_of_code(bar))
    order_id = _admitted(bar, path)
    other.get(path_of_code(bar), follow_redirects=True)  # Has a pass, and takes its time.
    waiting.get(path_of_code(bar), follow_redirects=True)
    fresh_link = create_link(bar, "main", "barista").removeprefix(bar.public_url)
    before = bar.now()

    machine.wall += jump

    assert bar.now() == before
    assert phone.get(path).status_code == 200
    assert barista.get("/main/barista").status_code == 200
    assert display.get("/main/display").status_code == 200
    assert app.test_client().get(old_code).status_code == 410
    assert app.test_client().post(old_link).status_code in (403, 404, 410)
    # A pass and a link of before are as good as they were.
    assert claim(waiting, path_of_code(bar))
    assert app.test_client().post(fresh_link).status_code == 303
    machine.pass_seconds(120)
    assert other.post("/main/scan").status_code == 303
    # Nobody's time to choose has gone, nor does it last.
    sweep(bar)
    assert bar.order("main", order_id).state is OrderState.ADMITTED
    machine.pass_seconds(300)
    sweep(bar)
    assert bar.order("main", order_id).state is OrderState.TIMED_OUT


@pytest.mark.parametrize("jump", JUMPS)
def test_waits_and_figures_are_never_negative(bar, machine, jump):
    app = app_over(bar)
    tablet, phone = sign_in(app, bar, "barista"), app.test_client()
    tablet.post("/main/barista/name", data={"name": "Rui"})
    path = claim(phone, path_of_code(bar))
    order_id = _admitted(bar, path)
    phone.post(f"{path}/submit", data={"drink": "latte"})
    workflow_writes("AwaitBarista", bar.order("main", order_id), bar.now())
    machine.wall += jump
    machine.pass_seconds(30)
    for step in ("make", "complete"):
        tablet.post(f"/main/barista/orders/{order_id}/{step}")
        machine.pass_seconds(10)
    order = bar.order("main", order_id)
    assert order.state is OrderState.COMPLETED
    assert order.submitted_at <= order.queued_at < order.making_at < order.ended_at
    assert order.ended_at - order.submitted_at < timedelta(minutes=2)
    assert not re.search(r">\s*[-−]\d", phone.get(path).text + tablet.get("/main/barista").text)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_limits_span_goes_on(bar, machine, jump):
    limits.take_of(bar, limits.PASSWORDS, "203.0.113.0")
    used = limits.usage(bar, limits.PASSWORDS, "203.0.113.0")
    machine.wall += jump
    assert limits.usage(bar, limits.PASSWORDS, "203.0.113.0") == used == (1, used[1])


# Without a time of the bar's own, as on AWS


@pytest.fixture
def services(moto):
    from tests.builders import a_shop
    from tests.tables import empty_tables

    empty_tables()
    made = services_over_tables(Clock())
    made.shops.create(a_shop())
    return made


@pytest.mark.parametrize("jump", JUMPS)
def test_a_cookie_from_later_is_as_good_as_one_from_earlier(services, jump, monkeypatch):
    # Whoever signs or reads by the machine's clock meets the one that is set here.
    machines = SimpleNamespace(time=lambda: services.now().timestamp())
    monkeypatch.setattr("itsdangerous.timed.time", machines)
    app = app_over(services)
    phone, barista = app.test_client(), sign_in(app, services, "barista")
    path = claim(phone, path_of_code(services))
    services.now.pass_seconds(jump)
    assert phone.get(path).status_code == 200
    assert barista.get("/main/barista").status_code == 200


def _session(app, cookie: str):
    name = app.config["SESSION_COOKIE_NAME"]
    with app.test_request_context(headers={"Cookie": f"{name}={cookie}"}) as context:
        return dict(app.session_interface.open_session(app, context.request))


def test_a_cookie_ends_after_its_thirty_days(services):
    app = app_over(services)
    cookie = app.session_interface.get_signing_serializer(app).dumps({"lang": "de"})
    services.now.pass_seconds(30 * 86400 - 60)
    assert _session(app, cookie) == {"lang": "de"}
    services.now.pass_seconds(120)
    assert _session(app, cookie) == {}


@pytest.mark.parametrize("spoiled", ["", "x", "e30.x.y", "." * 9], ids=repr)
def test_a_spoiled_cookie_is_none(services, spoiled):
    assert _session(app_over(services), spoiled) == {}


def test_on_aws_the_machines_clock_is_the_time():
    settings = Settings(secret_key="k" * 32, public_url="https://bar.example.com")
    assert abs(clock_of(settings)() - datetime.now(UTC)) < timedelta(minutes=1)
    assert isinstance(clock_of(replace(settings, bar_clock="clock.json")), BarClock)
