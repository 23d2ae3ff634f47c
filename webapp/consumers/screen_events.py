"""Which events change what on the screens; the forwarder is imported for no other."""

from __future__ import annotations

from domain.detail_types import DetailType

CHANGES_CODE = frozenset(
    {DetailType.NEW_ORDER, DetailType.SHOP_NOT_READY, DetailType.CONFIG_CHANGED}
)
CHANGES_BOARD = frozenset(
    {
        DetailType.QUEUE_ORDER_STARTED,
        DetailType.MAKE_ORDER,
        DetailType.ORDER_COMPLETED,
        DetailType.ORDER_CANCELLED,
        DetailType.ORDER_TIME_OUT,
        DetailType.ORDER_COLLECTED,
        DetailType.ORDER_REOPENED,
        DetailType.CONFIG_CHANGED,
    }
)
MOVES_LINE = frozenset(
    {
        DetailType.MAKE_ORDER,
        DetailType.ORDER_CANCELLED,
        DetailType.ORDER_TIME_OUT,
        DetailType.ORDER_REOPENED,
    }
)
FORWARDED = CHANGES_CODE | CHANGES_BOARD | {DetailType.WORKFLOW_STARTED, DetailType.SHOP_NOT_READY}
"""One event of each step is enough: its fragments show the item as it is now.

None for the choice itself: the phone has its answer, and a moment later the order is queued.
"""
