"""The text messages that the emulator's SNS has kept. AWS has no such list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.request import Request, urlopen

_PATH = "/_ministack/sns/sms-messages"
_SECONDS = 5
_MOST_OF_A_NUMBER = 3


@dataclass(frozen=True)
class KeptText:
    """A text message and the number that it was for."""

    number: str
    text: str


class EmulatorTexts:
    """The emulator's phone network.

    headers: the headers by which the emulator lets this process in.
    """

    def __init__(self, endpoint_url: str, headers: Mapping[str, str]):
        self._request = Request(endpoint_url + _PATH, headers=dict(headers))

    def newest(self) -> list[KeptText]:
        """Returns the last few text messages of each number, the newest first."""
        with urlopen(self._request, timeout=_SECONDS) as answer:
            by_number = json.load(answer)["sms_messages"]
        return [
            KeptText(number, one["Message"])
            for number, kept in reversed(by_number.items())
            for one in reversed(kept[-_MOST_OF_A_NUMBER:])
        ]
