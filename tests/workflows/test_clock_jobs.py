"""The jobs that the clock starts, and the pause that begins by itself, on the running emulator with
the function's own keys: a right that is missing fails here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.hours import Hours, Span
from tests.patience import wait_for
from tests.workflows.test_emulator_paths import BARISTA, Workflow, workflow  # noqa: F401
from webapp.services.orders import barista_steps
from webapp.services.orders.sweep import sweep
from webapp.services.past.retention import forget_past
from webapp.services.shop.editing import change_shop
from webapp.services.shop.opening_hours import follow_hours


def test_after_the_days_that_names_are_kept_nobody_owns_an_order(workflow: Workflow):  # noqa: F811
    order = workflow.submitted()
    barista_steps.make_order(workflow.services, order.id, BARISTA)
    barista_steps.complete_order(workflow.services, order.id, BARISTA)
    kept = timedelta(days=workflow.services.shop("main").keep_days, minutes=1)
    later = replace(workflow.services, now=lambda: workflow.services.now() + kept)
    assert forget_past(later) > 0
    forgotten = workflow.services.order("main", order.id)
    assert order.customer_id not in repr(forgotten)
    assert "Rui" not in repr(forgotten)


def test_the_clock_opens_and_closes_the_bar(workflow: Workflow):  # noqa: F811
    services = workflow.services
    tomorrow = services.now() + timedelta(days=1)
    at_nine = tomorrow.replace(hour=9, minute=0, second=30, microsecond=0)
    hours = Hours(weekly=((Span(9 * 60, 10 * 60),),) * 7)
    before = services.shop("main")
    try:
        change_shop(services, "main", lambda shop: replace(shop, is_open=False, hours=hours))
        follow_hours(replace(services, now=lambda: at_nine))
        assert services.shops.get("main").is_open
        follow_hours(replace(services, now=lambda: at_nine + timedelta(hours=1)))
        assert not services.shops.get("main").is_open
    finally:
        change_shop(
            services,
            "main",
            lambda shop: replace(shop, is_open=True, hours=before.hours, door_at=before.door_at),
        )


def test_the_bar_pauses_at_so_many_orders_and_goes_on_when_half_are_left(
    workflow: Workflow,  # noqa: F811
):
    services = workflow.services
    sweep(services)
    change_shop(services, "main", lambda shop: replace(shop, auto_pause_at=2))
    try:
        orders = [workflow.submitted(), workflow.claim()]
        wait_for(lambda: services.shop("main").paused_until)
        assert services.shop("main").pause_is_automatic
        barista_steps.make_order(services, orders[0].id, BARISTA)
        barista_steps.complete_order(services, orders[0].id, BARISTA)
        wait_for(lambda: services.shop("main").paused_until is None)
    finally:
        change_shop(
            services, "main", lambda shop: replace(shop, auto_pause_at=0, paused_until=None)
        )
