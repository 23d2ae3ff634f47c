"""What the use cases speak to, and the bundle they get it in.

A port is a Protocol; what it takes and hands out are values. They stand by subject in the modules
of this package; all can be imported from here. webapp/bootstrap.py builds what is behind them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.errors import NotFound
from domain.orders import Order
from domain.shops import Shop
from domain.texts import N_
from webapp.services.ports.customers import (
    CustomerPool,
    Customers,
    CustomerSession,
    CustomerSessions,
    CustomerTrace,
    Limits,
    PhoneSignIn,
    PhoneSignIns,
    TextNotSent,
    Texts,
)
from webapp.services.ports.orders import Claim, OrderPlace, OrderQuery, Orders, QrCodes
from webapp.services.ports.outside import Bus, DeadLetters, Executions, Extensions, LiveTopics
from webapp.services.ports.records import (
    Answers,
    BegunCall,
    Journeys,
    Metrics,
    StoredAnswer,
    StoredEvent,
)
from webapp.services.ports.refused import AlreadyThere, Stale
from webapp.services.ports.shops import Logos, Shops
from webapp.services.ports.staff import (
    Badges,
    Device,
    Devices,
    PoolAnswer,
    Sessions,
    SignInStep,
    StaffPool,
    StaffSession,
    StaffSignIn,
    StaffSignIns,
)


@dataclass(frozen=True)
class Services:
    """All that a use case may need.

    secret_keys: the first signs QR codes and form keys; the older ones are still accepted.
    least_seconds: what an answer takes at least that must not tell by its time what was done.
    memory: what this process read a moment ago and may show again; see services.waits.
    """

    orders: Orders
    shops: Shops
    qr_codes: QrCodes
    sessions: Sessions
    badges: Badges
    sign_ins: StaffSignIns
    staff_pool: StaffPool
    customers: Customers
    customer_sessions: CustomerSessions
    phone_sign_ins: PhoneSignIns
    customer_pool: CustomerPool
    texts: Texts
    limits: Limits
    logos: Logos
    journeys: Journeys
    devices: Devices
    answers: Answers
    metrics: Metrics
    executions: Executions
    bus: Bus
    live: LiveTopics
    dead_letters: DeadLetters
    now: Callable[[], datetime]
    secret_keys: tuple[str, ...]
    public_url: str
    least_seconds: float = 0.0
    extensions: Extensions = field(default_factory=dict, compare=False)
    memory: dict = field(default_factory=dict, compare=False)

    def shop(self, shop_id: str) -> Shop:
        """The shop as it is now. Raises NotFound."""
        if shop := self.shops.get(shop_id):
            return shop.at(self.now())
        raise NotFound(N_("There is no bar at this address."))

    def order(self, shop_id: str, order_id: str) -> Order:
        """The order. Raises NotFound."""
        if order := self.orders.get(shop_id, order_id):
            return order
        raise NotFound(N_("We know no such order."))
