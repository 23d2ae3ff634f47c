"""Which form of the order workflow an account gets: AWS is asked for each in turn.

ValidateStateMachineDefinition looks at a definition as CreateStateMachine would. Who may not ask it
deploys the form that comes first, and goes on to the next when CloudFormation refuses that.
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
"""Without the right, or where Step Functions is an emulator that has no such call."""
_OF_ITS_FORM = ("Invalid State Machine Definition", "InvalidDefinition", "SCHEMA_VALIDATION_FAILED")


def variants_to_try(
    client, definition_of: Callable[[Variant], str], kept: Variant | None
) -> Iterator[Variant]:
    """The forms that AWS takes, the best one first; each is asked for when its turn comes.

    client: of Step Functions. definition_of: the definition in that form. kept: the form that is
    deployed, which stays unless AWS refuses it. Raises StackError when AWS takes none.
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
    """The form that a person has named in zappa_settings.json; raises StackError."""
    if name not in BY_NAME:
        raise StackError(
            f"“workflow” in zappa_settings.json must be one of {', '.join(BY_NAME)}, not “{name}”."
        )
    return BY_NAME[name]


def definition_in(template: str) -> str:
    """The workflow's definition in a template."""
    return json.loads(template)["Resources"][WORKFLOW]["Properties"]["DefinitionString"]


def variant_in(template: str) -> Variant | None:
    """The form of the workflow in a template, of this version or an earlier one."""
    if WORKFLOW not in json.loads(template)["Resources"]:
        return None
    return variant_of(json.loads(definition_in(template)))


def is_for_its_form(refused: StackRefused) -> bool:
    """True when the stack was taken back because of how the workflow is written."""
    return refused.resource == WORKFLOW and any(one in refused.reason for one in _OF_ITS_FORM)


def _refusal(client, definition: str) -> str | None:
    """What AWS has against a definition; None for nothing, and for who may not ask."""
    try:
        answer = client.validate_state_machine_definition(definition=definition, type="STANDARD")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MAY_NOT_ASK:
            raise
        # The stack itself will tell.
        return None
    if answer["result"] == "OK":
        return None
    errors = [one for one in answer["diagnostics"] if one["severity"] == "ERROR"]
    return errors[0]["message"].rstrip(".") if errors else "no reason given"
