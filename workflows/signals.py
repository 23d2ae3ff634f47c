"""What the product writes into its log for an alarm to count.

A line that says `counted` becomes one data point of the metric it names; workflows/operations.py
makes the filters and alarms from the same names. Standard library only: the function imports it.
"""

from __future__ import annotations

from enum import StrEnum


class Signal(StrEnum):
    """The metrics that are counted in the log."""

    STUCK_ORDERS = "StuckOrders"
    UNKNOWN_EVENTS = "UnknownEvents"
    SMS_STOPPED = "SmsStopped"


def counted(signal: Signal, **fields: object) -> dict[str, object]:
    """The `extra` of a log call whose line is to be counted, with what else it should say."""
    return {"counted": signal.value, **fields}
