"""The forwarder: renders fragments from the current items and publishes them to the screens."""

from __future__ import annotations

from datetime import datetime

from werkzeug.utils import cached_property

from domain.detail_types import DetailType
from domain.events import Event, OrderEvent
from domain.orders import (
    IN_LINE,
    ON_THE_BOARD,
    Order,
    Phase,
    in_line,
)
from domain.shops import Shop
from webapp import fragments
from webapp.cloud.live_topics import barista_topic, board_topic, display_topic, order_topic
from webapp.consumers.screen_events import (
    CHANGES_BOARD,
    CHANGES_CODE,
    FILLS_OR_FREES,
    MOVES_LINE,
)
from webapp.presenters.barista import board_note
from webapp.presenters.display import code_view, display_board
from webapp.presenters.order import order_view
from webapp.services.all_services import Services
from webapp.services.intake.qr_codes import current_code
from webapp.services.orders.waits import wait_of
from webapp.words import in_locale

_FEW_PLACES = 10
"""More orders than end at the same moment, so that every screen learns of the order that gives a
full shop room again."""

_HOLDS_MENU = {Phase.ASKING, Phase.CHOOSING}
"""The phases in which a phone's page has the menu's form, shown or hidden."""

_POSITIONS_PUSHED = 20
"""How far back in line a new position is pushed. A page further back shows it at its next read."""


def forward(services: Services, event: Event, announced_at: datetime) -> None:
    """Publishes to each screen what the event may have changed on it."""
    _Forwarding(services, event).run()


class _Forwarding:
    """The work for one event. It reads only what its fragments show."""

    def __init__(self, services: Services, event: Event):
        self.services = services
        self.event = event
        self.shop: Shop = services.shop(event.shop_id)
        self.now = services.now()

    @cached_property
    def listed_orders(self) -> list[Order]:
        return self.services.orders.listed_orders(self.shop.id)

    @cached_property
    def open_orders(self) -> list[Order]:
        return [order for order in self.listed_orders if order.state in ON_THE_BOARD]

    def run(self) -> None:
        name = self.event.detail_type
        order = self._order()
        if order is not None:
            self._publish_order(order)
        if name in CHANGES_BOARD:
            self._publish_board(order)
        if name in MOVES_LINE:
            for waiting in in_line(self.open_orders)[:_POSITIONS_PUSHED]:
                if order is None or waiting.id != order.id:
                    self._publish_order(waiting)
        if name is DetailType.CONFIG_CHANGED:
            self._publish_settings()
        if name in CHANGES_CODE or (name in FILLS_OR_FREES and self._is_nearly_full()):
            self._publish_code()

    def _order(self) -> Order | None:
        event = self.event
        if not isinstance(event, OrderEvent) or event.detail_type is DetailType.NEW_ORDER:
            return None
        if event.detail_type in CHANGES_BOARD:
            # The board's fragment needs this list in any case, and it holds everything that an
            # order's fragment shows.
            for order in self.listed_orders:
                if order.id == event.order_id:
                    return order
        return self.services.orders.get(self.shop.id, event.order_id)

    def _publish_board(self, order: Order | None) -> None:
        # The note goes first, because a tablet keeps a leaving card only for a moment and puts the
        # note on it.
        if note := board_note(order):
            self.services.live.publish(
                f"{barista_topic(self.shop.id)}/board_changed",
                fragments.board_changed(note, self.now),
            )
        with in_locale(self.shop.languages[0]):
            board = display_board(self.shop, self.open_orders, self.now)
            html = fragments.display_board(board, self.shop, order)
        self.services.live.publish(f"{board_topic(self.shop.id)}/display_board", html)

    def _publish_settings(self) -> None:
        """Tells open menus to renew themselves, and shows waiting customers position and wait."""
        for order in self.open_orders:
            if order.phase in _HOLDS_MENU:
                self.services.live.publish(
                    f"{order_topic(self.shop.id, order.id)}/menu_changed",
                    fragments.menu_changed(self.now),
                )
        for order in in_line(self.open_orders)[:_POSITIONS_PUSHED]:
            self._publish_order(order)

    def _publish_order(self, order: Order) -> None:
        if order.phase is Phase.ASKING:
            return
        line = self.open_orders if order.state in IN_LINE else []
        wait = wait_of(self.services, self.shop, order, line)
        with in_locale(self.shop.offered_language(order.language)):
            view = order_view(self.shop, order, line, self.services.now(), wait)
            html = fragments.order_status(view, self.shop)
        self.services.live.publish(f"{order_topic(self.shop.id, order.id)}/order_status", html)

    def _is_nearly_full(self) -> bool:
        taken = self.services.shops.open_order_count(self.shop.id)
        return self.shop.capacity - taken <= _FEW_PLACES

    def _publish_code(self) -> None:
        current = current_code(self.services, self.shop)
        with in_locale(self.shop.languages[0]):
            code = code_view(self.shop, current, self.now, self.services.public_url)
            html = fragments.code_count(code, self.shop)
        self.services.live.publish(f"{display_topic(self.shop.id)}/code_count", html)
