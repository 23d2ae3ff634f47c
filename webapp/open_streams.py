"""Counts this process's open streams, so that no browser and no audience has more than its share.

Each stream holds a thread here, and a connection there: over plain HTTP a browser opens six to one
host, for all its tabs together. Whoever finds no room reads instead, a few seconds later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(eq=False)
class OpenStream:
    """One page's stream.

    browser, session: whose it is; a session counts as well, so that nobody has more by forgetting
    the cookie that names the browser.
    is_staff: a tablet's, a TV's or the figures', not a customer's.
    is_gone: whether its page has hung up, which is noticed late otherwise.
    end: ends it; its page asks again and is told to read instead.
    """

    browser: str
    session: str
    is_staff: bool
    is_gone: Callable[[], bool]
    end: Callable[[], None]


class OpenStreams:
    """The streams that are open now."""

    MOST = 360
    """Fewer than there are threads: pages need some, too."""
    MOST_OF_CUSTOMERS = 300
    MOST_OF_BROWSER = 4

    def __init__(self) -> None:
        self._open: list[OpenStream] = []
        self._lock = threading.Lock()

    def enter(self, stream: OpenStream) -> bool:
        """Counts it, if there is room: a stream that is gone makes some, and for the team's screens
        a customer's does, too."""
        with self._lock:
            given_up: list[OpenStream] = []
            for most, crowd in self._crowds(stream):
                staying = [one for one in crowd if one not in given_up]
                if len(staying) < most:
                    continue
                one = self._least_needed(staying, stream)
                if one is None:
                    return False
                given_up.append(one)
            for one in given_up:
                self._open.remove(one)
            self._open.append(stream)
        for one in given_up:
            one.end()
        return True

    def leave(self, stream: OpenStream) -> None:
        """Counts it off; again is harmless."""
        with self._lock:
            if stream in self._open:
                self._open.remove(stream)

    def _crowds(self, stream: OpenStream) -> Iterator[tuple[int, list[OpenStream]]]:
        """The bounds that hold for this stream, each with those that count towards it."""
        yield self.MOST_OF_BROWSER, [one for one in self._open if one.browser == stream.browser]
        yield self.MOST_OF_BROWSER, [one for one in self._open if one.session == stream.session]
        if not stream.is_staff:
            yield self.MOST_OF_CUSTOMERS, [one for one in self._open if not one.is_staff]
        yield self.MOST, self._open

    @staticmethod
    def _least_needed(crowd: list[OpenStream], stream: OpenStream) -> OpenStream | None:
        """The one that gives way to this stream, if any does."""
        for one in crowd:
            if one.is_gone():
                return one
        if stream.is_staff:
            return next((one for one in crowd if not one.is_staff), None)
        return None
