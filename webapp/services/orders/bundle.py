"""The bundles of the use cases about orders."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.errors import NotFound
from domain.orders import Order
from domain.texts import N_
from webapp.services.events.bundle import NoExtensions
from webapp.services.events.ports import Extensions
from webapp.services.orders.ports import Executions, Orders
from webapp.services.past.ports import Metrics
from webapp.services.shop.bundle import ShopServices


@dataclass(frozen=True, kw_only=True)
class OrderServices(ShopServices):
    """Orders with their executions, and the figures, from which waits are estimated.

    secret_keys: the first one makes the ids of walk-up orders; the older ones are still accepted.
    memory: keeps what this process read a moment ago, so that it is not read for every page
    (orders.waits).
    """

    orders: Orders
    executions: Executions
    metrics: Metrics
    secret_keys: tuple[str, ...]
    memory: dict = field(default_factory=dict, compare=False)

    def order(self, shop_id: str, order_id: str) -> Order:
        """Returns the order. Raises NotFound."""
        if order := self.orders.get(shop_id, order_id):
            return order
        raise NotFound(N_("We know no such order."))


@dataclass(frozen=True, kw_only=True)
class PrintoutServices(OrderServices):
    """Orders, and the extensions that print something for them."""

    extensions: Extensions = field(default_factory=NoExtensions, compare=False)
