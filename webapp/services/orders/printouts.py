"""The printouts of extensions: a device fetches them and ticks them off; the team looks them up.

The print queue belongs to the extension (`webapp/extension_kit/print_queue.py`). This module finds
it by the extension's name, if this deployment has that extension and it draws something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import NotFound
from webapp.services.orders.bundle import PrintoutServices

if TYPE_CHECKING:
    from webapp.extension_kit import Kit
    from webapp.extension_kit.print_queue import Printout, PrintQueue


@dataclass(frozen=True)
class Press:
    """An extension that prints: its print queue, and the function that draws a printout."""

    name: str
    queue: PrintQueue
    draw: Callable[[Printout], bytes]


def presses(services: PrintoutServices) -> list[str]:
    """Returns the names of this deployment's extensions that print something."""
    return [name for name in services.extensions if services.extensions.ready(name)[0].draw]


def press(services: PrintoutServices, shop_id: str, name: str) -> Press:
    """Returns the press of an extension. Raises NotFound when it is not here or prints nothing."""
    services.shop(shop_id)
    if name in services.extensions:
        extension, kit = services.extensions.ready(name)
        if extension.draw and kit.printer:
            return Press(name, kit.printer, _drawing(extension.draw, kit))
    raise NotFound("Nothing of that name is printed here.")


def printout(
    services: PrintoutServices, shop_id: str, name: str, id: str
) -> tuple[Press, Printout]:
    """Returns a printout of this shop with its press.

    Raises NotFound, also when the printout is no longer kept.
    """
    found = press(services, shop_id, name)
    one = found.queue.get(shop_id, id)
    if one is None:
        raise NotFound("That is not there to be printed any more.")
    return found, one


def _drawing(draw: Callable[[Kit, Printout], bytes], kit: Kit) -> Callable[[Printout], bytes]:
    return lambda one: draw(kit, one)
