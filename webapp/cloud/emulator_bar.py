"""The state that the local emulator reports: whether it saves what people do, and delivers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from webapp.health import Down

_PATH = "/_bar/status"
_SECONDS = 2
_MOST_SECONDS_UNKEPT = 60
_MOST_SECONDS_OF_LAG = 15


class EmulatorBar:
    """The emulator of this bar.

    headers: the headers by which the emulator lets this process in.
    """

    def __init__(self, endpoint_url: str, headers: Mapping[str, str]):
        self._request = Request(endpoint_url + _PATH, headers=dict(headers))

    def check(self) -> None:
        """Raises Down with the failing parts' names, or OSError when the emulator is silent."""
        try:
            with urlopen(self._request, timeout=_SECONDS) as answer:
                status = json.load(answer)
        except HTTPError as error:
            if error.code >= 500:
                raise
            # The emulator answers but has no such report, so nothing is known to be wrong.
            return
        down = []
        is_kept = status["kept"] and status["unkept_seconds"] <= _MOST_SECONDS_UNKEPT
        if status["trouble"] or not is_kept:
            down.append("saving")
        if status["outbox_lag_seconds"] > _MOST_SECONDS_OF_LAG:
            down.append("outbox")
        if down:
            raise Down(*down)
