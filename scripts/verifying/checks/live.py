"""Checks of live connections: what a page's grant opens, and what it must not open."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.verifying.browser import Browser
from scripts.verifying.listening import (
    CONNECTED,
    REFUSED,
    SUBSCRIBED,
    Connection,
    grant_of,
    listen,
    with_another_signature,
    without_credentials,
)
from scripts.verifying.registry import checks
from scripts.verifying.scenes import Scenes
from scripts.verifying.verdicts import EmulatorDiffers, NotChecked, Wrong
from webapp.cloud.live_topics import root_of

_ELSEWHERE = "another-shop"


@checks("live-phone")
def live_phone(scenes: Scenes) -> str:
    heard = scenes.made.fact("listening")
    if isinstance(heard, Exception):
        raise heard
    scenes.made.fact("completed")
    return _heard(scenes, heard, "order_status")


@checks("live-screens")
def live_screens(scenes: Scenes) -> str:
    listening = {
        "display": listen(scenes.display, _live_address(scenes, scenes.display, "display")),
        "barista": listen(scenes.barista, _live_address(scenes, scenes.barista, "barista")),
    }
    try:
        scenes.press(scenes.walk_up(), "make")
        for connection in listening.values():
            _heard(scenes, connection, "")
    finally:
        for connection in listening.values():
            connection.close()
    return "TV and tablet heard of an order that was taken at the counter"


def _heard(scenes: Scenes, connection, name: str) -> str:
    topic = scenes.subject.wait(
        lambda: next((one for one in connection.topics if one.endswith(name)), ""),
        "that a page hears of a change by push",
    )
    return f"a change came as {topic.rsplit('/', 1)[-1]}, over the page's own connection"


def _live_address(scenes: Scenes, browser: Browser, screen: str) -> str:
    browser.open(f"/{scenes.shop}/{screen}")
    address = browser.attribute("[sse-connect]", "sse-connect")
    if not address:
        raise Wrong(f"the page of a {screen} has no live address")
    return scenes.absolute(browser, address)


def _grant(scenes: Scenes) -> Mapping:
    """Returns a new grant of a TV."""
    return grant_of(scenes.display, _live_address(scenes, scenes.display, "display"))


@checks("live-other-topic")
def live_other_topic(scenes: Scenes) -> str:
    root = root_of(scenes.subject.prefix)
    return _refuses(
        scenes,
        "the topic of another order or shop",
        f"{root}/{scenes.shop}/customer/{'0' * 32}/+",
        f"{root}/{scenes.shop}/barista/+",
        f"{root}/{_ELSEWHERE}/board/+",
    )


@checks("live-wildcard")
def live_wildcard(scenes: Scenes) -> str:
    root = root_of(scenes.subject.prefix)
    return _refuses(scenes, "a wildcard", "#", f"{root}/#", f"{root}/+/board/+")


def _refuses(scenes: Scenes, what: str, *topic_filters: str) -> str:
    for topic_filter in topic_filters:
        with Connection(_grant(scenes)) as connection:
            answer = connection.subscribe(topic_filter)
        if answer == SUBSCRIBED:
            raise _let_in(scenes, f"a TV's grant opens {what}")
        if answer != REFUSED:
            raise Wrong(f"{what} is {answer or 'not answered'}")
    return f"{what} is refused"


def _let_in(scenes: Scenes, what: str) -> Exception:
    """Returns Wrong, or EmulatorDiffers when the emulator does not enforce rights."""
    if scenes.subject.enforces_rights:
        return Wrong(what)
    return EmulatorDiffers(f"it was started without AUTH=true, so {what}")


@checks("live-publish")
def live_publish(scenes: Scenes) -> str:
    grant = _grant(scenes)
    topic = grant["topic_filters"][0].removesuffix("+") + "verify"
    with Connection(grant) as connection:
        if connection.publish(topic) != REFUSED:
            raise _let_in(scenes, "a TV's grant may publish to its own topic")
    return "publishing ends the connection"


@checks("live-client-id")
def live_client_id(scenes: Scenes) -> str:
    for client_id in ("live-" + "0" * 32, "scripts-verify"):
        with Connection(_grant(scenes), client_id=client_id) as connection:
            if connection.next() == CONNECTED:
                raise _let_in(scenes, "a grant works under another client id")
    return "a client id that was not granted is refused"


@checks("live-without-credentials")
def live_without_credentials(scenes: Scenes) -> str:
    grant = _grant(scenes)
    with Connection(grant, url=without_credentials(grant["url"])) as connection:
        if connection.next() == CONNECTED:
            if scenes.subject.is_emulator:
                raise EmulatorDiffers("it lets a connection in that is not signed")
            raise Wrong("a connection that is not signed is let in")
    return "a connection that is not signed is refused"


@checks("live-signature")
def live_signature(scenes: Scenes) -> str:
    grant = _grant(scenes)
    with Connection(grant, url=with_another_signature(grant["url"])) as connection:
        if connection.next() == CONNECTED:
            raise _let_in(scenes, "a connection with a wrong signature is let in")
    return "a wrong signature is refused"


@checks("live-origin")
def live_origin(scenes: Scenes) -> str:
    grant = _grant(scenes)
    origin = "/".join(grant["url"].split("/")[:3])
    scenes.display.open(f"/{scenes.shop}/display")
    policy = scenes.display.answer.headers["content-security-policy"]
    if origin not in policy.split("connect-src", 1)[1].split(";")[0].split():
        raise Wrong("the page's policy does not let it connect to the address it is granted")
    if not scenes.subject.is_emulator and not origin.startswith("wss://"):
        raise Wrong("the live address is not encrypted")
    endpoint = scenes.subject.client("iot").describe_endpoint(endpointType="iot:Data-ATS")
    if not origin.endswith("//" + endpoint["endpointAddress"]):
        raise Wrong("the live address is not this account's endpoint of IoT Core")
    if len(grant["client_id"]) > 128:
        raise NotChecked("the client id is longer than IoT Core takes")
    return "the page may connect to this account's IoT Core, and nowhere else"
