"""Screens that read from IoT Core themselves, as on AWS, and what their grants do not open.

That IoT Core refuses a connection without any credentials is AWS's to keep: the emulator takes one,
so there is no test of it here.
"""

from __future__ import annotations

import json
import queue
from contextlib import ExitStack
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pytest
from playwright.sync_api import expect

from scripts.local.stack import LocalStack
from scripts.screens import card, get_place, place_order, tap
from tests.e2e.conftest import Bar, publish
from webapp.cloud.live_topics import barista_topic, board_topic, display_topic, order_topic

_PATIENCE_SECONDS = 15
PING = 0xC0


@pytest.fixture(scope="module")
def iot_stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("iot-bar")
    with LocalStack(
        data=folder,
        live_relay=False,
        code_window_seconds=6 * 3600,
        code_seconds=6 * 3600,
        scans_per_code=1000,
        shop_capacity=1000,
    ) as running:
        yield running


@pytest.fixture
def bar(browser, iot_stack):
    with ExitStack() as contexts:
        bar = Bar(browser, iot_stack, contexts)
        yield bar
        assert bar.complaints == []


class Listener:
    """A client that uses a page's grant as no page would."""

    def __init__(self, stack, grant: dict, client_id: str | None = None):
        self.heard: queue.Queue[str] = queue.Queue()
        url = urlsplit(grant["url"])
        emulator = urlsplit(stack.endpoint_url)
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id or grant["client_id"],
            transport="websockets",
            reconnect_on_failure=False,
        )
        self._client.ws_set_options(f"{url.path}?{url.query}", {"Host": url.netloc})
        self._client.on_connect = lambda *arguments: self.heard.put(
            "refused" if arguments[3].is_failure else "connected"
        )
        self._client.on_subscribe = lambda *arguments: self.heard.put(
            "refused" if arguments[3][0].is_failure else "subscribed"
        )
        self._client.on_message = lambda *arguments: self.heard.put(arguments[2].topic)
        self._client.on_disconnect = lambda *_: self.heard.put("refused")
        self._client.connect(emulator.hostname, emulator.port)
        self._client.loop_start()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def next(self) -> str:
        return self.heard.get(timeout=_PATIENCE_SECONDS)

    def subscribe(self, topic_filter: str) -> str:
        assert self.next() == "connected"
        self._client.subscribe(topic_filter)
        return self.next()

    def publish(self, topic: str) -> str:
        assert self.next() == "connected"
        self._client.publish(topic, "<p>not the bar's</p>")
        return self.next()


@pytest.fixture
def phone(bar):
    """A phone with an order that waits to be chosen."""
    phone = bar.scan(bar.tv())
    get_place(phone)
    return phone


@pytest.fixture(scope="module")
def holder(browser, iot_stack):
    """A phone with an order, for the tests that only ask it for grants."""
    with ExitStack() as contexts:
        bar = Bar(browser, iot_stack, contexts)
        phone = bar.scan(bar.tv())
        get_place(phone)
        yield phone


def _grant(page) -> dict:
    answer = page.request.get(f"{page.url}/live")
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def _order_id(page) -> str:
    return urlsplit(page.url).path.rpartition("/")[2]


def _wait_until(page, holds) -> None:
    """As `wait_for`, while the page's events go on being heard."""
    for _ in range(10 * _PATIENCE_SECONDS):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError(holds)


# The screens


def test_an_order_goes_from_scan_to_cup_on_pushes_alone(bar):
    tv, tablet = bar.tv(), bar.tablet("Rui")
    phone = bar.scan(tv)
    asked = []
    phone.on("request", lambda request: asked.append(request.url))
    get_place(phone)
    expect(tv.get_by_text("999 of 1000")).to_be_visible()
    number = place_order(phone, "Latte")
    expect(card(tablet, number)).to_be_visible()
    expect(tv.get_by_role("region", name="Preparing").get_by_text(number)).to_be_visible()
    # From now on only a pushed fragment can tell.
    phone.route("**/panel", lambda route: route.abort())
    tap(tablet, number, "Make")
    expect(phone.get_by_role("heading", name="Rui is making it now")).to_be_visible()
    # Its first grant came with the page.
    assert not [url for url in asked if url.endswith("/live")]


def test_a_page_may_connect_to_iot_core_and_nowhere_else(iot_stack, holder):
    host = urlsplit(_grant(holder)["url"]).netloc
    answer = holder.request.get(holder.url)
    assert f"connect-src 'self' ws://{host};" in answer.headers["content-security-policy"]
    welcome = holder.request.get(f"{iot_stack.base_url}/main/")
    assert "connect-src 'self';" in welcome.headers["content-security-policy"]


def test_a_grant_is_renewed_without_a_gap_and_a_refused_renewal_ends_the_connection(phone):
    renewals = []

    def soon_over(route):
        answer = route.fetch()
        renewals.append(answer.status)
        if answer.ok:
            route.fulfill(response=answer, body=json.dumps(answer.json() | {"seconds": 1}))
        else:
            route.fulfill(response=answer)

    phone.route("**/live", soon_over)
    _change_the_pages_grant(phone, '"seconds": 900', '"seconds": 1')
    sockets = []
    phone.on("websocket", lambda socket: sockets.append(socket))
    phone.reload()
    banner = phone.get_by_text("Reconnecting")
    _wait_until(phone, lambda: len(sockets) >= 3)
    expect(banner).to_be_hidden()
    assert phone.locator("#alive").is_visible()

    phone.context.clear_cookies()

    expect(phone.get_by_role("heading", name="This order is not here")).to_be_visible()
    asked = renewals.count(404)
    assert asked == 1
    assert all(socket.is_closed() for socket in sockets)


def test_a_lost_connection_is_made_again_and_the_page_read(bar, phone):
    cuts = []

    def through(socket):
        socket.connect_to_server()
        cuts.append(socket)

    phone.route_web_socket("**/mqtt?**", through)
    phone.reload()
    expect(phone.locator("#alive")).to_be_visible()
    assert len(cuts) == 1
    with phone.expect_request("**/live"):
        cuts[0].close()
    expect(phone.locator("#alive")).to_be_visible()
    number = place_order(phone, "Tea")
    tap(bar.tablet("Rui"), number, "Make")
    expect(phone.get_by_role("heading", name="Rui is making it now")).to_be_visible()


def test_a_page_whose_own_grant_is_refused_asks_for_another(bar, phone):
    _change_the_pages_grant(phone, "X-Amz-Signature=", "X-Amz-Signature=0")
    with phone.expect_request("**/live"):
        phone.reload()
    expect(phone.locator("#alive")).to_be_visible()
    assert phone.evaluate("isGrantChanged")
    assert phone.locator("[data-grant]").count() == 0
    # Chromium says what IoT Core said, once.
    assert bar.complaints.pop().endswith("Unexpected response code: 403")


def test_a_phone_reads_again_five_minutes_after_the_last_news(bar, phone):
    number, tablet = place_order(phone, "Tea"), bar.tablet("Rui")
    expect(card(tablet, number)).to_be_visible()
    phone.clock.install()
    with phone.expect_response("**/panel"):
        phone.reload()
    reads = []
    phone.on("request", lambda request: reads.append(request.url))
    phone.clock.fast_forward(280_000)
    tap(tablet, number, "Make")
    expect(phone.get_by_role("heading", name="Rui is making it now")).to_be_visible()
    phone.clock.fast_forward(280_000)
    phone.evaluate("0")
    assert reads == []
    with phone.expect_request("**/panel"):
        phone.clock.fast_forward(30_000)


def test_a_live_address_that_does_not_answer_is_asked_again(bar):
    tablet = bar.tablet()
    asked = []

    def hang_once(route):
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    tablet.route("**/live", hang_once)
    tablet.clock.install()
    tablet.reload()
    expect(tablet.get_by_text("Reconnecting")).to_be_visible()
    assert len(asked) == 1
    tablet.clock.fast_forward("00:10")
    expect(tablet.locator("#alive")).to_be_visible()


@pytest.mark.parametrize("answers", [0, 1], ids=["connect", "subscribe"])
def test_an_address_that_does_not_answer_is_given_up_within_seconds(phone, answers):
    sockets = []

    def deaf_once(socket):
        sockets.append(socket)
        if len(sockets) > 1:
            socket.connect_to_server()
            return
        said = []
        server = socket.connect_to_server()

        def listen(message):
            said.append(message)
            if len(said) <= answers:
                server.send(message)

        socket.on_message(listen)

    phone.route_web_socket("**/mqtt?**", deaf_once)
    phone.clock.install()
    phone.reload()
    expect(phone.get_by_text("Reconnecting")).to_be_visible()
    phone.clock.fast_forward("00:10")
    expect(phone.locator("#alive")).to_be_visible()
    assert len(sockets) == 2


def test_a_connection_that_died_without_a_word_is_noticed(bar, phone):
    sockets, pings = [], []

    def through(socket):
        sockets.append(socket)
        server = socket.connect_to_server()
        if len(sockets) == 1:
            socket.on_message(lambda one: pings.append(one) if one[0] == PING else server.send(one))

    phone.route_web_socket("**/mqtt?**", through)
    phone.clock.install()
    phone.reload()
    expect(phone.locator("#alive")).to_be_visible()
    phone.clock.fast_forward("00:31")
    phone.clock.fast_forward("00:10")
    _wait_until(phone, lambda: len(sockets) == 2)
    assert len(pings) == 1
    expect(phone.locator("#alive")).to_be_visible()


def test_after_a_change_of_network_a_page_connects_anew_and_keeps_what_holds_until_then(phone):
    sockets = []
    phone.on("websocket", lambda socket: sockets.append(socket))
    phone.reload()
    expect(phone.locator("#alive")).to_be_visible()
    phone.context.set_offline(True)
    expect(phone.get_by_text("Reconnecting")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.locator("#alive")).to_be_visible()
    assert [socket.is_closed() for socket in sockets] == [True, False]


def test_while_nothing_is_pushed_an_order_still_comes_to_the_tablet(bar, phone):
    tablet = bar.tablet()
    tablet.clock.install()
    failures = []

    def fail(route):
        failures.append(route)
        route.fulfill(status=503, json={"message": "Service Unavailable"})

    tablet.route("**/live", fail)
    tablet.reload()
    expect(tablet.get_by_text("Reconnecting")).to_be_visible()
    number = place_order(phone, "Tea")
    # However long it lasts, the tablet asks again every few seconds.
    for _ in range(8):
        with tablet.expect_request("**/live"), tablet.expect_request("**/barista/board"):
            tablet.clock.fast_forward("00:13")
    expect(card(tablet, number)).to_be_visible()
    assert len(failures) >= 8
    tablet.unroute("**/live")
    tablet.clock.fast_forward("00:13")
    expect(tablet.locator("#alive")).to_be_visible()


def _change_the_pages_grant(page, said: str, changed: str) -> None:
    """The grant that the next page brings says something else, from before its script runs."""
    page.add_init_script(
        f"""document.addEventListener('readystatechange', () => {{
            const holder = document.querySelector('[data-grant]')
            if (!holder || document.readyState !== 'interactive') return
            const grant = holder.dataset.grant.replace({json.dumps(said)}, {json.dumps(changed)})
            window.isGrantChanged = grant !== holder.dataset.grant
            holder.dataset.grant = grant
        }})"""
    )


_AS_IF_ITS_PLACE_WAS_STILL_ASKED_FOR = """
document.addEventListener('readystatechange', () => {
    const status = document.getElementById('order-status')
    if (!status || document.readyState !== 'interactive') return
    window.laterStatus = status.outerHTML
    for (const part of [status, status.parentNode]) {
        Object.assign(part.dataset, {
            state: 'CLAIMED', phase: 'asking', version: part.dataset.version - 1
        })
    }
    // Such a page leads to its journey, too; the form alone does not.
    const journey = document.createElement('a')
    Object.assign(journey, { href: '#', className: 'journey-link', textContent: 'The journey' })
    status.after(journey)
})"""


def test_the_form_is_on_the_page_before_the_place_is_and_a_push_alone_shows_it(bar, phone):
    phone.add_init_script(_AS_IF_ITS_PLACE_WAS_STILL_ASKED_FOR)
    phone.route("**/panel", lambda route: route.abort())
    phone.reload()
    latte = phone.get_by_role("radio", name="Latte", exact=True)
    expect(phone.locator("#alive")).to_be_visible()
    expect(latte).to_be_hidden()
    journey = phone.get_by_role("link", name="The journey")
    expect(journey).to_be_visible()

    topic = order_topic("main", _order_id(phone)) + "/order_status"
    publish(bar.stack, topic, phone.evaluate("laterStatus"))

    expect(latte).to_be_visible()
    expect(journey).to_be_hidden()
    expect(phone).to_have_title("What would you like? – Main bar")
    assert place_order(phone, "Latte")


def test_a_place_that_was_told_before_the_page_listened_is_read(phone):
    phone.add_init_script(_AS_IF_ITS_PLACE_WAS_STILL_ASKED_FOR)
    phone.reload()
    expect(phone.get_by_role("radio", name="Latte", exact=True)).to_be_visible()


# What a grant does not open


def test_the_grant_opens_the_pages_own_topic(bar, phone):
    grant = _grant(phone)
    assert grant["topic_filters"] == [order_topic("main", _order_id(phone)) + "/+"]
    with Listener(bar.stack, grant) as listener:
        assert listener.subscribe(grant["topic_filters"][0]) == "subscribed"
        place_order(phone, "Espresso")
        topic = order_topic("main", _order_id(phone))
        # The step's fragments come in any order, and not one of another topic among them.
        while (heard := listener.next()) != f"{topic}/order_status":
            assert heard.startswith(f"{topic}/")


@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "serverlesspresso/#",
        "serverlesspresso/main/customer/+/order_status",
        order_topic("main", "0" * 32) + "/+",
        order_topic("main", "*") + "/+",
        barista_topic("main") + "/+",
        board_topic("main") + "/display_board",
        display_topic("main") + "/code_count",
        "$aws/events/presence/connected/#",
    ],
)
def test_the_grant_opens_no_other_topic(iot_stack, holder, topic_filter):
    with Listener(iot_stack, _grant(holder)) as listener:
        assert listener.subscribe(topic_filter) == "refused"


def test_another_orders_topic_stays_closed_and_so_does_its_grant(bar, phone):
    other = bar.scan(bar.tv())
    get_place(other)
    with Listener(bar.stack, _grant(phone)) as listener:
        assert listener.subscribe(order_topic("main", _order_id(other)) + "/+") == "refused"
    assert phone.request.get(f"{other.url}/live").status == 404


def test_the_grant_lets_nobody_publish(iot_stack, holder):
    with Listener(iot_stack, _grant(holder)) as listener:
        topic = order_topic("main", _order_id(holder)) + "/order_status"
        assert listener.publish(topic) == "refused"


def test_the_grant_is_for_one_client_id(iot_stack, holder):
    grant = _grant(holder)
    with Listener(iot_stack, grant, client_id=_grant(holder)["client_id"]) as listener:
        assert listener.next() == "refused"


def test_an_altered_grant_is_refused(iot_stack, holder):
    grant = _grant(holder)
    grant["url"] = grant["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0")
    with pytest.raises(mqtt.WebsocketConnectionError):
        Listener(iot_stack, grant)


def test_the_screens_of_the_staff_share_only_what_hangs_on_the_wall(bar):
    tv, tablet = bar.tv(), bar.tablet()
    filters = [
        set(page.request.get(f"{bar.stack.base_url}/main/{role}/live").json()["topic_filters"])
        for page, role in ((tv, "display"), (tablet, "barista"))
    ]
    assert filters[0] == {display_topic("main") + "/+", board_topic("main") + "/+"}
    assert filters[1] == {barista_topic("main") + "/+", board_topic("main") + "/+"}
    assert tv.request.get(f"{bar.stack.base_url}/main/barista/live").status == 404
    assert tablet.request.get(f"{bar.stack.base_url}/main/display/live").status == 404


def test_no_granted_address_is_in_the_log(iot_stack, holder):
    signature = _grant(holder)["url"].partition("X-Amz-Signature=")[2][:64]
    log = (iot_stack.data / "web.log").read_text()
    assert len(signature) == 64
    assert signature not in log and "X-Amz-" not in log
