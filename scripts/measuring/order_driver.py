"""Takes orders through a running bar's use cases, as phones and a tablet would."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from domain.orders import Order, OrderState
from scripts.machine import SECRET_HEADER
from webapp.bootstrap import build_services
from webapp.cloud.clients import Clients
from webapp.cloud.live_relay import LiveRelay
from webapp.cloud.live_topics import order_topic
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.orders import barista_steps, customer_steps
from webapp.services.staff.ports import StaffSession
from webapp.settings import Settings

_SHOP = "main"


@contextmanager
def connected_relay(stack) -> Iterator[LiveRelay]:
    """Yields the relay of the web process, which receives what phones receive."""
    connected = threading.Event()
    secret = {SECRET_HEADER: stack.environment["BAR_SECRET"]}
    relay = LiveRelay(Clients("us-east-1"), stack.endpoint_url, connected.set, secret)
    relay.start()
    connected.wait()
    try:
        yield relay
    finally:
        relay.stop()


class OrderDriver:
    """Waits for each step's push, and then reads the order."""

    def __init__(self, relay: LiveRelay):
        self._relay = relay
        self.services = build_services(Settings.from_environment())
        self.shop = self.services.shop(_SHOP)
        self.barista = StaffSession("bench", _SHOP, "barista", "Bench")

    def queued(self) -> Order:
        code = qr_codes.current_code(self.services, self.shop).qr_code.text
        _, browser = passes.scan_code(self.services, self.shop, code, None)
        order = claims.claim_order(self.services, self.shop, browser)
        pushes = self._relay.subscribe([order_topic(_SHOP, order.id)])
        order = self._wait(pushes, order, OrderState.ADMITTED)
        order = customer_steps.place_order(self.services, self.shop, order, "latte", {})
        order = self._wait(pushes, order, OrderState.QUEUED)
        pushes.close()
        return order

    def lifecycle(self) -> Order:
        """Takes one order from the scan to the collection."""
        order = self.queued()
        barista_steps.make_order(self.services, order.id, self.barista)
        barista_steps.complete_order(self.services, order.id, self.barista)
        return barista_steps.collect_order(self.services, order.id, self.barista)

    def _wait(self, pushes, order: Order, state: OrderState) -> Order:
        while (current := self.services.order(_SHOP, order.id)).state is not state:
            pushes.get(2)
        return current
