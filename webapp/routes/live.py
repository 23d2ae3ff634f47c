"""Where a page's pushed fragments come from.

Each page has one live address, and its route decides which topics the session may read. What
the address answers depends on the deployment: the stream itself, relayed by this process, or a
short-lived right to read these topics from IoT Core. So both transports obey the same rule.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from flask import Response, abort, current_app, g, jsonify, stream_with_context, url_for

from domain.errors import Busy
from webapp.access import services, session_id
from webapp.services import limits

if TYPE_CHECKING:
    from webapp.cloud.live_grants import Grant

HEARTBEAT_SECONDS = 15

log = logging.getLogger(__name__)


def live_url(endpoint: str, **values: str) -> str | None:
    """The live address for a page that is being rendered; None where nothing is pushed now.

    The page's Content-Security-Policy is told where the connection will lead.
    """
    if grants := current_app.extensions["live_grants"]:
        try:
            g.live_origin = grants.origin
        except Exception:
            # The page reads again by itself, every 15 seconds; that is better than no page.
            log.exception("IoT Core's address is not known")
            return None
    elif current_app.extensions["live_relay"] is None:
        return None
    return url_for(endpoint, **values)


def live_script(name: str) -> str:
    """The script of a page with a live address, with the bridge to IoT Core where it is needed."""
    return f"{name}-iot.js" if current_app.extensions["live_grants"] else f"{name}.js"


def feed(topics: list[str], still_allowed: Callable[[], bool] = lambda: True) -> Response:
    """The answer of a live address whose session may read these topics.

    still_allowed: asked again and again while a stream is open; False ends it.
    """
    if grants := current_app.extensions["live_grants"]:
        limits.take_of(services(), limits.LIVE_GRANTS, session_id())
        # Never cached: like every answer without a header of its own it is sent with no-store.
        return jsonify(_as_data(grants.grant(topics)))
    relay = current_app.extensions["live_relay"]
    if relay is None:
        abort(404)
    leave = current_app.extensions["open_streams"].enter(session_id())
    subscription = relay.subscribe(topics)
    response = Response(
        stream_with_context(_events(subscription, still_allowed)), mimetype="text/event-stream"
    )
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(subscription.close)
    response.call_on_close(leave)
    return response


def first_grant(topics: list[str]) -> str | None:
    """A grant for the page that is being rendered, so that it need not ask for its first one.

    As good as what `feed` answers, and not counted: the caller bounds how often. None where pages
    are not granted anything, or it could not be had; the page then asks its live address.
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
        # What a page asks for that was opened before an update.
        "topic_filter": grant.topic_filters[0],
        "seconds": grant.seconds,
    }


class OpenStreams:
    """Counts this process's open streams: each holds a thread, and pages need some too."""

    MOST = 360
    MOST_OF_SESSION = 8

    def __init__(self) -> None:
        self._of_session: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, session_id: str) -> Callable[[], None]:
        """Counts one more; returns what counts it off. Raises Busy."""
        with self._lock:
            is_full = self._of_session.total() >= self.MOST
            if is_full or self._of_session[session_id] >= self.MOST_OF_SESSION:
                raise Busy
            self._of_session[session_id] += 1
        return partial(self._leave, session_id)

    def _leave(self, session_id: str) -> None:
        with self._lock:
            self._of_session[session_id] -= 1
            if self._of_session[session_id] <= 0:
                del self._of_session[session_id]


def _events(subscription, still_allowed: Callable[[], bool]) -> Iterator[str]:
    yield "retry: 1000\n: connected\n\n"
    asked_at = time.monotonic()
    while True:
        if time.monotonic() - asked_at >= HEARTBEAT_SECONDS:
            if not still_allowed():
                return
            asked_at = time.monotonic()
        message = subscription.get(HEARTBEAT_SECONDS)
        if message is None:
            yield ": still here\n\n"
        elif message.is_last:
            return
        else:
            lines = "".join(f"data: {line}\n" for line in message.html.splitlines())
            yield f"event: {message.name}\n{lines}\n"
