"""What the clock does for one shop after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable

from webapp.services.shop.bundle import ShopServices

log = logging.getLogger(__name__)


def for_every_shop(services: ShopServices, act: Callable[[str], int | None]) -> int:
    """Acts for each shop and adds up what `act` returns, if it counts something.

    What fails for one shop keeps no other from its turn. The first failure is raised at the end, so
    that the job counts as failed and is delivered again.
    """
    done, failures = 0, []
    for shop_id in services.shops.ids():
        try:
            done += act(shop_id) or 0
        except Exception as failure:
            log.exception("a shop's turn failed", extra={"shop_id": shop_id})
            failures.append(failure)
    if failures:
        raise failures[0]
    return done
