"""Cursors of the API's lists: the place after which the next page begins, signed.

Only what a list gave is read, and only for the same list of the same reader: the storage below is
never asked for a place that somebody made up.
"""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from domain.errors import ChoiceInvalid
from domain.reading import read_moment
from webapp.services.all_services import Services
from webapp.services.orders.ports import OrderCursor

LONGEST_CURSOR = 200


def write_cursor(services: Services, of_list: str, place: OrderCursor) -> str:
    """of_list: names the list and whose it is."""
    return _serializer(services, of_list).dumps([place.created_at.isoformat(), place.order_id])


def read_cursor(services: Services, of_list: str, cursor: str) -> OrderCursor | None:
    """The place that a cursor of this list names; None for none. Raises ChoiceInvalid."""
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
    # The oldest first, as the library wants them: the last one signs.
    return URLSafeSerializer(list(reversed(services.secret_keys)), salt=f"cursor of {of_list}")
