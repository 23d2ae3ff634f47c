"""One rule for both transports: who may read a page's topic, and which topic that is."""

from __future__ import annotations

import html
import json
import re

import pytest

from domain.errors import Busy
from tests.webapp.routes.conftest import claim
from webapp import local
from webapp.cloud.live_grants import Grant
from webapp.cloud.live_relay import Message
from webapp.cloud.live_topics import barista_topic, board_topic, display_topic, order_topic
from webapp.routes.live import OpenStreams
from webapp.services import limits


class Relay:
    """A relay whose streams end at once; remembers what was asked of it."""

    def __init__(self):
        self.topics: list[list[str]] = []

    def subscribe(self, topics: list[str]):
        self.topics.append(topics)
        return self

    def get(self, _seconds: float) -> Message:
        return Message(is_last=True)

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
        "/<shop_id>/orders/<order_id>/live", "/<shop_id>/barista/live", "/<shop_id>/display/live",
        "/<shop_id>/metrics/live", "/<shop_id>/display/metrics/live",
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


def test_a_session_holds_so_many_streams_and_a_closed_one_makes_room():
    streams = OpenStreams()
    leave, *_ = [streams.enter("tv") for _ in range(OpenStreams.MOST_OF_SESSION)]
    with pytest.raises(Busy):
        streams.enter("tv")
    streams.enter("tablet")
    leave()
    streams.enter("tv")


def test_streams_leave_threads_for_pages():
    streams = OpenStreams()
    for number in range(OpenStreams.MOST):
        streams.enter(f"screen {number}")
    with pytest.raises(Busy):
        streams.enter("one more")
    assert OpenStreams.MOST < local._PAGE_THREADS


def test_a_stream_too_many_is_asked_to_wait_and_an_ended_one_counts_no_more(
    app, screen, monkeypatch
):
    app.extensions |= {"live_relay": Relay(), "live_grants": None}
    tv = screen("display")
    monkeypatch.setattr(OpenStreams, "MOST", 1)
    for _ in range(3):
        with tv.get("/main/display/live") as stream:
            assert stream.status_code == 200
    app.extensions["open_streams"].enter("another screen")
    assert tv.get("/main/display/live").status_code == 503
    assert len(app.extensions["live_relay"].topics) == 3
