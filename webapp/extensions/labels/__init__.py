"""Label print: a ticket as PDF for each order, for the cup or the tray.

A ticket waits from the moment its order is in the line until a device has printed it
(docs/extensions.md, “labels”). It is withdrawn when its order is cancelled or timed out. The
extension stores the drink, but no name: it asks the bar for the name when it draws the ticket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.detail_types import DetailType
from domain.events import ManagerWaitingCompletion, OrderEvent
from webapp.extension_kit import Arrival, Extension, Kit

if TYPE_CHECKING:
    from webapp.extension_kit import Printout

_FIRST_VERSION_IN_QUEUE = 4
"""The version of a queued order, after claimed, admitted and submitted. An order that is queued
with a later version is made again."""


def react(kit: Kit, arrival: Arrival) -> None:
    """Adds the order's ticket to the print queue, or withdraws it."""
    event = arrival.event
    if isinstance(event, ManagerWaitingCompletion):
        _put_in_line(kit, event)
    elif isinstance(event, OrderEvent):
        kit.printer.withdraw(event.shop_id, event.order_id)


def _put_in_line(kit: Kit, event: OrderEvent) -> None:
    drink = event.drink_order
    if drink is None:
        return
    differs = [option.name for option in drink.options if not option.is_default]
    values = {
        "number": event.order_number,
        "drink": drink.name,
        "differs": differs,
        # Milk and strength may both be “Regular”, which need not be printed twice.
        "usual": list(dict.fromkeys(one.name for one in drink.options if one.is_default)),
        "again": event.version > _FIRST_VERSION_IN_QUEUE,
    }
    title = " · ".join([f"{event.order_number} {drink.name}", *differs])
    made_at = event.at or event.began_at or kit.now()
    kit.printer.add(event.shop_id, event.order_id, event.version, title, made_at, values)


def draw(kit: Kit, printout: Printout) -> bytes:
    """Returns the ticket's PDF."""
    # The import takes a second and is only needed here.
    from webapp.extensions.labels.ticket import Ticket, draw_ticket

    shop, values = kit.bar.shop(printout.shop_id), printout.values
    return draw_ticket(
        Ticket(
            number=values["number"],
            drink=values["drink"],
            differs=tuple(values["differs"]),
            usual=tuple(values["usual"]),
            name=kit.bar.name_on(printout.shop_id, printout.order_id),
            pickup_place=shop.pickup_place,
            shop=shop.name,
            at=printout.made_at.astimezone(shop.zone),
            again=values["again"],
        )
    )


EXTENSION = Extension(
    about="A ticket as PDF for each order, which a label printer fetches.",
    detail_types=frozenset(
        {
            DetailType.MANAGER_WAITING_COMPLETION,
            DetailType.ORDER_CANCELLED,
            DetailType.ORDER_TIME_OUT,
        }
    ),
    run=react,
    has_table=True,
    draw=draw,
)
