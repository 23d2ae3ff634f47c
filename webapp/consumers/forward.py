"""The forwarder: renders fragments from the current items and publishes them to the screens."""

from __future__ import annotations

from domain.detail_types import DetailType
from domain.events import Event, OrderEvent
from domain.orders import Order, OrderState, in_line
from domain.shops import Shop
from webapp import fragments, presenters
from webapp.cloud.live_topics import barista_topic, display_topic, order_topic
from webapp.services.codes import current_code
from webapp.services.ports import Services
from webapp.services.waits import wait_of
from webapp.words import speaking

CHANGES_CODE = {DetailType.NEW_ORDER, DetailType.SHOP_NOT_READY, DetailType.CONFIG_CHANGED}
CHANGES_BOARD = {
    DetailType.QUEUE_ORDER_STARTED,
    DetailType.MAKE_ORDER,
    DetailType.ORDER_COMPLETED,
    DetailType.ORDER_CANCELLED,
    DetailType.ORDER_TIME_OUT,
    DetailType.ORDER_COLLECTED,
    DetailType.ORDER_REOPENED,
    DetailType.CONFIG_CHANGED,
}
MOVES_LINE = {
    DetailType.MAKE_ORDER,
    DetailType.ORDER_CANCELLED,
    DetailType.ORDER_TIME_OUT,
    DetailType.ORDER_REOPENED,
}
FORWARDED = (
    CHANGES_CODE | CHANGES_BOARD | {DetailType.WORKFLOW_STARTED, DetailType.SHOP_NOT_READY}
)
"""One event of each step is enough: its fragments show the item as it is now.

None for the choice itself: the phone has its answer, and a moment later the order is queued.
"""

_PLACES_PUSHED = 20
"""How far back in line a place is pushed; further back it shows at the page's next read."""


def forward(services: Services, event: Event) -> None:
    """Publishes to each screen what the event may have changed on it."""
    shop = services.shop(event.shop_id)
    now = services.now()
    open_orders = services.orders.open_orders(shop.id)
    order = None
    if isinstance(event, OrderEvent) and event.detail_type is not DetailType.NEW_ORDER:
        order = services.orders.get(shop.id, event.order_id)
        if order is not None:
            _publish_order(services, shop, order, open_orders)
    if event.detail_type in CHANGES_BOARD:
        note = presenters.board_note(order)
        services.live.publish(
            f"{barista_topic(shop.id)}/board_changed", fragments.board_changed(note, now, order)
        )
        with speaking(shop.languages[0]):
            view = presenters.display_board(shop, open_orders, now)
            html = fragments.display_board(view, shop)
        services.live.publish(f"{display_topic(shop.id)}/display_board", html)
    if event.detail_type in MOVES_LINE:
        for waiting in in_line(open_orders)[:_PLACES_PUSHED]:
            if order is None or waiting.id != order.id:
                _publish_order(services, shop, waiting, open_orders)
    if event.detail_type is DetailType.CONFIG_CHANGED:
        _publish_settings(services, shop, open_orders)
    if event.detail_type in CHANGES_CODE:
        with speaking(shop.languages[0]):
            code = presenters.code(shop, current_code(services, shop), now, services.public_url)
            html = fragments.code_count(code, shop)
        services.live.publish(f"{display_topic(shop.id)}/code_count", html)


def _publish_settings(services: Services, shop: Shop, open_orders: list[Order]) -> None:
    """Open menus are told to renew themselves; who waits sees the new place and pace."""
    for order in open_orders:
        if order.state is OrderState.ADMITTED:
            services.live.publish(
                f"{order_topic(shop.id, order.id)}/menu_changed",
                fragments.menu_changed(services.now()),
            )
    for order in in_line(open_orders)[:_PLACES_PUSHED]:
        _publish_order(services, shop, order, open_orders)


def _publish_order(
    services: Services, shop: Shop, order: Order, open_orders: list[Order]
) -> None:
    if order.state is OrderState.CLAIMED:
        return
    wait = wait_of(services, shop, order, open_orders)
    with speaking(shop.offered_language(order.language)):
        view = presenters.order(shop, order, open_orders, services.now(), wait)
        html = fragments.order_status(view, shop)
    services.live.publish(f"{order_topic(shop.id, order.id)}/order_status", html)
