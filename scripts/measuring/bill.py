"""Computes the cost of a day: counts times the prices of prices.json. Standard library only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

TABLE = json.loads((Path(__file__).parent / "prices.json").read_text())
ASSUMED = TABLE["assumed"]

SERVICES = {
    "Step Functions": ("workflow_states",),
    "EventBridge": ("events",),
    "Lambda": ("function_invocations", "function_gb_seconds"),
    "DynamoDB": ("write_units", "read_units"),
    "API Gateway": ("http_calls",),
    "IoT Core": ("live_messages", "live_minutes"),
    "CloudWatch Logs": ("log_bytes",),
    "S3": (),
}
"""The counts that each service bills."""

CODE_SECONDS = 10


def usd(counts: Mapping[str, float]) -> dict[str, float]:
    """Returns the bill of these counts by service, in dollars.
    Raises KeyError for an unpriced count.
    """
    unpriced = set(counts) - set(TABLE["prices"])
    if unpriced:
        raise KeyError(f"no price for {', '.join(sorted(unpriced))}")
    return {
        service: sum(counts.get(name, 0) * TABLE["prices"][name]["usd"] for name in names)
        for service, names in SERVICES.items()
    }


def day(
    order: Mapping[str, float],
    phone_minute: Mapping[str, float],
    screens_minute: Mapping[str, float],
    code: Mapping[str, float],
    sweep: Mapping[str, float],
) -> Counter:
    """Returns all counts of a day: drinks, waiting phones, open screens, and 24 hours of sweeps.

    order: one order, without what the screens do by themselves.
    phone_minute and screens_minute: a minute of one open phone, and of a tablet with a TV.
    code: one new QR code on the TV.
    """
    drinks, minutes = ASSUMED["drinks_a_day"], ASSUMED["opening_minutes"]
    waiting = drinks * ASSUMED["minutes_a_phone_is_looked_at"]
    parts = (
        (order, drinks),
        (phone_minute, waiting),
        ({"live_minutes": 1}, waiting + minutes * sum(ASSUMED["screens"].values())),
        (screens_minute, minutes),
        (code, minutes * 60 / CODE_SECONDS),
        (sweep, 24 * 60),
    )
    total: Counter = Counter()
    for counts, times in parts:
        for name, amount in counts.items():
            total[name] += amount * times
    return total
