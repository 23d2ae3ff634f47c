"""The bar's own time, which never goes back and never jumps, even when the machine's clock does.

A laptop's clock is set by hand, by the network after a power cut, or by a second system. A jump
would make old QR codes valid again, end passes too early, or let all deadlines pass at once. So the
bar counts steady seconds and follows the clock slowly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

FOLLOWS = 0.1
"""The bar's time runs at most this share faster or slower than the steady count until it agrees
with the clock: it makes up for ten seconds in 100 seconds, and for an hour in ten hours."""


@dataclass
class BarTime:
    """The bar's time at one reading.

    now: the bar's time in seconds since 1970. steady: the steady count at that time, in seconds.
    """

    now: float
    steady: float

    def read(self, wall: float, steady: float) -> float:
        """Returns the bar's time in seconds since 1970, never less than at the previous reading.

        wall: what the machine's clock says, in seconds since 1970. steady: the steady count, in
            seconds.
        """
        elapsed = max(steady - self.steady, 0.0)
        # The correction is limited by the time that has passed, so that the bar's time never jumps.
        most = FOLLOWS * elapsed
        behind = wall - (self.now + elapsed)
        self.now += elapsed + min(max(behind, -most), most)
        self.steady = steady
        return self.now

    def to_text(self, boot: str) -> str:
        """Returns the time as text, for another process of this machine or for a later one."""
        return json.dumps({"now": self.now, "steady": self.steady, "boot": boot})

    @classmethod
    def from_text(cls, text: str, wall: float, steady: float, boot: str | None = None) -> BarTime:
        """Returns the bar's time that continues from the stored text.

        boot: names the run of this machine's system; None when the text is of this very run. The
            steady count begins again in another run, so the bar takes the clock's time there,
            unless the stored time is later.
        """
        try:
            told = json.loads(text)
            now, then = float(told["now"]), float(told["steady"])
            is_same_boot = boot is None or (boot and told["boot"] == boot)
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls(wall, steady)
        if not 0 < now < _END:  # NaN fails this test too.
            return cls(wall, steady)
        if is_same_boot and then <= steady:
            going_on = cls(now, then)
            going_on.read(wall, steady)
            return going_on
        return cls(max(wall, now), steady)


_END = 32_503_680_000  # The year 3000.
