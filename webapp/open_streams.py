"""Counts this process's open streams and limits the share of each browser and each audience.

Each stream holds a thread here and a connection in its browser. Over plain HTTP a browser opens
only six connections to one host, for all its tabs together. A page that finds no room reads every
few seconds instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(eq=False)
class OpenStream:
    """One page's stream.

    browser, session: whose it is. The session is counted too, because a client could otherwise get
    more streams by forgetting the cookie that names the browser.
    is_staff: whether it is a tablet's, a TV's or the figures', and not a customer's.
    is_gone: whether its page has hung up; without this it would be noticed late.
    end: ends it; its page asks again and is then told to read instead.
    """

    browser: str
    session: str
    is_staff: bool
    is_gone: Callable[[], bool]
    end: Callable[[], None]


class OpenStreams:
    """The streams that are open now."""

    MOST = 360
    """Less than the number of threads, because pages need some too."""
    MOST_OF_CUSTOMERS = 300
    MOST_OF_BROWSER = 4

    def __init__(self) -> None:
        self._open: list[OpenStream] = []
        self._lock = threading.Lock()

    def enter(self, stream: OpenStream) -> bool:
        """Counts the stream and returns whether there is room for it.

        A stream whose page has hung up makes room. For a screen of the team, a customer's stream
        makes room too.
        """
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
        """Stops counting the stream; a second call changes nothing."""
        with self._lock:
            if stream in self._open:
                self._open.remove(stream)

    def _crowds(self, stream: OpenStream) -> Iterator[tuple[int, list[OpenStream]]]:
        """Returns the limits for this stream, each with the streams that count towards it."""
        yield self.MOST_OF_BROWSER, [one for one in self._open if one.browser == stream.browser]
        yield self.MOST_OF_BROWSER, [one for one in self._open if one.session == stream.session]
        if not stream.is_staff:
            yield self.MOST_OF_CUSTOMERS, [one for one in self._open if not one.is_staff]
        yield self.MOST, self._open

    @staticmethod
    def _least_needed(crowd: list[OpenStream], stream: OpenStream) -> OpenStream | None:
        """Returns the stream that gives way to this stream; None if none does."""
        for one in crowd:
            if one.is_gone():
                return one
        if stream.is_staff:
            return next((one for one in crowd if not one.is_staff), None)
        return None
