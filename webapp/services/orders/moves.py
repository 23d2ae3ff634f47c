"""Changes an order safely, also when somebody else writes to it at the same moment."""

from __future__ import annotations

from collections.abc import Callable

from domain.orders import Order
from webapp.services.orders.bundle import OrderServices
from webapp.services.retrying import until_written


def move(
    services: OrderServices, shop_id: str, order_id: str, change: Callable[[Order], Order]
) -> Order:
    """Reads the order, applies `change` and writes it; repeats this when others wrote in between.

    Raises NotFound, Busy, or an error that `change` raises.
    """

    def changed() -> Order:
        order = services.order(shop_id, order_id)
        return services.orders.save(order, change(order))

    return until_written(changed)
