"""Runs a scheduled job for one shop after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable

from webapp.services.shop.bundle import ShopServices

log = logging.getLogger(__name__)


def for_every_shop(services: ShopServices, act: Callable[[str], int | None]) -> int:
    """Calls `act` for each shop; returns the sum of the numbers that it returns.

    A failure for one shop does not stop the others. The first failure is raised at the end, so that
    the job counts as failed and is delivered again.
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
