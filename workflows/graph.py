"""The workflow as a graph, and an order's path through it, derived from the order's events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.detail_types import DetailType
from domain.orders import RefusalReason, TimeOutCause
from workflows.asl import next_states

START, END = "Start", "End"
"""The two ends of a drawing; no state of a definition may have one of these names."""
LAYOUT_FILE = Path(__file__).with_name("order_workflow.layout.json")
"""The positions of the drawing's states and edges, in pixels;
scripts/generate_workflow writes it.
"""
WIDTH = 356
BOX, DOT = (98, 46), (22, 22)
"""The width and height of a state and of an end, in pixels."""

_ENDS = (DetailType.ORDER_COMPLETED, DetailType.ORDER_COLLECTED, DetailType.ORDER_FINISHED)


@dataclass(frozen=True)
class Edge:
    """The target may follow the source.

    is_catch: whether only an error leads there.
    """

    source: str
    target: str
    is_catch: bool


def edges(definition: Mapping, states: Iterable[str]) -> list[Edge]:
    """Returns the edges between these states, with START and END, in the definition's order."""
    kept = set(states)
    found = [Edge(START, definition["StartAt"], False)]
    for name, state in definition["States"].items():
        if name not in kept:
            continue
        caught = {branch["Next"] for branch in state.get("Catch", ())}
        found += [
            Edge(name, target, target in caught)
            for target in dict.fromkeys(next_states(state))
            if target in kept
        ]
        if state.get("End") or state["Type"] in ("Succeed", "Fail"):
            found.append(Edge(name, END, False))
    return found


def usual_states(definition: Mapping) -> list[str]:
    """Returns the states of a definition without the states of a repair.

    After an interruption, a Choice finds the state of the order. The repair is this Choice, the
    state before it, and every state that only these two lead to.
    """
    states = definition["States"]
    repairs = repair_states(definition)
    reached, to_visit = set(), [definition["StartAt"]]
    while to_visit:
        name = to_visit.pop()
        if name not in reached and name not in repairs:
            reached.add(name)
            to_visit += next_states(states[name])
    return [name for name in states if name in reached]


def repair_states(definition: Mapping) -> list[str]:
    """Returns the Choice states and the states before them; see usual_states."""
    states = definition["States"]
    choices = {name for name, state in states.items() if state["Type"] == "Choice"}
    return [name for name, state in states.items() if {name, state.get("Next")} & choices]


def path_taken(events: Iterable[tuple[DetailType, Mapping]]) -> list[str]:
    """Returns the states that an order's execution entered, as far as its events show, START first.

    events: detail-type and detail of each event, in the order in which they happened.

    The last state is where the execution stands, or END. An interruption and a new start of the
    execution are not shown.
    """
    events = list(events)
    names = [name for name, _ in events]
    if DetailType.ORDER_REOPENED in names:
        # The order was ready and was then reopened, so the endings before the reopening do not
        # count.
        since = len(names) - names[::-1].index(DetailType.ORDER_REOPENED)
        events = [one for one in events[:since] if one[0] not in _ENDS] + events[since:]
    told: dict[DetailType, Mapping] = dict(events)
    path = [START]
    if DetailType.NEW_ORDER not in told and DetailType.WORKFLOW_STARTED not in told:
        return path
    path.append("AdmitOrder")
    if DetailType.SHOP_NOT_READY in told:
        path.append("RefuseClosed")
        if told[DetailType.SHOP_NOT_READY].get("reason") == RefusalReason.FULL:
            path.append("RefuseFull")
        return [*path, "Finished", END]
    is_queued = DetailType.QUEUE_ORDER_STARTED in told
    if is_queued or DetailType.WAITING_PRODUCTION in told:
        path.append("AwaitBarista")
    if DetailType.ORDER_TIME_OUT in told:
        cause = told[DetailType.ORDER_TIME_OUT].get("cause")
        path.append("CloseUnchosen" if cause == TimeOutCause.CUSTOMER else "CloseUnmade")
        return [*path, "Finished", END]
    if DetailType.ORDER_CANCELLED in told:
        if DetailType.WAITING_PRODUCTION in told and not is_queued:
            # The order was cancelled between the choice and the queue, so AwaitBarista's write
            # failed.
            path += ["ReadOrder", "FindPlace"]
        return [*path, "Finished", END]
    return [*path, END] if DetailType.ORDER_COMPLETED in told else path
