"""How a use case changes an order, whoever else writes to it at that moment."""

from __future__ import annotations

from collections.abc import Callable

from domain.orders import Order
from webapp.services.orders.bundle import OrderServices
from webapp.services.retrying import until_written


def move(
    services: OrderServices, shop_id: str, order_id: str, change: Callable[[Order], Order]
) -> Order:
    """Reads the order, applies `change` and writes it, again while others write in between.

    Raises NotFound, what `change` raises, or Busy.
    """

    def changed() -> Order:
        order = services.order(shop_id, order_id)
        return services.orders.save(order, change(order))

    return until_written(changed)
