"""Which events change which screens. The forwarder is imported for these events only."""

from __future__ import annotations

from domain.detail_types import DetailType
from domain.orders import IN_LINE, ON_SCREENS, TRANSITIONS, Action

_SHOWN = [row for row in TRANSITIONS if row.action is not Action.SUBMIT]
"""The moves that are pushed. The choice of a drink is not pushed, because the phone already has its
answer and the order is queued a moment later."""

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
"""Moves that take a place of the capacity or free one. When few places are left, the TV's QR code
may appear or vanish with such a move."""
CHANGES_BOARD = frozenset(
    {DetailType.CONFIG_CHANGED}
    | {row.news for row in _SHOWN if row.source in ON_SCREENS or row.target in ON_SCREENS}
)
MOVES_LINE = frozenset(
    row.news for row in _SHOWN if (row.source in IN_LINE) != (row.target in IN_LINE)
)
FORWARDED = CHANGES_CODE | {row.news for row in _SHOWN}
"""One event of each move is enough, because its fragments show the item as it is now."""
