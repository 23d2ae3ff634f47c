"""The bar's own time: it never goes back and never jumps, whatever a machine's clock does.

A laptop's clock is set by hand, by the network after a power cut, by a second system. Codes of the
past would let people in again, passes end in their owners' hands, deadlines pass all at once. So
the bar goes by a steady count of seconds and follows the clock slowly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

FOLLOWS = 0.1
"""So much quicker or slower than the steady count the bar runs until it agrees with the clock: ten
seconds are made up for in 100, an hour in ten."""


@dataclass
class BarTime:
    """now: the bar's time in seconds since 1970. steady: the count when it was that time."""

    now: float
    steady: float

    def read(self, wall: float, steady: float) -> float:
        """The bar's time in seconds since 1970; it is never less than at the read before.

        wall: what the machine's clock says, in seconds since 1970. steady: the steady count, in
        seconds.
        """
        elapsed = max(steady - self.steady, 0.0)
        # What the clock differs by is made up for as far as time has passed: so nothing jumps.
        most = FOLLOWS * elapsed
        behind = wall - (self.now + elapsed)
        self.now += elapsed + min(max(behind, -most), most)
        self.steady = steady
        return self.now

    def to_text(self, boot: str) -> str:
        """For another process of this machine, or a later one."""
        return json.dumps({"now": self.now, "steady": self.steady, "boot": boot})

    @classmethod
    def from_text(cls, text: str, wall: float, steady: float, boot: str | None = None) -> BarTime:
        """The time that was written down goes on.

        boot: names the run of this machine's system; None when the text is of this very run. In
        another run the count began anew: the clock says what time it is, unless an earlier one.
        """
        try:
            told = json.loads(text)
            now, then = float(told["now"]), float(told["steady"])
            is_same_boot = boot is None or (boot and told["boot"] == boot)
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls(wall, steady)
        if not 0 < now < _END:  # Also what is no number.
            return cls(wall, steady)
        if is_same_boot and then <= steady:
            going_on = cls(now, then)
            going_on.read(wall, steady)
            return going_on
        return cls(max(wall, now), steady)


_END = 32_503_680_000  # The year 3000.
