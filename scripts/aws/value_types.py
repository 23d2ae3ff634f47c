"""How Step Functions wants DynamoDB's value types spelled in a state's parameters.

Its SDK integrations answer with the names of the Java SDK, "Bool" and "Ss", where DynamoDB's own
API says "BOOL" and "SS"; which of them a definition has to use, AWS is asked before the stack is made.
"""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

_JAVAS = {"BOOL": "Bool", "SS": "Ss", "SS.$": "Ss.$"}
_MACHINE = "AWS::StepFunctions::StateMachine"


def with_accepted_types(template: str, client) -> str:
    """The template as it is, or with the other spelling where only that one is taken.

    client: of Step Functions.
    """
    body = json.loads(template)
    machines = [one for one in body["Resources"].values() if one["Type"] == _MACHINE]
    for machine in machines:
        own = machine["Properties"]["DefinitionString"]
        other = json.dumps(_respelled(json.loads(own)), separators=(",", ":"))
        if not _is_taken(client, own) and _is_taken(client, other):
            machine["Properties"]["DefinitionString"] = other
    return json.dumps(body, separators=(",", ":"))


def _is_taken(client, definition: str) -> bool:
    try:
        answer = client.validate_state_machine_definition(definition=definition, type="STANDARD")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        # Without the right to ask, the stack itself will tell.
        return True
    return answer["result"] == "OK"


def _respelled(part):
    if isinstance(part, list):
        return [_respelled(one) for one in part]
    if isinstance(part, dict):
        return {_JAVAS.get(name, name): _respelled(one) for name, one in part.items()}
    return part
