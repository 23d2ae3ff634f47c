"""An order's journey: all its events, for its customer and the people they share it with."""

from __future__ import annotations

import hashlib
import hmac

from domain.errors import NotFound
from domain.orders import Order
from domain.texts import N_
from webapp.services.past.bundle import PastServices
from webapp.services.past.ports import StoredEvent

_ID_LENGTH, _KEY_LENGTH = 32, 32


def journey(services: PastServices, order_id: str) -> list[StoredEvent]:
    """Returns the stored events of an order, in the order in which they were announced."""
    return services.journeys.events(order_id)


def share_name(services: PastServices, order: Order) -> str:
    """Returns the last part of the address under which anybody may see this order's journey.

    Only the order's own page shows this address. It needs no row and no session, so it works for as
    long as the journey is kept. Nobody can make one without the secret key, not even somebody who
    knows the order's id.
    """
    return order.id + _key(services.secret_keys[0], order.shop_id, order.id)


def shared_journey(services: PastServices, shop_id: str, name: str) -> list[StoredEvent]:
    """Returns the journey behind a shared address. Raises NotFound when the name is not valid."""
    order_id, key = name[:_ID_LENGTH], name[_ID_LENGTH:]
    # Each key is compared in full, so that the time it takes does not tell how much was right.
    matches = [
        hmac.compare_digest(_key(secret, shop_id, order_id).encode(), key.encode())
        for secret in services.secret_keys
    ]
    events = journey(services, order_id) if any(matches) else []
    if not events:
        raise NotFound(N_("We know no such order."))
    return events


def _key(secret: str, shop_id: str, order_id: str) -> str:
    message = f"journey|{shop_id}|{order_id}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[:_KEY_LENGTH]
