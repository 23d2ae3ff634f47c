"""The generated definition: what is committed, what waits for how long, what leads where."""

import json

import botocore.session
import pytest

from domain.orders import (
    CHOOSE_SECONDS,
    MAKE_SECONDS,
    TRANSITIONS,
    WAITS,
    Action,
    OrderState,
    RefusalReason,
    Role,
    TimeOutCause,
)
from workflows.asl import (
    CONDITION_FAILED,
    TRANSACTION_CANCELED,
    callback_task_state,
    choice_state,
    next_states,
    state_machine,
    succeed_state,
    task_state,
    wait_state,
)
from workflows.order_workflow import (
    DEFINITION_FILE,
    MOST_CONFLICTS,
    TableNames,
    definition_text,
    order_definition,
)
from workflows.variants import (
    BY_NAME,
    FOR_AWS,
    FOR_EMULATORS,
    ITEM_WAITS,
    TRANSACTION_WAITS,
    in_pascal_case,
    variant_of,
)

TABLES = TableNames.with_prefix("serverlesspresso-")
DEFINITION = order_definition(TABLES)
WITH_SINGLE_ITEMS = order_definition(TABLES, variant=ITEM_WAITS)
DEADLINE = {TimeOutCause.CUSTOMER: CHOOSE_SECONDS, TimeOutCause.BARISTA: MAKE_SECONDS}

both_variants = pytest.mark.parametrize(
    "definition", [DEFINITION, WITH_SINGLE_ITEMS], ids=["transaction waits", "single item waits"]
)


def _callbacks(definition: dict) -> dict[str, dict]:
    return {
        name: state
        for name, state in definition["States"].items()
        if state.get("Resource", "").endswith(".waitForTaskToken")
    }


def _order_updates(state: dict) -> list[dict]:
    """The updates of the orders table in a Task."""
    parameters = state.get("Parameters", {})
    updates = [item["Update"] for item in parameters.get("TransactItems", ()) if "Update" in item]
    if "UpdateExpression" in parameters:
        updates.append(parameters)
    return [update for update in updates if update["TableName"] == TABLES.orders]


def _values(update: dict) -> dict:
    return {
        name: next(iter(value.values()))
        for name, value in update["ExpressionAttributeValues"].items()
    }


def _moves(definition: dict):
    """(state's name, sources, target, values) of every write that moves an order."""
    for name, state in definition["States"].items():
        for update in _order_updates(state):
            values = _values(update)
            if ":target" in values:
                sources = {v for key, v in values.items() if key.startswith(":from")}
                yield name, sources, values[":target"], values


def _walk(data):
    yield data
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for part in parts:
        yield from _walk(part)


# Generated, not edited


def test_the_committed_definition_is_the_generated_one():
    assert DEFINITION_FILE.read_text() == definition_text(DEFINITION), (
        "run scripts/generate_workflow and review the difference"
    )


def test_the_definition_is_the_same_each_time_it_is_generated():
    assert definition_text(order_definition(TABLES)) == definition_text(DEFINITION)


def test_the_definition_writes_the_tables_of_its_own_deployment():
    text = definition_text(order_definition(TableNames.with_prefix("annex-")))
    names = {
        part["TableName"]
        for part in _walk(json.loads(text))
        if isinstance(part, dict) and "TableName" in part
    }
    assert names == {"annex-orders", "annex-customers", "annex-intakes", "annex-qr-codes"}


@both_variants
def test_the_definition_is_json_path_only(definition):
    for part in _walk(definition):
        if isinstance(part, dict):
            assert part.get("QueryLanguage", "JSONPath") == "JSONPath"
            assert not {"Arguments", "Output", "Assign", "Condition"} & set(part)
        elif isinstance(part, str):
            assert not part.startswith("{%")


@both_variants
def test_every_path_reads_the_input_the_execution_is_started_with(definition):
    given = {"$.shopId", "$.orderId", "$.customerId", "$.window"}
    made_of_it = {"States.Array($.orderId)", "States.MathAdd($.conflicts.times, 1)"}
    for part in _walk(
        {name: state.get("Parameters") for name, state in definition["States"].items()}
    ):
        if isinstance(part, dict):
            for key, value in part.items():
                if key.endswith(".$") and not value.startswith("$$."):
                    assert value in given | made_of_it


@both_variants
def test_no_task_result_replaces_the_input(definition):
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            assert state["ResultPath"] in (None, "$.found"), name
            for branch in state.get("Catch", ()):
                assert branch["ResultPath"] == "$.error", name


# Deadlines


@both_variants
def test_every_state_that_waits_for_a_token_ends_by_itself(definition):
    assert _callbacks(definition)
    for name, state in _callbacks(definition).items():
        assert ("TimeoutSeconds" in state) != ("TimeoutSecondsPath" in state), name


@both_variants
def test_every_state_that_waits_hears_of_its_time_out_and_of_its_orders_end(definition):
    for name, state in _callbacks(definition).items():
        caught = {error: row["Next"] for row in state["Catch"] for error in row["ErrorEquals"]}
        assert caught["OrderClosed"] == "Finished", name
        assert caught["States.Timeout"].startswith("Close"), name


@both_variants
@pytest.mark.parametrize("waiting", WAITS, ids=str)
def test_a_state_in_which_a_person_must_act_has_its_deadline(definition, waiting):
    cause = WAITS[waiting]
    closing = [
        name
        for name, sources, target, values in _moves(definition)
        if target == "TIMED_OUT" and waiting in sources and values[":reason"] == cause
    ]
    assert len(closing) == 1
    waits = [
        state
        for state in _callbacks(definition).values()
        if {"ErrorEquals": ["States.Timeout"], "ResultPath": "$.error", "Next": closing[0]}
        in state["Catch"]
    ]
    assert DEADLINE[cause] in [state.get("TimeoutSeconds") for state in waits]
    for state in waits:
        assert state.get("TimeoutSeconds", DEADLINE[cause]) == DEADLINE[cause]
        assert state.get("TimeoutSecondsPath", "$.secondsLeft") == "$.secondsLeft"


@both_variants
def test_the_order_remembers_the_deadlines_of_its_workflow(definition):
    remembered = {
        key: int(value)
        for *_, values in _moves(definition)
        for key, value in values.items()
        if key.endswith("_seconds")
    }
    assert remembered == {":choose_seconds": CHOOSE_SECONDS, ":make_seconds": MAKE_SECONDS}


@pytest.mark.parametrize("variant", FOR_AWS, ids=lambda variant: variant.name)
def test_the_deadlines_are_parameters(variant):
    definition = order_definition(TABLES, 1, 2, variant)
    seconds = {state.get("TimeoutSeconds") for state in _callbacks(definition).values()}
    assert {1, 2} <= seconds <= {1, 2, None}


# From the domain's table


@both_variants
def test_every_move_the_workflow_writes_is_the_workflows_to_make(definition):
    allowed = {(row.source, row.target) for row in TRANSITIONS if Role.WORKFLOW in row.roles}
    written = {
        (OrderState(source), OrderState(target))
        for _, sources, target, _ in _moves(definition)
        for source in sources
    }
    assert written <= allowed
    # Collected is what the sweep writes, long after the execution has ended.
    assert allowed - written == {(OrderState.COMPLETED, OrderState.COLLECTED)}


@both_variants
def test_every_write_to_an_order_names_the_states_it_may_come_from(definition):
    seen = 0
    for name, state in definition["States"].items():
        for update in _order_updates(state):
            seen += 1
            assert update["ConditionExpression"].startswith("#state IN (:from0"), name
    assert seen >= 7


@both_variants
def test_every_move_makes_the_version_grow_by_one(definition):
    for name, state in definition["States"].items():
        for update in _order_updates(state):
            moves = ":target" in update["ExpressionAttributeValues"]
            assert ("version = version + :one" in update["UpdateExpression"]) == moves, name


@both_variants
def test_an_order_that_ends_leaves_the_index_of_open_orders(definition):
    for name, _, target, _ in _moves(definition):
        ends = target in ("REFUSED", "TIMED_OUT")
        text = json.dumps(definition["States"][name])
        assert ("REMOVE open_since" in text) == ends, name


@both_variants
def test_both_reasons_to_refuse_are_proved_by_the_door(definition):
    for reason in RefusalReason:
        [name] = [n for n, _, _, values in _moves(definition) if values.get(":reason") == reason]
        items = definition["States"][name]["Parameters"]["TransactItems"]
        [proof] = [item["ConditionCheck"] for item in items if "ConditionCheck" in item]
        assert proof["TableName"] == TABLES.intakes
        assert "is_open" in proof["ConditionExpression"]


@both_variants
def test_a_restarted_execution_finds_a_place_for_every_state(definition):
    choice = definition["States"]["FindPlace"]
    placed = {row.get("And", [row])[0]["StringEquals"]: row["Next"] for row in choice["Choices"]}
    open_states = {"CLAIMED", "ADMITTED", "SUBMITTED", "QUEUED", "MAKING"}
    assert set(placed) == open_states
    assert choice["Default"] == "Finished"


@both_variants
def test_every_way_back_to_the_admission_is_counted_and_has_an_end(definition):
    states = definition["States"]
    [back] = [name for name, state in states.items() if "AdmitOrder" in next_states(state)]
    [counting] = [name for name, state in states.items() if back in next_states(state)]
    [(choosing, rule)] = [
        (name, rule)
        for name, state in states.items()
        for rule in state.get("Choices", ())
        if rule["Next"] == counting
    ]
    assert [n for n, state in states.items() if counting in next_states(state)] == [choosing]
    assert {"Variable": "$.conflicts.times", "NumericLessThan": MOST_CONFLICTS} in rule["And"]
    assert states[counting]["ResultPath"] == "$.conflicts"
    # Some 25 entries of AWS's 25,000 each.
    assert MOST_CONFLICTS < 900


# Well formed


@both_variants
def test_every_state_is_reached_and_leads_somewhere(definition):
    states = definition["States"]
    reached = {definition["StartAt"]}.union(*(next_states(state) for state in states.values()))
    assert reached == set(states)
    for name, state in states.items():
        assert next_states(state) or state.get("End") or state["Type"] == "Succeed", name


@both_variants
def test_from_every_state_the_end_can_be_reached(definition):
    states = definition["States"]
    ending = {n for n, s in states.items() if s.get("End") or s["Type"] == "Succeed"}
    grown = True
    while grown:
        more = {n for n, s in states.items() if n not in ending and ending & set(next_states(s))}
        ending |= more
        grown = bool(more)
    assert ending == set(states)


def _happy_path(definition: dict) -> list[str]:
    path = [definition["StartAt"]]
    while "Next" in definition["States"][path[-1]]:
        path.append(definition["States"][path[-1]]["Next"])
    return path


def test_a_finished_order_enters_two_states():
    assert _happy_path(DEFINITION) == ["AdmitOrder", "AwaitBarista"]


def test_with_single_item_callbacks_a_finished_order_enters_three_states():
    assert _happy_path(WITH_SINGLE_ITEMS) == ["AdmitOrder", "AwaitChoice", "AwaitBarista"]


def test_with_single_item_callbacks_no_transaction_waits():
    resources = {state["Resource"] for state in _callbacks(WITH_SINGLE_ITEMS).values()}
    assert resources == {"arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"}
    admit = WITH_SINGLE_ITEMS["States"]["AdmitOrder"]
    assert "$$.Task.Token" not in json.dumps(admit)
    assert "task_token" not in json.dumps(admit)
    assert not [key for key in admit if key.startswith("Timeout")]


def test_the_one_variant_leaves_the_other_untouched():
    order_definition(TABLES, variant=ITEM_WAITS)
    assert order_definition(TABLES) == DEFINITION


@both_variants
def test_every_value_of_an_expression_is_used_and_given(definition):
    for part in _walk(definition):
        if not (isinstance(part, dict) and "ExpressionAttributeValues" in part):
            continue
        expressions = part.get("UpdateExpression", "") + " " + part.get("ConditionExpression", "")
        words = set(expressions.replace(",", " ").replace("(", " ").replace(")", " ").split())
        used = {word for word in words if word.startswith(":")}
        assert used == set(part["ExpressionAttributeValues"])


# The builders refuse what could not run


def test_a_next_state_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no such state: Nowhere"):
        state_machine("Wait", {"Wait": wait_state(1, "Nowhere")}, "")


@pytest.mark.parametrize(
    "state",
    [
        choice_state("$.x", {"a": "Nowhere"}, "Done"),
        choice_state("$.x", {"a": "Done"}, "Nowhere"),
        task_state("dynamodb:getItem", {}, next_state="Done", catch=[("Oops", "Nowhere")]),
        callback_task_state("dynamodb:updateItem", {}, next_state="Nowhere", timeout_seconds=1),
    ],
    ids=["a choice", "a default", "a catch", "a next"],
)
def test_a_missing_state_is_refused_wherever_it_is_named(state):
    with pytest.raises(ValueError, match="Nowhere"):
        state_machine("First", {"First": state, "Done": succeed_state()}, "")


def test_a_start_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="Nowhere"):
        state_machine("Nowhere", {"Done": succeed_state()}, "")


def test_a_state_nothing_leads_to_is_refused():
    with pytest.raises(ValueError, match="nothing leads to: Lonely"):
        state_machine("Done", {"Done": succeed_state(), "Lonely": succeed_state()}, "")


def test_a_callback_says_its_deadline_in_seconds_or_as_a_path():
    in_seconds = callback_task_state("a:b", {}, next_state=None, timeout_seconds=5)
    as_path = callback_task_state("a:b", {}, next_state=None, timeout_seconds="$.left")
    assert (in_seconds["TimeoutSeconds"], as_path["TimeoutSecondsPath"]) == (5, "$.left")
    assert "TimeoutSecondsPath" not in in_seconds and "TimeoutSeconds" not in as_path


def test_a_task_without_a_next_state_is_an_end():
    assert task_state("a:b", {}, next_state=None)["End"] is True
    assert "End" not in task_state("a:b", {}, next_state="Done")


def _operations(definition: dict) -> set[str]:
    """The names of the DynamoDB operations that a definition calls."""
    names = {
        state["Resource"].split(":dynamodb:")[1].removesuffix(".waitForTaskToken")
        for state in definition["States"].values()
        if state["Type"] == "Task"
    }
    return {name[0].upper() + name[1:] for name in names}


_LASTING = {
    "ResourceNotFoundException",
    "ItemCollectionSizeLimitExceededException",
    "IdempotentParameterMismatchException",
}
"""Errors that the same call meets again."""


@both_variants
def test_each_error_in_dynamodbs_model_is_caught_repeated_or_known_to_last(definition):
    model = botocore.session.get_session().get_service_model("dynamodb")
    named = {
        shape.name.removesuffix("Exception") + "Exception"
        for name in _operations(definition)
        for shape in model.operation_model(name).error_shapes
    }
    refused = {name.removeprefix("DynamoDb.") for name in (CONDITION_FAILED, TRANSACTION_CANCELED)}
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            repeated = {error for row in state["Retry"] for error in row["ErrorEquals"]}
            assert {f"DynamoDb.{one}" for one in named - refused - _LASTING} <= repeated, name
            # What the model does not name, and an answer that never came.
            assert {"DynamoDb.DynamoDbException", "DynamoDb.SdkClientException"} <= repeated, name


@both_variants
def test_nothing_is_repeated_that_a_catch_is_for(definition):
    for name, state in definition["States"].items():
        repeated = {error for row in state.get("Retry", ()) for error in row["ErrorEquals"]}
        caught = {error for row in state.get("Catch", ()) for error in row["ErrorEquals"]}
        assert not repeated & (caught | {"States.ALL", "States.TaskFailed", "States.Timeout"}), name
        # AWS refuses a retrier that repeats a name, and would never ask the second one.
        assert len(repeated) == sum(len(row["ErrorEquals"]) for row in state.get("Retry", ()))
        assert all(row["MaxAttempts"] >= 1 for row in state.get("Retry", ()))


# The forms an account can choose from


@pytest.mark.parametrize("variant", FOR_AWS, ids=lambda variant: variant.name)
def test_every_parameter_is_a_member_of_the_operation_as_aws_spells_it(variant):
    definition = order_definition(TABLES, variant=variant)
    model = botocore.session.get_session().get_service_model("dynamodb")
    for state in definition["States"].values():
        if state["Type"] == "Task":
            operation = state["Resource"].split(":dynamodb:")[1].removesuffix(".waitForTaskToken")
            shape = model.operation_model(operation[0].upper() + operation[1:]).input_shape
            _check_members(state["Parameters"], shape, not variant.api_spelling)


def _check_members(given, shape, is_pascal: bool) -> None:
    """Each key of a structure is a member of it; an SDK integration wants them in PascalCase."""
    if shape.type_name == "structure":
        members = {
            _in_pascal_case(name) if is_pascal else name: member
            for name, member in shape.members.items()
        }
        for key, value in given.items():
            assert key.removesuffix(".$") in members, f"{key} of {shape.name}"
            if not key.endswith(".$"):
                _check_members(value, members[key], is_pascal)
    elif shape.type_name == "map":
        for value in given.values():
            _check_members(value, shape.value, is_pascal)
    elif shape.type_name == "list":
        for value in given:
            _check_members(value, shape.member, is_pascal)


def _in_pascal_case(name: str) -> str:
    return name.capitalize() if name.isupper() else name


def test_all_value_types_have_a_name_in_pascal_case():
    model = botocore.session.get_session().get_service_model("dynamodb")
    kinds = model.shape_for("AttributeValue").members
    spelled = in_pascal_case(dict.fromkeys(kinds, 1) | {f"{kind}.$": "$" for kind in kinds})
    assert spelled == {_in_pascal_case(kind): 1 for kind in kinds} | {
        f"{_in_pascal_case(kind)}.$": "$" for kind in kinds
    }


def test_aws_is_first_offered_pascal_case_and_an_emulator_what_it_understands():
    assert [one.api_spelling for one in FOR_AWS] == [False, True, False, True]
    assert [one.api_spelling for one in FOR_EMULATORS] == [True, False, True, False]
    for order in (FOR_AWS, FOR_EMULATORS):
        assert [one.single_item_callbacks for one in order] == [False, False, True, True]
        assert set(order) == set(BY_NAME.values())
    assert order_definition(TABLES) == order_definition(TABLES, variant=TRANSACTION_WAITS)


@pytest.mark.parametrize("variant", FOR_AWS, ids=lambda variant: variant.name)
def test_a_definition_tells_which_form_it_has(variant):
    assert variant_of(order_definition(TABLES, variant=variant)) == variant


@both_variants
def test_of_what_dynamodb_answers_nothing_is_read_that_has_two_spellings(definition):
    read = {
        part["Variable"]
        for state in definition["States"].values()
        for part in _walk(state)
        if isinstance(part, dict) and "Variable" in part
    }
    answers = {path for path in read if path.startswith("$.found.")}
    assert answers == {"$.found.Item.state.S"}
    assert in_pascal_case({path.rpartition(".")[2]: 1 for path in answers}) == {"S": 1}


def test_actions_of_the_workflow_are_known_to_the_domain():
    # The generator looks rows up by action: one that lost its rows would raise here.
    assert {Action.ADMIT, Action.QUEUE, Action.REFUSE, Action.TIME_OUT} <= {
        row.action for row in TRANSITIONS
    }
