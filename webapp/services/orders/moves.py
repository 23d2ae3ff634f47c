"""How a use case changes an order, whoever else writes to it at that moment."""

from __future__ import annotations

import time
from collections.abc import Callable

from domain.errors import Busy
from domain.orders import Order
from webapp.services.orders.bundle import OrderServices
from webapp.services.refused import Stale

_ATTEMPTS = 5


def move(
    services: OrderServices, shop_id: str, order_id: str, change: Callable[[Order], Order]
) -> Order:
    """Reads the order, applies `change` and writes it, again while others write in between.

    Raises NotFound, what `change` raises, or Busy.
    """
    for attempt in range(_ATTEMPTS):
        order = services.order(shop_id, order_id)
        try:
            return services.orders.save(order, change(order))
        except Stale:
            # The other writer is done within a few milliseconds; the first retry is immediate.
            time.sleep(0.01 * attempt)
    raise Busy
