"""Orders under way while the workflow's definition changes: an update, and a roll-back."""

from __future__ import annotations

import pytest

from domain.orders import OrderState
from tests.aws import forget_connections
from tests.workflows.test_emulator_paths import BARISTA, Machine, Workflow
from webapp.bootstrap import build_services
from webapp.services.orders import barista_steps, customer_steps
from webapp.settings import Settings
from workflows.order_workflow import TableNames, order_definition
from workflows.variants import ITEM_WAITS_API, TRANSACTION_WAITS_API

_TABLES = TableNames.with_prefix("serverlesspresso-")
# As committed, but for the spelling of types that the emulator knows.
_COMMITTED = order_definition(_TABLES, variant=TRANSACTION_WAITS_API)
# Other states, other deadlines: as far from the committed one as the generator goes.
_OTHER = order_definition(_TABLES, 400, 800, ITEM_WAITS_API)


@pytest.fixture
def workflow(stack, monkeypatch):
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    yield Workflow(build_services(Settings.from_environment()))
    forget_connections()


@pytest.fixture
def machine(workflow):
    machine = Machine(workflow)
    before = machine.definition
    yield machine
    machine.use(before)


@pytest.mark.parametrize(
    ("begun", "finished"), [(_COMMITTED, _OTHER), (_OTHER, _COMMITTED)], ids=["update", "roll-back"]
)
def test_orders_begun_under_one_definition_finish_under_the_other(
    workflow, machine, begun, finished
):
    services, shop = workflow.services, workflow.services.shop("main")
    machine.use(begun)
    choosing = workflow.wait(workflow.claim(), OrderState.ADMITTED)
    waiting, making, unwanted = (workflow.submitted() for _ in range(3))
    barista_steps.make_order(services, making.id, BARISTA)

    machine.use(finished)

    assert machine.definition == finished != begun
    chosen = customer_steps.place_order(services, shop, choosing, "latte", {"milk": "oat"})
    workflow.wait(chosen, OrderState.QUEUED)
    customer_steps.cancel_order(services, unwanted)
    for order in (choosing, waiting):
        barista_steps.make_order(services, order.id, BARISTA)
    for order in (choosing, waiting, making):
        barista_steps.complete_order(services, order.id, BARISTA)
    states = {
        name: workflow.states_entered(order)
        for name, order in (("made", choosing), ("waited", waiting), ("cancelled", unwanted))
    }
    # Each execution keeps the states that it began with.
    assert states["made"] == states["waited"]
    assert states["made"][-1] == "AwaitBarista" and states["cancelled"][-1] == "Finished"
    assert set(states["made"]) <= set(begun["States"])
