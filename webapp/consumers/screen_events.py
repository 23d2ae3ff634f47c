"""Which events change what on the screens; the forwarder is imported for no other."""

from __future__ import annotations

from domain.detail_types import DetailType
from domain.orders import IN_LINE, ON_SCREENS, TRANSITIONS, Action

_SHOWN = [row for row in TRANSITIONS if row.action is not Action.SUBMIT]
"""The moves that are pushed. The choice itself is not: the phone has its answer already, and the
order is queued a moment later."""

CHANGES_CODE = frozenset(
    {DetailType.NEW_ORDER, DetailType.SHOP_NOT_READY, DetailType.CONFIG_CHANGED}
)
FILLS_OR_FREES = frozenset(
    {
        DetailType.WORKFLOW_STARTED,
        DetailType.ORDER_COMPLETED,
        DetailType.ORDER_CANCELLED,
        DetailType.ORDER_TIME_OUT,
        DetailType.ORDER_REOPENED,
    }
)
"""Steps that take a place or give one free: with few left, the TV's code may come or go."""
CHANGES_BOARD = frozenset(
    {DetailType.CONFIG_CHANGED}
    | {row.news for row in _SHOWN if row.source in ON_SCREENS or row.target in ON_SCREENS}
)
MOVES_LINE = frozenset(
    row.news for row in _SHOWN if (row.source in IN_LINE) != (row.target in IN_LINE)
)
FORWARDED = CHANGES_CODE | {row.news for row in _SHOWN}
"""One event of each move is enough, because its fragments show the item as it is now."""
