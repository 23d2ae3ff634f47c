"""Gives each page the fragments that are pushed to it.

Each page has one live address, and its route decides which topics the session may read. The answer
of the address depends on the deployment: the stream itself, which this process relays, or a grant
to read these topics from IoT Core. So both transports obey the same rule.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import (
    Response,
    abort,
    current_app,
    g,
    jsonify,
    request,
    stream_with_context,
    url_for,
)

from domain.orders import ON_THE_BOARD, Order, may_be_remade
from webapp.access import cookie_name, services, session_id
from webapp.cloud.live_topics import order_topic
from webapp.open_streams import OpenStream
from webapp.services.limits import limits

if TYPE_CHECKING:
    from webapp.cloud.live_grants import Grant
    from webapp.cloud.live_relay import Subscription

HEARTBEAT_SECONDS = 15
_ORDER_CHECKED_SECONDS = 60
_READ_SECONDS, _SELDOM_SECONDS = 15, 300

_BROWSER = "browser"
_BEGUN = "retry: 1000\nevent: begun\ndata: 1\n\n"
# Remove after 1.1: a page that was opened before 1.0 asks again after the time in `retry`. Pages of
# today decide by themselves when to ask.
_FULL = "retry: 20000\nevent: full\ndata: 1\n\n"
_OVER = "retry: 60000\nevent: over\ndata: 1\n\n"

log = logging.getLogger(__name__)


def live_url(endpoint: str, **values: Any) -> str | None:
    """Returns the live address for a page that is being rendered; None while nothing is pushed.

    Adds the connection's origin to the page's Content-Security-Policy.
    """
    if grants := current_app.extensions["live_grants"]:
        try:
            g.live_origin = grants.origin
        except Exception:
            # Without a live address the page reads again every 15 seconds. That is better than no
            # page.
            log.exception("IoT Core's address is not known")
            return None
    elif current_app.extensions["live_relay"] is None:
        return None
    return url_for(endpoint, **values)


def live_script(name: str) -> str:
    """Returns the script of a page with a live address, with the bridge to IoT Core if needed."""
    return f"{name}-iot.js" if current_app.extensions["live_grants"] else f"{name}.js"


def order_live_url(order: Order) -> str | None:
    """Returns the live address for an order's page; None when nothing is pushed any more.

    A relayed stream ends with its order. IoT Core also pushes a remake, because a page that listens
    there holds no thread of ours.
    """
    is_relayed = current_app.extensions["live_relay"] is not None
    if order.state not in ON_THE_BOARD and (is_relayed or not _may_come_back(order)):
        return None
    return live_url("customer.order_live", shop_id=order.shop_id, order_id=order.id)


def read_seconds(order: Order) -> int:
    """Returns the seconds after which an order's page without pushes reads again.

    The page reads less and less often once the order is over.
    """
    is_over = order.state not in ON_THE_BOARD and not _may_come_back(order)
    return _SELDOM_SECONDS if is_over else _READ_SECONDS


def _may_come_back(order: Order) -> bool:
    return may_be_remade(order, services().now())


def feed(topics: list[str], still_allowed: Callable[[], bool] = lambda: True) -> Response:
    """Returns the answer of a live address whose session may read these topics.

    still_allowed: asked repeatedly while a stream is open; False ends the stream.
    """
    if grants := current_app.extensions["live_grants"]:
        limits.take_of(services(), limits.LIVE_GRANTS, session_id())
        # The grant is never cached: the app sends no-store with every answer that sets no
        # Cache-Control.
        return jsonify(_as_data(grants.grant(topics)))
    return _stream(topics, _Check(still_allowed, HEARTBEAT_SECONDS))


def order_feed(order: Order) -> Response:
    """Returns `feed` for the customer of this order; a stream ends with the order."""
    topics = [order_topic(order.shop_id, order.id)]
    if current_app.extensions["live_grants"]:
        return feed(topics)
    if order.state not in ON_THE_BOARD:
        return _event_stream([_OVER])
    bar = services()

    def is_open() -> bool:
        return bar.order(order.shop_id, order.id).state in ON_THE_BOARD

    return _stream(topics, _Check(is_open, _ORDER_CHECKED_SECONDS, after_messages=True))


def name_browser(response: Response) -> Response:
    """Gives the browser a name with its first page, so that all its streams are counted together.

    The name is neither a secret nor tied to a person. It lasts until the browser is closed.
    """
    if (
        current_app.extensions["live_relay"]
        and response.mimetype == "text/html"
        and cookie_name(_BROWSER) not in request.cookies
    ):
        response.set_cookie(
            cookie_name(_BROWSER),
            secrets.token_urlsafe(12),
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _stream(topics: list[str], check: _Check) -> Response:
    """Returns the stream of these topics, or only the event “full” when there is no room for it.

    The status is 200 and not 503, because a browser does not tell its page why a stream was
    refused.
    """
    relay = current_app.extensions["live_relay"]
    if relay is None:
        abort(404)
    relay.check()
    streams = current_app.extensions["open_streams"]
    subscription = relay.subscribe(topics)
    session = session_id()
    own = OpenStream(
        browser=request.cookies.get(cookie_name(_BROWSER), session),
        session=session,
        is_staff="order" not in g,
        is_gone=request.environ.get("waitress.client_disconnected", lambda: False),
        end=subscription.end,
    )
    if not streams.enter(own):
        subscription.close()
        return _event_stream([_FULL])
    response = _event_stream(stream_with_context(_events(subscription, check)))
    response.call_on_close(subscription.close)
    response.call_on_close(lambda: streams.leave(own))
    return response


def _event_stream(events: Iterator[str] | list[str]) -> Response:
    response = Response(events, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def first_grant(topics: list[str]) -> str | None:
    """Returns a grant for the page that is being rendered, which saves the page its first request.

    The grant equals an answer of `feed`, but the limit does not count it, so the caller must bound
    how often it is given. Returns None when the deployment has no grants or the grant failed; the
    page then asks its live address.
    """
    grants = current_app.extensions["live_grants"]
    if grants is None:
        return None
    try:
        return json.dumps(_as_data(grants.grant(topics)))
    except Exception:
        log.exception("a page has no grant of its own")
        return None


def _as_data(grant: Grant) -> dict:
    return {
        "url": grant.url,
        "client_id": grant.client_id,
        "topic_filters": grant.topic_filters,
        # Remove after 1.1: a page that was opened before 1.0 subscribes to one topic only.
        "topic_filter": grant.topic_filters[0],
        "seconds": grant.seconds,
    }


@dataclass(frozen=True)
class _Check:
    """What must hold for a stream to go on, and how often the stream checks it."""

    holds: Callable[[], bool]
    every_seconds: float
    after_messages: bool = False


def _events(subscription: Subscription, check: _Check) -> Iterator[str]:
    yield _BEGUN
    checked_at = time.monotonic()
    while True:
        message = subscription.get(HEARTBEAT_SECONDS)
        if message is None:
            yield ": still here\n\n"
        elif message.is_last:
            return
        else:
            lines = "".join(f"data: {line}\n" for line in message.html.splitlines())
            yield f"event: {message.name}\n{lines}\n"
        is_due = time.monotonic() - checked_at >= check.every_seconds
        if is_due or (message and check.after_messages):
            try:
                holds = check.holds()
            except Exception as error:
                # The page connects again, and then gets an answer that says what is wrong.
                log.warning("a stream was ended: %s", error)
                return
            if not holds:
                yield _OVER
                return
            checked_at = time.monotonic()
