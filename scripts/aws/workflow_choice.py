"""Chooses the form of the order workflow for an account: AWS is asked about each form in turn.

ValidateStateMachineDefinition checks a definition as CreateStateMachine would. A caller without the
right to it deploys the first form, and the next one when CloudFormation refuses that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from scripts.aws.cloudformation import StackRefused
from scripts.aws.endpoints import is_aws
from scripts.machine import StackError
from workflows.names import WORKFLOW
from workflows.variants import BY_NAME, FOR_AWS, FOR_EMULATORS, Variant, variant_of

_MAY_NOT_ASK = (
    "AccessDenied",
    "AccessDeniedException",
    "UnknownOperationException",
    "InvalidAction",
    "NotImplemented",
)
"""Codes for a caller without the right, and for an emulator that has no such call."""
_OF_ITS_FORM = ("Invalid State Machine Definition", "InvalidDefinition", "SCHEMA_VALIDATION_FAILED")


def variants_to_try(
    client, definition_of: Callable[[Variant], str], kept: Variant | None
) -> Iterator[Variant]:
    """Yields the forms that AWS accepts, the best one first; AWS is asked only when a form's turn
    comes.

    client: a client of Step Functions. definition_of: returns the definition in a form.
    kept: the deployed form, which stays unless AWS refuses it.
    Raises StackError when AWS accepts none.
    """
    order = list(FOR_AWS if is_aws(client) else FOR_EMULATORS)
    if kept:
        order = [kept, *(one for one in order if one != kept)]
    is_any_taken, why = False, ""
    for variant in order:
        refusal = _refusal(client, definition_of(variant))
        if refusal is None:
            is_any_taken = True
            yield variant
        why = why or refusal
    if not is_any_taken:
        raise StackError(
            f"Step Functions takes none of the forms that the order workflow has ({why}). Nothing"
            " was changed. Try another region, or tell whoever keeps this project."
        )


def variant_named(name: str) -> Variant:
    """Returns the form that zappa_settings.json names. Raises StackError for an unknown name."""
    if name not in BY_NAME:
        raise StackError(
            f"“workflow” in zappa_settings.json must be one of {', '.join(BY_NAME)}, not “{name}”."
        )
    return BY_NAME[name]


def definition_in(template: str) -> str:
    """Returns the workflow's definition in a template."""
    return json.loads(template)["Resources"][WORKFLOW]["Properties"]["DefinitionString"]


def variant_in(template: str) -> Variant | None:
    """Returns the form of the workflow in a template of this version or an earlier one."""
    if WORKFLOW not in json.loads(template)["Resources"]:
        return None
    return variant_of(json.loads(definition_in(template)))


def is_for_its_form(refused: StackRefused) -> bool:
    """Returns whether the stack was rolled back because of the form of the workflow."""
    return refused.resource == WORKFLOW and any(one in refused.reason for one in _OF_ITS_FORM)


def _refusal(client, definition: str) -> str | None:
    """Returns AWS's objection to a definition; None when there is none or the caller
    may not ask.
    """
    try:
        answer = client.validate_state_machine_definition(definition=definition, type="STANDARD")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MAY_NOT_ASK:
            raise
        # Deploying the stack will show whether AWS accepts this form.
        return None
    if answer["result"] == "OK":
        return None
    errors = [one for one in answer["diagnostics"] if one["severity"] == "ERROR"]
    return errors[0]["message"].rstrip(".") if errors else "no reason given"
