"""Checks of the workflow's definition: Step Functions accepts it, and it is the one we made."""

from __future__ import annotations

import json

from domain.orders import OrderState
from scripts.verifying.registry import checks
from scripts.verifying.scenes import Scenes
from scripts.verifying.verdicts import EmulatorDiffers, NotChecked, Wrong
from workflows.order_workflow import MOST_CONFLICTS, TableNames, order_definition
from workflows.variants import Variant, variant_of


@checks("definition-taken")
def definition_taken(scenes: Scenes) -> str:
    answer = scenes.subject.client("stepfunctions").validate_state_machine_definition(
        definition=scenes.subject.machine["definition"], type="STANDARD"
    )
    faults = [one["message"] for one in answer["diagnostics"] if one["severity"] == "ERROR"]
    if answer["result"] != "OK" or faults:
        raise Wrong(f"Step Functions refuses it: {'; '.join(faults)}")
    return "ValidateStateMachineDefinition has no objection"


@checks("definition-deployed")
def definition_deployed(scenes: Scenes) -> str:
    deployed = scenes.subject.definition
    form = variant_of(deployed)
    wanted = _generated(scenes, form)
    if deployed == wanted:
        return f"it is the one of this clone, in the form {form.name}"
    others = [
        state
        for state in wanted["States"].keys() | deployed["States"].keys()
        if deployed["States"].get(state) != wanted["States"].get(state)
    ]
    raise Wrong(
        f"the deployed one differs from this clone's in {', '.join(sorted(others)) or 'its frame'};"
        " deploy this clone, or verify with the clone that was deployed"
    )


def _generated(scenes: Scenes, form: Variant) -> dict:
    """Returns this clone's definition with the deadlines of the stage."""
    [machine] = scenes.subject.resources("AWS::StepFunctions::StateMachine").values()
    states = json.loads(machine["DefinitionString"])["States"]
    deadlines = [states[name]["TimeoutSeconds"] for name in ("AdmitOrder", "AwaitBarista")]
    return order_definition(TableNames.with_prefix(scenes.subject.prefix), *deadlines, form)


@checks("counts-conflicts")
def counts_conflicts(scenes: Scenes) -> str:
    answer = _test_state(scenes, "CountConflict", {"conflicts": {"times": 4}})
    times = json.loads(answer["output"])["conflicts"]["times"]
    if times != 5:
        raise Wrong(f"States.MathAdd made {times} of 4 and 1")
    return "States.MathAdd makes 5 of 4 and 1"


@checks("finds-place")
def finds_place(scenes: Scenes) -> str:
    for given, wanted in (
        ({"conflicts": {"times": 0}}, "CountConflict"),
        ({"conflicts": {"times": MOST_CONFLICTS}}, "Finished"),
        ({}, "Finished"),
    ):
        found = given | {"found": {"Item": {"state": {"S": OrderState.CLAIMED.value}}}}
        answer = _test_state(scenes, "FindPlace", found)
        if answer.get("nextState") != wanted:
            raise Wrong(f"with {json.dumps(given)} it goes on to {answer.get('nextState')}")
    return "IsPresent and a number's limit lead where they should, also when it is missing"


def _test_state(scenes: Scenes, name: str, given: dict) -> dict:
    from botocore.exceptions import EndpointConnectionError

    try:
        answer = scenes.subject.client("stepfunctions").test_state(
            definition=json.dumps(scenes.subject.definition["States"][name]),
            roleArn=scenes.subject.machine["roleArn"],
            input=json.dumps(given),
        )
    except EndpointConnectionError:
        if scenes.subject.is_emulator:
            raise EmulatorDiffers("it has no TestState at the address AWS has for it") from None
        raise NotChecked("TestState cannot be reached") from None
    except KeyError:
        raise Wrong(f"the deployed workflow has no state {name}") from None
    if answer["status"] != "SUCCEEDED":
        raise Wrong(f"{name} ends {answer['status']}: {answer.get('cause', '')}")
    return answer
