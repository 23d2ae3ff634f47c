"""Cursors of the API's lists: signed, they name the order after which the next page begins.

A cursor is read only if this list gave it to this reader. So the storage is never asked for an
order that somebody made up.
"""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from domain.errors import ChoiceInvalid
from domain.reading import read_moment
from webapp.services.all_services import Services
from webapp.services.orders.ports import OrderCursor

LONGEST_CURSOR = 200


def write_cursor(services: Services, of_list: str, cursor: OrderCursor) -> str:
    """Returns the signed cursor.

    of_list: names the list and its owner.
    """
    return _serializer(services, of_list).dumps([cursor.created_at.isoformat(), cursor.order_id])


def read_cursor(services: Services, of_list: str, cursor: str) -> OrderCursor | None:
    """Returns the order that a cursor of this list names; None for an empty cursor.

    Raises ChoiceInvalid for a cursor that the list did not give.
    """
    if not cursor:
        return None
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        created_at, order_id = _serializer(services, of_list).loads(cursor)
        return OrderCursor(read_moment(created_at), order_id)
    except (BadData, ValueError):
        raise ChoiceInvalid("cursor is not one that this list gave.") from None


def _serializer(services: Services, of_list: str) -> URLSafeSerializer:
    # The library signs with the last key, so the newest key goes last.
    return URLSafeSerializer(list(reversed(services.secret_keys)), salt=f"cursor of {of_list}")
