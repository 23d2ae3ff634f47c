"""The drawing's graph comes from the definition, and each way told is one that it allows."""

from itertools import pairwise

import pytest

from domain.detail_types import DetailType
from domain.events import events_for_change
from domain.orders import OrderState
from tests.builders import journey_to
from workflows.graph import END, START, edges, path_taken, usual_states
from workflows.order_workflow import TableNames, order_definition

DEFINITION = order_definition(TableNames.with_prefix("serverlesspresso-"))
PAIRS = {(edge.source, edge.target) for edge in edges(DEFINITION, DEFINITION["States"])}


def _told(path):
    return [
        (event.detail_type, event.to_detail())
        for before, after in zip([None, *path], path)
        for event in events_for_change(before, after)
    ]


@pytest.mark.parametrize("state", OrderState, ids=str)
def test_the_way_to_each_state_follows_the_definitions_edges(state):
    path = path_taken(_told(journey_to(state)))
    assert path[0] == START
    assert set(pairwise(path)) <= PAIRS


@pytest.mark.parametrize(
    "state, way",
    [
        # As tests/workflows/test_moto_paths.py sees the executions go.
        (OrderState.COLLECTED, ["AdmitOrder", "AwaitBarista"]),
        (OrderState.REFUSED, ["AdmitOrder", "RefuseClosed", "RefuseFull", "Finished"]),
        (OrderState.CANCELLED, ["AdmitOrder", "AwaitBarista", "Finished"]),
        (OrderState.TIMED_OUT, ["AdmitOrder", "AwaitBarista", "CloseUnmade", "Finished"]),
    ],
    ids=str,
)
def test_an_ended_order_went_from_start_to_end(state, way):
    assert path_taken(_told(journey_to(state))) == [START, *way, END]


def test_a_customers_deadline_and_a_cancel_between_choice_and_queue_are_told_apart():
    told = _told(journey_to(OrderState.ADMITTED))
    late = [*told, (DetailType.ORDER_TIME_OUT, {"cause": "Customer timedout"})]
    assert path_taken(late) == [START, "AdmitOrder", "CloseUnchosen", "Finished", END]
    chosen = [*_told(journey_to(OrderState.SUBMITTED)), (DetailType.ORDER_CANCELLED, {})]
    assert path_taken(chosen)[2:] == ["AwaitBarista", "ReadOrder", "FindPlace", "Finished", END]
    assert set(pairwise(path_taken(chosen))) <= PAIRS


def test_before_its_first_event_an_order_is_nowhere():
    assert path_taken([]) == [START]


def test_the_usual_states_leave_out_only_the_repair():
    assert set(DEFINITION["States"]) - set(usual_states(DEFINITION)) == {
        "ReadOrder",
        "FindPlace",
        "CountConflict",
        "PauseForConflict",
        "AwaitChoiceAgain",
        "AwaitBaristaAgain",
    }


def test_no_state_is_called_like_an_end_of_the_drawing():
    assert not {START, END} & set(DEFINITION["States"])
