"""An order's journey: told to its customer, drawn from the definition, shared without names."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.events import events_for_change
from domain.orders import OrderState
from tests.builders import journey_to
from tests.tables import workflow_writes
from tests.webapp.routes.conftest import claim
from webapp.consumers.journey import store_event

AT = datetime(2024, 5, 17, 9, 31, 7, tzinfo=UTC)


@pytest.fixture
def own_page(phone, code_path):
    return claim(phone, code_path)


def tell(services, own_page: str, state: OrderState) -> None:
    """Stores the events of an order's way to a state in the journey of this page's order."""
    order = services.order("main", own_page.rpartition("/")[2])
    path = [replace(step, id=order.id, customer_id=order.customer_id) for step in journey_to(state)]
    for before, after in zip([None, *path], path):
        for event in events_for_change(before, after):
            store_event(services, event, AT)


def share_path(services, page: str) -> str:
    link = re.search(r'id="share-link"[^>]*>([^<]+)<', page)[1]
    assert link.startswith(services.public_url)
    return link.removeprefix(services.public_url)


@pytest.mark.parametrize(
    "state, title",
    [
        (OrderState.COLLECTED, "How your drink was made"),
        (OrderState.CANCELLED, "How your order ended"),
        (OrderState.TIMED_OUT, "How your order ended"),
        (OrderState.REFUSED, "Why your order was not taken"),
        (OrderState.MAKING, "How your drink is being made"),
    ],
    ids=str,
)
def test_each_end_alike_has_its_timeline_and_its_lit_way(services, phone, own_page, state, title):
    tell(services, own_page, state)
    page = phone.get(f"{own_page}/journey").get_data(as_text=True)
    assert f"<h1>{title}</h1>" in page
    stored = services.journeys.stored(own_page.rpartition("/")[2])
    names = re.findall(r"<code><bdi>([^<]+)<", page)
    assert names == [name for _, name in stored]
    assert ("OrderJourney.AllEventsStored" in names) == (state is not OrderState.MAKING)
    assert 'class="lit' in page and 'class="workflow" role="img" aria-label="The workflow.' in page


def test_times_are_the_shops_own_and_tell_how_long_it_took(services, phone, own_page):
    services.shops.save(
        shop := services.shop("main"), replace(shop, timezone="Europe/Berlin", version=2)
    )
    tell(services, own_page, OrderState.COLLECTED)
    page = phone.get(f"{own_page}/journey").get_data(as_text=True)
    assert "<bdi>11:31:07</bdi>" in page
    assert "17 May 2024, times at the bar (Europe/Berlin)" in page
    for fact in ("Waited", "2m 0s", "Made in", "1m 0s", "In all", "3m 0s"):
        assert fact in page
    assert "Kim took the order" in page


def test_a_shared_journey_needs_no_session_and_names_nobody(services, app, phone, own_page):
    tell(services, own_page, OrderState.COLLECTED)
    own = phone.get(f"{own_page}/journey").get_data(as_text=True)
    assert "order <bdi>7</bdi>" in own
    stranger = app.test_client()
    shared = stranger.get(share_path(services, own))
    page = shared.get_data(as_text=True)
    assert shared.status_code == 200
    assert "<h1>How a drink was made</h1>" in page and "A barista took the order" in page
    order = services.order("main", own_page.rpartition("/")[2])
    for secret in ("Kim", "barista-1", order.customer_id, "order <bdi>"):
        assert secret not in page
    assert "sse-connect" not in page and 'name="robots" content="noindex"' in page


def test_a_shared_address_cannot_be_made_up(services, app, phone, own_page):
    tell(services, own_page, OrderState.COLLECTED)
    path = share_path(services, phone.get(f"{own_page}/journey").get_data(as_text=True))
    order_id = own_page.rpartition("/")[2]
    other = path[:-1] + ("0" if path[-1] != "0" else "1")
    for wrong in (f"/main/journeys/{order_id}", other, path[:-1], "/main/journeys/ä"):
        assert app.test_client().get(wrong).status_code == 404
    # The key is the shop's too.
    from tests.builders import a_shop

    services.shops.create(a_shop(id="annex"))
    assert app.test_client().get(path.replace("/main/", "/annex/")).status_code == 404


def test_a_journey_that_was_erased_is_not_found(services, app, phone, own_page):
    path = share_path(services, phone.get(f"{own_page}/journey").get_data(as_text=True))
    assert app.test_client().get(path).status_code == 404


def test_an_older_secret_key_still_opens_what_was_shared_with_it(services, app, phone, own_page):
    tell(services, own_page, OrderState.COLLECTED)
    path = share_path(services, phone.get(f"{own_page}/journey").get_data(as_text=True))
    app.extensions["services"] = replace(services, secret_keys=("new", *services.secret_keys))
    assert app.test_client().get(path).status_code == 200


def test_the_order_page_links_its_journey_but_not_while_a_drink_is_being_chosen(
    services, phone, own_page
):
    link = f'href="{own_page}/journey"'
    assert link in phone.get(own_page).get_data(as_text=True)
    workflow_writes(
        "AdmitOrder", services.order("main", own_page.rpartition("/")[2]), services.now()
    )
    assert link not in phone.get(own_page).get_data(as_text=True)


def test_an_open_page_reads_again_after_each_pushed_status_and_nothing_is_pushed_for_it_alone(
    services, phone, own_page
):
    page = phone.get(f"{own_page}/journey").get_data(as_text=True)
    assert re.search(r'sse-swap="order_status"[^>]* data-signal="journey" data-wait="\d+"', page)
    services.live.messages.clear()
    tell(services, own_page, OrderState.COLLECTED)
    assert services.live.messages == []
