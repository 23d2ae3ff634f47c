"""The event stream of a page: pushed fragments from this process's relay of IoT topics."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, abort, current_app, stream_with_context

HEARTBEAT_SECONDS = 15


def is_relayed() -> bool:
    """True where pages read fragments from us; on AWS they read them from IoT Core."""
    return current_app.extensions["live_relay"] is not None


def event_stream(topic: str) -> Response:
    """A text/event-stream of the fragments published below a topic."""
    relay = current_app.extensions["live_relay"]
    if relay is None:
        abort(404)
    subscription = relay.subscribe(topic)
    response = Response(
        stream_with_context(_events(subscription)), mimetype="text/event-stream"
    )
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(subscription.close)
    return response


def _events(subscription) -> Iterator[str]:
    yield "retry: 1000\n: connected\n\n"
    while True:
        message = subscription.get(HEARTBEAT_SECONDS)
        if message is None:
            yield ": still here\n\n"
        elif message.is_last:
            return
        else:
            lines = "".join(f"data: {line}\n" for line in message.html.splitlines())
            yield f"event: {message.name}\n{lines}\n"
