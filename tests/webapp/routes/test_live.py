"""One rule for both transports: who may read a page's topic, and which topic that is."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.tables import workflow_writes
from tests.webapp.routes.conftest import claim
from tests.webapp.test_open_streams import fill
from webapp.cloud.live_grants import Grant
from webapp.cloud.live_relay import Message
from webapp.cloud.live_topics import barista_topic, board_topic, display_topic, order_topic
from webapp.open_streams import OpenStreams
from webapp.routes import live
from webapp.services.limits import limits


class Relay:
    """A relay that sends these messages and ends; remembers what was asked of it."""

    def __init__(self, *messages: Message):
        self.topics: list[list[str]] = []
        self._messages = messages

    def check(self) -> None:
        pass

    def subscribe(self, topics: list[str]):
        self.topics.append(topics)
        self._waiting = [*self._messages, Message(is_last=True)]
        return self

    def get(self, _seconds: float) -> Message:
        return self._waiting.pop(0)

    def end(self) -> None:
        pass

    def close(self) -> None:
        pass


class Grants:
    """Grants whatever is asked, and remembers it."""

    origin = "wss://iot.example"

    def __init__(self):
        self.topics: list[list[str]] = []

    def grant(self, topics: list[str]) -> Grant:
        self.topics.append(topics)
        filters = [f"{topic}/+" for topic in topics]
        return Grant(f"{self.origin}/mqtt?signed", "live-1", filters, 900)


@pytest.fixture(params=[Relay, Grants])
def transport(app, request):
    name = {Relay: "live_relay", Grants: "live_grants"}[request.param]
    app.extensions |= {"live_relay": None, "live_grants": None, name: request.param()}
    return app.extensions[name]


def test_every_live_address_of_the_app_is_tested_here(app):
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.endswith("/live")}
    assert rules == {
        "/<shop_id>/orders/<order_id>/live",
        "/<shop_id>/barista/live",
        "/<shop_id>/display/live",
        "/<shop_id>/metrics/live",
        "/<shop_id>/display/metrics/live",
    }


@pytest.mark.parametrize(
    "role, page, status",
    [
        ("barista", "barista", 200),
        ("barista", "display", 404),
        ("display", "display", 200),
        ("display", "barista", 404),
        ("admin", "barista", 200),
        ("admin", "display", 200),
        ("barista", "metrics", 200),
        ("display", "metrics", 404),
        ("display", "display/metrics", 200),
        ("barista", "display/metrics", 404),
        ("admin", "metrics", 200),
    ],
)
def test_a_screen_reads_its_own_audiences_topics_only(transport, screen, role, page, status):
    with screen(role).get(f"/main/{page}/live") as answer:
        assert answer.status_code == status
    own = {"barista": [barista_topic("main")], "display": [display_topic("main")]}
    topics = [*own.get(page, []), board_topic("main")]
    assert transport.topics == ([topics] if status == 200 else [])


@pytest.mark.parametrize("page", ["barista", "display", "metrics", "display/metrics"])
def test_an_unsigned_screen_reads_nothing(transport, phone, page):
    assert phone.get(f"/main/{page}/live").status_code == 401
    assert transport.topics == []


def test_only_its_customer_reads_an_orders_topic(transport, app, phone, screen, code_path):
    page = claim(phone, code_path)
    order_id = page.rpartition("/")[2]
    for stranger in (app.test_client(), screen("barista"), screen("display"), screen("admin")):
        assert stranger.get(f"{page}/live").status_code == 404
    assert transport.topics == []
    with phone.get(f"{page}/live") as answer:
        assert answer.status_code == 200
    assert transport.topics == [[order_topic("main", order_id)]]


def test_a_grant_is_data_that_nobody_stores(app, screen):
    app.extensions |= {"live_grants": Grants()}
    answer = screen("barista").get("/main/barista/live")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "url": "wss://iot.example/mqtt?signed",
        "client_id": "live-1",
        "topic_filters": [barista_topic("main") + "/+", board_topic("main") + "/+"],
        "topic_filter": barista_topic("main") + "/+",
        "seconds": 900,
    }


def test_the_page_of_a_new_order_brings_its_first_grant_and_later_ones_are_asked_for(
    app, phone, code_path, clock
):
    grants = app.extensions["live_grants"] = Grants()
    page = claim(phone, code_path)
    topic = order_topic("main", page.rpartition("/")[2])

    answer = phone.get(page)
    assert answer.headers["Cache-Control"] == "no-store"
    assert grants.topics == [[topic]]
    assert json.loads(_grant_in(answer)) == {
        "url": "wss://iot.example/mqtt?signed",
        "client_id": "live-1",
        "topic_filters": [topic + "/+"],
        "topic_filter": topic + "/+",
        "seconds": 900,
    }
    assert _grant_in(phone.get(f"{page}/panel")) is None
    assert _grant_in(phone.get(f"{page}/journey")) is None
    clock.pass_seconds(10)
    assert _grant_in(phone.get(page)) is None
    assert len(grants.topics) == 1


def _grant_in(answer) -> str | None:
    found = re.search(r' data-grant="([^"]*)"', answer.get_data(as_text=True))
    return found and html.unescape(found[1])


def test_a_page_whose_grant_could_not_be_had_asks_for_it(app, phone, code_path):
    class Refused(Grants):
        def grant(self, topics):
            raise ConnectionError("not now")

    app.extensions["live_grants"] = Refused()
    answer = phone.get(claim(phone, code_path))
    assert answer.status_code == 200
    assert "sse-connect" in answer.get_data(as_text=True)
    assert _grant_in(answer) is None


def test_a_page_whose_stream_is_relayed_holds_no_grant(app, phone, code_path):
    app.extensions |= {"live_relay": Relay(), "live_grants": None}
    answer = phone.get(claim(phone, code_path))
    assert "sse-connect" in answer.get_data(as_text=True)
    assert _grant_in(answer) is None


def test_only_a_page_that_follows_iot_core_may_connect_there(app, screen):
    app.extensions |= {"live_grants": Grants()}
    board = screen("barista").get("/main/barista")
    assert "connect-src 'self' wss://iot.example;" in board.headers["Content-Security-Policy"]
    assert "tablet-iot-" in board.get_data(as_text=True)
    stock = screen("barista").get("/main/barista/sold-out")
    assert "connect-src 'self';" in stock.headers["Content-Security-Policy"]
    assert "-iot-" not in stock.get_data(as_text=True)


def test_a_page_reads_again_without_pushes_when_iot_core_does_not_answer(
    app, screen, phone, code_path
):
    class Unreachable(Grants):
        @property
        def origin(self):
            raise ConnectionError("not there")

    app.extensions |= {"live_grants": Unreachable()}
    order = claim(phone, code_path)
    barista = screen("barista")
    for client, path, read in (
        (screen("display"), "/main/display", "display-board"),
        (barista, "/main/barista", "barista-board"),
        (barista, "/main/metrics", "metrics"),
        (phone, order, "order-panel"),
        (phone, f"{order}/journey", "journey"),
    ):
        answer = client.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert "sse-connect" not in page and 'id="alive"' not in page
        assert f'data-read="{read}"' in page and 'id="banner"' in page


def test_a_session_asks_for_so_many_grants_a_minute_and_no_more(app, screen, clock):
    app.extensions |= {"live_relay": None, "live_grants": Grants()}
    tv, other = screen("display"), screen("display")
    most = limits.LIVE_GRANTS.most
    answers = [tv.get("/main/display/live").status_code for _ in range(most + 1)]
    assert answers == [200] * most + [429]
    assert len(app.extensions["live_grants"].topics) == most
    assert other.get("/main/display/live").status_code == 200
    clock.pass_seconds(60)
    assert tv.get("/main/display/live").status_code == 200


def test_a_page_that_finds_no_room_is_told_so_in_a_word_that_its_script_hears(app, screen):
    relay = app.extensions["live_relay"] = Relay()
    app.extensions["live_grants"] = None
    tv = screen("display")
    for _ in range(3):
        assert _words(tv.get("/main/display/live")) == ["begun"]
    # None of them counts any more.
    fill(app.extensions["open_streams"], OpenStreams.MOST, is_staff=True)
    assert _words(tv.get("/main/display/live")) == ["full"]
    assert len(relay.topics) == 4


def test_all_tabs_of_a_browser_share_four_streams_whoever_is_signed_in_there(
    app, services, phone, screen, code_path
):
    app.extensions |= {"live_relay": Relay(), "live_grants": None}
    page = claim(phone, code_path)
    browser = phone.get_cookie("__Host-browser").value
    assert phone.get_cookie("__Host-browser").http_only
    tv = screen("display")
    tv.set_cookie("__Host-browser", browser, secure=True)
    tv.get("/main/display")
    assert tv.get_cookie("__Host-browser").value == browser

    fill(app.extensions["open_streams"], 4, is_staff=True, browser=browser)
    assert _words(tv.get("/main/display/live")) == ["full"]
    assert _words(phone.get(f"{page}/live")) == ["full"]
    other = screen("display")
    assert _words(other.get("/main/display/live")) == ["begun"]


def test_a_browser_that_reads_from_iot_core_is_given_no_name(app, phone):
    app.extensions |= {"live_relay": None, "live_grants": Grants()}
    phone.get("/main/")
    assert phone.get_cookie("__Host-browser") is None


@pytest.fixture
def admitted(services, phone, code_path) -> str:
    """The path of an order that may choose, and may be cancelled."""
    page = claim(phone, code_path)
    workflow_writes("AdmitOrder", services.order("main", page.rpartition("/")[2]), services.now())
    return page


def test_a_stream_ends_with_its_order_and_its_page_stays_away(app, services, phone, admitted):
    step = Message("order_status", "<section></section>")
    relay = app.extensions["live_relay"] = Relay(step, step)
    app.extensions["live_grants"] = None
    assert _words(phone.get(f"{admitted}/live")) == ["begun", "order_status", "order_status"]

    at_the_step = relay.get

    def cancelled_meanwhile(seconds):
        phone.post(f"{admitted}/cancel")
        return at_the_step(seconds)

    relay.get = cancelled_meanwhile
    assert _words(phone.get(f"{admitted}/live")) == ["begun", "order_status", "over"]
    assert _words(phone.get(f"{admitted}/live")) == ["over"]
    assert len(relay.topics) == 2


@pytest.mark.parametrize("page_of", ["", "/journey"])
def test_the_page_of_an_order_that_is_over_asks_for_no_stream_and_reads_ever_more_rarely(
    app, clock, phone, admitted, page_of
):
    app.extensions |= {"live_relay": Relay(), "live_grants": None}
    under_way = phone.get(admitted + page_of).get_data(as_text=True)
    phone.post(f"{admitted}/cancel")
    over = phone.get(admitted + page_of).get_data(as_text=True)
    assert "sse-connect" in under_way and "sse-connect" not in over
    assert 'data-every="15"' in over
    clock.pass_seconds(901)
    assert 'data-every="300"' in phone.get(admitted + page_of).get_data(as_text=True)


def test_iot_core_still_tells_of_an_order_that_may_be_made_again(app, clock, phone, admitted):
    app.extensions |= {"live_relay": None, "live_grants": Grants()}
    phone.post(f"{admitted}/cancel")
    assert "sse-connect" in phone.get(admitted).get_data(as_text=True)
    clock.pass_seconds(901)
    assert "sse-connect" not in phone.get(admitted).get_data(as_text=True)


def test_a_stream_whose_session_was_ended_tells_its_page_and_ends(app, screen, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0)
    relay = app.extensions["live_relay"] = Relay(Message("display_board", "<p></p>"))
    app.extensions["live_grants"] = None
    tv = screen("display")
    first_message = relay.get

    def signed_out_meanwhile(seconds):
        tv.post("/main/sign-out")
        return first_message(seconds)

    relay.get = signed_out_meanwhile
    assert _words(tv.get("/main/display/live")) == ["begun", "display_board", "over"]


def _words(stream) -> list[str]:
    """The names of the events that a stream sent until it ended."""
    assert stream.status_code == 200
    assert stream.mimetype == "text/event-stream"
    with stream:
        return re.findall(r"^event: (.+)$", stream.get_data(as_text=True), re.MULTILINE)
