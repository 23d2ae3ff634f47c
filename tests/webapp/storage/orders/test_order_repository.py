"""Orders in the table: what only the write itself can decide."""

from __future__ import annotations

import pytest

from tests.webapp.services.steps import let_in, made, now, place
from webapp.services.refused import Stale


def _is_listed(services, order) -> bool:
    return order.id in {one.id for one in services.orders.listed_orders("main")}


def test_an_order_leaves_the_list_at_the_version_that_was_read(services):
    order = made(services)
    services.orders.unlist(order)
    assert not _is_listed(services, order)


def test_an_order_that_moved_on_since_it_was_read_stays_in_the_list(services):
    read = let_in(services)
    moved = place(services, now(services, read))
    with pytest.raises(Stale):
        services.orders.unlist(read)
    assert _is_listed(services, moved)
