"""The spelling of DynamoDB's value types in the deployed workflow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from scripts.aws.value_types import with_accepted_types
from webapp.stack import build_template_body


@dataclass
class StepFunctions:
    """Takes one spelling only, as AWS does."""

    takes: str
    asked: list[str] = field(default_factory=list)

    def validate_state_machine_definition(self, definition: str, type: str) -> dict:
        self.asked.append(definition)
        return {"result": "OK" if self.takes in definition else "FAIL", "diagnostics": []}


def definition_of(template: str) -> str:
    resources = json.loads(template)["Resources"].values()
    [machine] = [one for one in resources if one["Type"] == "AWS::StepFunctions::StateMachine"]
    return machine["Properties"]["DefinitionString"]


def test_what_is_taken_stays_as_it_is():
    template = build_template_body(300, 900)
    client = StepFunctions('"BOOL"')
    assert json.loads(with_accepted_types(template, client)) == json.loads(template)
    assert client.asked == [definition_of(template)]


def test_where_only_the_java_sdks_names_are_taken_they_are_used_everywhere():
    template = build_template_body(300, 900)
    spelled = definition_of(with_accepted_types(template, StepFunctions('"Bool"')))
    assert '"BOOL"' not in spelled and '"SS' not in spelled
    assert spelled.count('"Ss.$"') == definition_of(template).count('"SS.$"') > 0


def test_a_definition_that_is_wrong_anyway_stays_for_the_stack_to_tell():
    template = build_template_body(300, 900)
    assert definition_of(with_accepted_types(template, StepFunctions("something else"))) == definition_of(
        template
    )


def test_who_may_not_ask_deploys_all_the_same():
    class Shut:
        def validate_state_machine_definition(self, **_):
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Validate")

    template = build_template_body(300, 900)
    assert definition_of(with_accepted_types(template, Shut())) == definition_of(template)
