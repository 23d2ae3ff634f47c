"""Who may move an order from where to where, and what everybody else is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain import orders
from domain.detail_types import DetailType
from domain.errors import AlreadyTaken, NotAllowedNow
from domain.orders import (
    TRANSITIONS,
    Action,
    OrderState,
    RefusalReason,
    Role,
    announced_events,
    in_line,
    order_id,
    position,
    transition,
)
from tests.builders import NOW, TOKEN, a_drink_order, an_order, journey_to

# Written from the issue and design.md, not read from TRANSITIONS.
ALLOWED = {
    ("workflow", "admit", "CLAIMED"): "ADMITTED",
    ("workflow", "refuse", "CLAIMED"): "REFUSED",
    ("customer", "submit", "ADMITTED"): "SUBMITTED",
    # A walk-up order, which the barista took at the counter.
    ("barista", "submit", "ADMITTED"): "SUBMITTED",
    ("barista", "remake", "COMPLETED"): "SUBMITTED",
    ("barista", "remake", "COLLECTED"): "SUBMITTED",
    ("barista", "take_back", "COMPLETED"): "MAKING",
    ("barista", "take_back", "COLLECTED"): "COMPLETED",
    ("workflow", "queue", "SUBMITTED"): "QUEUED",
    ("barista", "make", "QUEUED"): "MAKING",
    ("barista", "release", "MAKING"): "QUEUED",
    ("barista", "complete", "MAKING"): "COMPLETED",
    ("barista", "collect", "COMPLETED"): "COLLECTED",
    ("workflow", "collect", "COMPLETED"): "COLLECTED",
    ("customer", "cancel", "ADMITTED"): "CANCELLED",
    ("customer", "cancel", "SUBMITTED"): "CANCELLED",
    ("customer", "cancel", "QUEUED"): "CANCELLED",
    ("barista", "cancel", "SUBMITTED"): "CANCELLED",
    ("barista", "cancel", "QUEUED"): "CANCELLED",
    ("barista", "cancel", "MAKING"): "CANCELLED",
    ("workflow", "time_out", "ADMITTED"): "TIMED_OUT",
    ("workflow", "time_out", "QUEUED"): "TIMED_OUT",
    ("workflow", "time_out", "MAKING"): "TIMED_OUT",
}
REFUSED = [
    (role.value, action.value, state.value)
    for role in Role
    for action in Action
    for state in OrderState
    if (role, action, state) not in ALLOWED
]


def _sentence(verb):
    return lambda case: f"the {case[0]} {verb} {case[1]} an order that is {case[2]}"


@pytest.mark.parametrize("case", ALLOWED, ids=_sentence("may"))
def test_the_move_is_allowed(case):
    role, action, state = case
    row = transition(an_order(OrderState(state)), Action(action), Role(role))
    assert row.target == ALLOWED[case]


@pytest.mark.parametrize("case", REFUSED, ids=_sentence("may not"))
def test_the_move_is_refused(case):
    role, action, state = case
    with pytest.raises(NotAllowedNow) as refused:
        transition(an_order(OrderState(state)), Action(action), Role(role))
    assert refused.value.sentence.endswith(".")


def test_the_table_holds_no_move_that_the_list_above_does_not_name():
    in_table = {
        (role.value, row.action.value, row.source.value)
        for row in TRANSITIONS
        for role in row.roles
    }
    assert in_table == set(ALLOWED)


def test_the_end_of_an_order_is_never_left():
    ends = {"REFUSED", "CANCELLED", "TIMED_OUT"}
    assert not [row for row in TRANSITIONS if row.source in ends]


def test_only_a_barista_who_takes_it_back_moves_a_drink_that_left_the_counter():
    rows = [row for row in TRANSITIONS if row.source == "COLLECTED"]
    assert {row.action for row in rows} == {Action.REMAKE, Action.TAKE_BACK}
    assert {role for row in rows for role in row.roles} == {Role.BARISTA}


def test_two_states_are_joined_by_one_move_at_most():
    # announced_events knows a move by its two states alone.
    pairs = [(row.source, row.target) for row in TRANSITIONS]
    assert len(pairs) == len(set(pairs))


# What is true of the orders in a state; written from design.md, not read from STATES.
OF_STATES = {
    orders.HOLDS_CAPACITY: "ADMITTED SUBMITTED QUEUED MAKING",
    orders.OPEN_FOR_CUSTOMER: "CLAIMED ADMITTED SUBMITTED QUEUED MAKING",
    orders.ON_THE_BOARD: "CLAIMED ADMITTED SUBMITTED QUEUED MAKING COMPLETED",
    orders.ON_SCREENS: "SUBMITTED QUEUED MAKING COMPLETED",
    orders.IN_LINE: "SUBMITTED QUEUED",
    frozenset(orders.WAITS): "ADMITTED QUEUED MAKING",
}


@pytest.mark.parametrize(("found", "expected"), OF_STATES.items(), ids=OF_STATES.values())
def test_the_sets_that_follow_from_the_table_of_states_are_those_of_the_design(found, expected):
    assert found == set(expected.split())


@pytest.mark.parametrize("state", OrderState)
def test_each_state_has_its_row(state):
    assert orders.STATES[state].why_not
    assert an_order(state).phase is orders.STATES[state].phase


@pytest.mark.parametrize("state", OrderState)
def test_each_state_says_since_when_the_order_is_in_it(state):
    assert an_order(state).moved_at is not None


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.source} to {row.target}")
def test_who_takes_one_event_of_a_move_takes_one_that_it_announces(row):
    assert row.news in row.events


def test_whoever_may_move_an_order_is_who_the_list_above_names():
    allowed = {
        (role, action, state)
        for role in Role
        for action in Action
        for state in OrderState
        if orders.may_move(an_order(state), action, role)
    }
    assert allowed == set(ALLOWED)


# What each move writes


def test_each_move_makes_the_version_grow_by_one():
    for state in OrderState:
        path = journey_to(state)
        assert [order.version for order in path] == list(range(1, len(path) + 1))


def test_admitting_starts_the_time_to_choose():
    order = orders.admit(an_order(), 300, NOW)
    assert (order.state, order.admitted_at, order.choose_seconds) == ("ADMITTED", NOW, 300)


def test_submitting_keeps_the_drink_the_number_and_the_time():
    order = orders.submit(an_order(OrderState.ADMITTED), a_drink_order(), 12, NOW)
    assert order.state == "SUBMITTED"
    assert (order.drink_order, order.number, order.submitted_at) == (a_drink_order(), 12, NOW)


def test_making_says_who_has_the_order():
    order = orders.make(an_order(OrderState.QUEUED), "barista-2", "Ada", NOW)
    assert (order.barista_id, order.barista_name, order.making_at) == ("barista-2", "Ada", NOW)


def test_releasing_forgets_the_barista_and_keeps_place_and_clock():
    making = an_order(OrderState.MAKING)
    released = orders.release(making)
    assert (released.barista_id, released.barista_name, released.making_at) == (None, None, None)
    assert released.submitted_at == making.submitted_at
    assert released.deadline_at == making.deadline_at


def test_a_cancelled_order_says_who_cancelled_it_and_why():
    order = orders.cancel(an_order(OrderState.MAKING), Role.BARISTA, "the machine broke", NOW)
    assert (order.cancelled_by, order.reason) == (Role.BARISTA, "the machine broke")
    assert order.ended_at == NOW


def test_a_refused_order_says_why():
    order = orders.refuse(an_order(), RefusalReason.CLOSED, NOW)
    assert (order.reason, order.ended_at) == ("closed", NOW)


@pytest.mark.parametrize(
    "state, cause",
    [
        (OrderState.ADMITTED, "Customer timedout"),
        (OrderState.QUEUED, "Barista timedout"),
        (OrderState.MAKING, "Barista timedout"),
    ],
)
def test_a_timed_out_order_says_whose_deadline_it_was(state, cause):
    order = orders.time_out(an_order(state), NOW)
    assert (order.state, order.reason, order.ended_at) == ("TIMED_OUT", cause, NOW)


def test_a_refused_move_leaves_the_order_as_it_was():
    order = an_order(OrderState.COMPLETED)
    with pytest.raises(NotAllowedNow):
        orders.cancel(order, Role.CUSTOMER, None, NOW)
    assert order == an_order(OrderState.COMPLETED)


@pytest.mark.parametrize("state", [OrderState.COMPLETED, OrderState.COLLECTED])
def test_a_drink_made_wrong_goes_to_the_head_of_the_line_with_its_number(state):
    made = an_order(state)
    again = orders.remake(made, made.ended_at + timedelta(minutes=15))
    assert (again.state, again.number, again.attempt) == ("SUBMITTED", 7, 2)
    assert again.submitted_at == made.submitted_at
    assert (again.barista_id, again.making_at, again.ended_at, again.collected_at) == (None,) * 4
    older = an_order(OrderState.QUEUED, id="older", submitted_at=NOW - timedelta(hours=1))
    assert in_line([older, again]) == [again, older]


def test_a_drink_is_not_made_again_long_after_it_was_ready():
    made = an_order(OrderState.COLLECTED)
    with pytest.raises(NotAllowedNow, match="more than 15 minutes ago"):
        orders.remake(made, made.ended_at + timedelta(minutes=15, seconds=1))


def test_a_wrong_complete_taken_back_is_in_the_same_hands_with_the_whole_time():
    making, made = journey_to(OrderState.COMPLETED)[-2:]
    back = orders.take_back(made, made.ended_at + timedelta(seconds=10))
    assert (back.state, back.attempt, back.barista_id) == ("MAKING", 2, making.barista_id)
    assert back.deadline_at == back.taken_back_at + (making.deadline_at - making.queued_at)
    assert orders.complete(back, NOW).taken_back_at is None


def test_a_wrong_collected_taken_back_is_ready_again():
    made, collected = journey_to(OrderState.COLLECTED)[-2:]
    back = orders.take_back(collected, collected.collected_at)
    assert (back.state, back.ended_at, back.collected_at) == ("COMPLETED", made.ended_at, None)


@pytest.mark.parametrize("state", [OrderState.COMPLETED, OrderState.COLLECTED])
def test_half_a_minute_later_nothing_is_taken_back(state):
    done = an_order(state)
    done_at = done.collected_at or done.ended_at
    assert orders.take_back(done, done_at + timedelta(seconds=30))
    with pytest.raises(NotAllowedNow, match="too late"):
        orders.take_back(done, done_at + timedelta(seconds=31))


# Who was first


def test_a_second_barista_reads_who_was_first():
    making = orders.make(an_order(OrderState.QUEUED), "barista-1", "Kim", NOW)
    with pytest.raises(AlreadyTaken) as refused:
        orders.make(making, "barista-2", "Ada", NOW)
    assert refused.value.sentence == "Kim was first."
    assert refused.value.barista_name == "Kim"


def test_a_second_barista_is_answered_even_when_the_first_has_no_name():
    with pytest.raises(AlreadyTaken, match="Somebody else was first."):
        orders.make(an_order(OrderState.MAKING, barista_name=None), "barista-2", "Ada", NOW)


def test_a_customer_who_cancels_too_late_reads_who_is_making_the_drink():
    with pytest.raises(NotAllowedNow, match="Kim has already started your drink."):
        orders.cancel(an_order(OrderState.MAKING), Role.CUSTOMER, None, NOW)


def test_a_barista_who_makes_a_finished_order_reads_that_it_is_made():
    with pytest.raises(NotAllowedNow, match="Order 7 is already made.") as refused:
        orders.make(an_order(OrderState.COMPLETED), "barista-2", "Ada", NOW)
    assert not isinstance(refused.value, AlreadyTaken)


def test_an_order_without_a_number_is_called_this_order():
    with pytest.raises(NotAllowedNow, match="This order has no drink chosen yet."):
        orders.complete(an_order(OrderState.ADMITTED), NOW)


def test_each_state_has_a_sentence_of_its_own_for_the_barista():
    sentences = set()
    for state in OrderState:
        with pytest.raises(NotAllowedNow) as refused:
            transition(an_order(state), Action.ADMIT, Role.BARISTA)
        sentences.add(refused.value.sentence)
    assert len(sentences) == len(OrderState)


# Deadlines


def test_an_admitted_order_must_be_chosen_five_minutes_after_its_admission():
    order = an_order(OrderState.ADMITTED)
    assert orders.CHOOSE_SECONDS == 300
    assert order.deadline_at == order.admitted_at + timedelta(minutes=5)


@pytest.mark.parametrize("state", [OrderState.QUEUED, OrderState.MAKING])
def test_an_order_must_be_made_fifteen_minutes_after_it_was_queued(state):
    order = an_order(state)
    assert orders.MAKE_SECONDS == 900
    assert order.deadline_at == order.queued_at + timedelta(minutes=15)


@pytest.mark.parametrize(
    "state",
    [s for s in OrderState if s.value not in ("ADMITTED", "QUEUED", "MAKING")],
)
def test_an_order_nobody_must_act_on_has_no_deadline(state):
    assert an_order(state).deadline_at is None


def test_the_deadline_is_the_one_of_the_workflow_that_runs_the_order():
    assert orders.admit(an_order(), 2, NOW).deadline_at == NOW + timedelta(seconds=2)


def test_the_states_that_wait_are_those_a_workflow_may_time_out():
    timed_out = {row.source for row in TRANSITIONS if row.action is Action.TIME_OUT}
    assert set(orders.WAITS) == timed_out


# Place in line


def _waiting(number: int, seconds: int, state=OrderState.QUEUED):
    submitted_at = NOW + timedelta(seconds=seconds)
    return an_order(state, id=f"order-{number}", number=number, submitted_at=submitted_at)


def test_the_order_submitted_first_is_next():
    late, early = _waiting(1, 20), _waiting(2, 10)
    assert [position(late, [late, early]), position(early, [late, early])] == [2, 1]


def test_a_waiting_order_that_does_not_stand_in_line_comes_behind_it(monkeypatch):
    facts = replace(orders.STATES[OrderState.SUBMITTED], is_in_line=False)
    monkeypatch.setattr(orders, "STATES", orders.STATES | {OrderState.SUBMITTED: facts})
    monkeypatch.setattr(orders, "IN_LINE", {OrderState.QUEUED})
    aside, next_one = _waiting(1, 10, OrderState.SUBMITTED), _waiting(2, 20)
    assert orders.waiting([aside, next_one]) == [next_one, aside]
    assert in_line([aside, next_one]) == [next_one]


def test_the_number_settles_a_tie():
    second, first = _waiting(9, 10), _waiting(8, 10)
    assert in_line([second, first]) == [first, second]


def test_an_order_just_submitted_already_has_its_place():
    just_submitted = _waiting(1, 20, OrderState.SUBMITTED)
    assert position(just_submitted, [just_submitted, _waiting(2, 10)]) == 2


@pytest.mark.parametrize("state", [s for s in OrderState if s.value not in ("SUBMITTED", "QUEUED")])
def test_an_order_that_does_not_wait_has_no_place_and_takes_none(state):
    other, waiting = an_order(state, id="other"), _waiting(2, 99)
    assert position(other, [other, waiting]) is None
    assert position(waiting, [other, waiting]) == 1


def test_a_released_order_stands_at_its_old_place():
    first, second = _waiting(1, 10), _waiting(2, 20)
    released = orders.release(orders.make(first, "barista-1", "Kim", NOW))
    assert position(released, [second, released]) == 1


# Announcements


def test_a_new_order_announces_that_the_scan_was_valid():
    assert announced_events(None, an_order()) == (DetailType.NEW_ORDER,)


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.source} to {row.target}")
def test_each_move_announces_its_events_in_order(row):
    before = an_order(row.source)
    assert announced_events(before, replace(before, state=row.target)) == row.events
    assert row.events


def test_a_change_that_is_no_move_announces_nothing():
    order = an_order(OrderState.QUEUED)
    assert announced_events(order, replace(order, task_token="another", attempt=2)) == ()


def test_orders_finish_once_whatever_their_end_is():
    ends = {"REFUSED", "CANCELLED", "TIMED_OUT", "COMPLETED"}
    finishing = {row.target for row in TRANSITIONS if DetailType.ORDER_FINISHED in row.events}
    assert finishing == ends
    assert all(DetailType.ORDER_FINISHED in row.events for row in TRANSITIONS if row.target in ends)


# Identity and secrets


def test_the_same_form_always_names_the_same_order():
    first = order_id("customer-1", "form-1", "key")
    assert first == order_id("customer-1", "form-1", "key")
    assert len(first) == 32 and int(first, 16)


def test_another_customer_form_or_key_names_another_order():
    ids = {
        order_id("customer-1", "form-1", "key"),
        order_id("customer-2", "form-1", "key"),
        order_id("customer-1", "form-2", "key"),
        order_id("customer-1", "form-1", "another key"),
    }
    assert len(ids) == 4


def test_a_second_attempt_has_an_execution_name_of_its_own():
    order = an_order()
    assert order.execution_name == order.id
    assert replace(order, attempt=2).execution_name == f"{order.id}-2"


def test_an_order_that_is_logged_does_not_show_its_task_token():
    assert TOKEN not in repr(an_order(OrderState.ADMITTED))
    assert TOKEN not in f"{an_order(OrderState.ADMITTED)}"


def test_before_the_choice_there_is_no_drink_to_ask_for():
    with pytest.raises(ValueError, match="has no drink"):
        _ = an_order(OrderState.ADMITTED).chosen
    assert an_order(OrderState.QUEUED).chosen == an_order(OrderState.QUEUED).drink_order


def test_the_orders_in_hand_and_on_the_counter_have_the_oldest_first():
    made = [
        an_order(OrderState.MAKING, id=name, making_at=NOW + timedelta(minutes=at), number=number)
        for name, at, number in (("c", 1, 3), ("b", 0, 2), ("a", 0, 1), ("d", 1, None))
    ]
    assert [one.id for one in orders.being_made([*made, an_order(OrderState.QUEUED)])] == [
        "a",
        "b",
        "d",
        "c",
    ]
    ready = [
        an_order(OrderState.COMPLETED, id=name, ended_at=NOW + timedelta(minutes=at), number=number)
        for name, at, number in (("c", 1, 3), ("b", 0, 2), ("a", 0, 1), ("d", 1, None))
    ]
    assert [
        one.id for one in orders.ready_to_collect([*ready, an_order(OrderState.COLLECTED)])
    ] == [
        "a",
        "b",
        "d",
        "c",
    ]


def test_an_execution_lets_the_person_act_for_what_is_left_and_a_second_at_least():
    order = an_order(OrderState.ADMITTED)
    ends_at = order.deadline_at
    assert orders.seconds_left(order, ends_at - timedelta(seconds=90.9)) == 90
    assert orders.seconds_left(order, ends_at - timedelta(seconds=1)) == 1
    assert orders.seconds_left(order, ends_at + timedelta(hours=1)) == 1
    assert orders.seconds_left(an_order(OrderState.CLAIMED), NOW) == 900
