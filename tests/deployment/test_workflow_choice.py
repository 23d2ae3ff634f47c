"""Which form of the workflow an account gets: AWS is asked, and the stack may still refuse."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from scripts.aws.cloudformation import StackRefused
from scripts.aws.workflow_choice import (
    definition_in,
    is_for_its_form,
    variant_in,
    variants_to_try,
)
from scripts.machine import StackError
from webapp.stack import build_template_body
from workflows.order_workflow import TableNames, order_definition
from workflows.variants import (
    FOR_AWS,
    FOR_EMULATORS,
    ITEM_WAITS,
    ITEM_WAITS_API,
    TRANSACTION_WAITS,
    TRANSACTION_WAITS_API,
    variant_of,
)

_AWS = "https://states.eu-central-1.amazonaws.com"
_TABLES = TableNames.with_prefix("serverlesspresso-")


@dataclass
class StepFunctions:
    """Takes some forms only; `may_be_asked` is the caller's right to ask."""

    takes: tuple
    endpoint_url: str = _AWS
    may_be_asked: bool = True
    asked: list = field(default_factory=list)

    @property
    def meta(self):
        return SimpleNamespace(endpoint_url=self.endpoint_url)

    def validate_state_machine_definition(self, definition: str, type: str) -> dict:
        if not self.may_be_asked:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Validate")
        variant = variant_of(json.loads(definition))
        self.asked.append(variant)
        if variant in self.takes:
            # A warning is no reason not to take a form.
            return {"result": "OK", "diagnostics": [{"severity": "WARNING", "message": "NO_PATH"}]}
        return {
            "result": "FAIL",
            "diagnostics": [{"severity": "ERROR", "message": "The field “BOOL” is not supported."}],
        }


def _tried(client: StepFunctions, kept=None) -> list:
    return list(variants_to_try(client, _definition, kept))


def _definition(variant) -> str:
    return json.dumps(order_definition(_TABLES, variant=variant))


@pytest.mark.parametrize("takes", FOR_AWS, ids=lambda variant: variant.name)
def test_the_one_form_that_aws_takes_is_found(takes):
    assert _tried(StepFunctions((takes,))) == [takes]


def test_nothing_more_is_asked_once_the_first_form_is_taken():
    client = StepFunctions(FOR_AWS)
    assert next(variants_to_try(client, _definition, None)) == TRANSACTION_WAITS
    assert client.asked == [TRANSACTION_WAITS]


def test_of_several_that_aws_takes_the_first_is_had_and_the_next_are_there_to_go_on_with():
    assert _tried(StepFunctions((TRANSACTION_WAITS_API, ITEM_WAITS))) == [
        TRANSACTION_WAITS_API,
        ITEM_WAITS,
    ]


def test_who_may_not_ask_tries_aws_own_spelling_first_and_then_the_others():
    assert _tried(StepFunctions((), may_be_asked=False)) == list(FOR_AWS)


@pytest.mark.parametrize(
    "endpoint_url",
    [
        "https://states.us-east-1.amazonaws.com",
        "https://states.cn-north-1.amazonaws.com.cn",
        "https://states.eu-central-1.api.aws",
        "https://vpce-1-2.states.eu-central-1.vpce.amazonaws.com",
    ],
)
def test_aws_is_known_by_its_address(endpoint_url):
    client = StepFunctions(FOR_AWS, endpoint_url, may_be_asked=False)
    assert _tried(client)[0] == TRANSACTION_WAITS


@pytest.mark.parametrize(
    "endpoint_url",
    ["http://127.0.0.1:4566", "http://amazonaws.com.example", "http://notamazonaws.com"],
)
def test_an_emulator_gets_what_its_dynamodb_understands_unless_it_refuses_that(endpoint_url):
    assert _tried(StepFunctions(FOR_AWS, endpoint_url)) == list(FOR_EMULATORS)
    strict = StepFunctions((TRANSACTION_WAITS,), endpoint_url)
    assert _tried(strict) == [TRANSACTION_WAITS]


@pytest.mark.parametrize("kept", FOR_AWS, ids=lambda variant: variant.name)
@pytest.mark.parametrize("may_be_asked", [True, False], ids=["asked", "not asked"])
def test_an_update_keeps_the_form_that_is_deployed_as_long_as_aws_takes_it(kept, may_be_asked):
    client = StepFunctions(FOR_AWS, may_be_asked=may_be_asked)
    assert next(variants_to_try(client, _definition, kept)) == kept


def test_an_update_leaves_a_form_that_aws_takes_no_longer():
    assert _tried(StepFunctions((ITEM_WAITS,)), kept=TRANSACTION_WAITS_API) == [ITEM_WAITS]


def test_an_account_that_takes_none_is_one_line_before_anything_is_made():
    with pytest.raises(StackError) as said:
        _tried(StepFunctions(()))
    assert "“BOOL” is not supported). Nothing was changed." in str(said.value)
    assert "\n" not in str(said.value)


def test_what_else_goes_wrong_while_asking_is_not_hidden():
    class Broken(StepFunctions):
        def validate_state_machine_definition(self, **_):
            raise ClientError({"Error": {"Code": "ExpiredToken"}}, "Validate")

    with pytest.raises(ClientError, match="ExpiredToken"):
        _tried(Broken(FOR_AWS))


def test_the_form_of_a_deployed_template_is_read_from_its_definition():
    for variant in FOR_AWS:
        template = build_template_body(300, 900, variant=variant)
        assert variant_in(template) == variant
        assert json.loads(definition_in(template))["States"]
    assert variant_in('{"Resources": {}}') is None


# The deployment


class RefusingStack:
    """CloudFormation that makes no state machine but of certain forms, and says why."""

    def __init__(self, takes, resource="OrderWorkflow", deployed=None):
        self.takes, self.resource, self.deployed, self.put_in_turn = takes, resource, deployed, []

    def describe(self):
        return {"StackStatus": "CREATE_COMPLETE"} if self.deployed else None

    def deployed_template(self):
        return build_template_body(300, 900, variant=self.deployed)

    def put(self, template, *_):
        self.put_in_turn.append(variant_in(template))
        if self.put_in_turn[-1] not in self.takes:
            raise StackRefused(
                "bar",
                "ROLLBACK_COMPLETE",
                self.resource,
                'Resource handler returned message: "Invalid State Machine Definition:'
                " 'SCHEMA_VALIDATION_FAILED: not supported at /States/AdmitOrder/Parameters'\"",
            )


@pytest.fixture
def deploying(monkeypatch):
    """Puts a stack in place with a CloudFormation that refuses, and a right to ask or not."""
    from scripts.aws.deployment import AwsDeployment

    def run(stack, client, **settings):
        session = SimpleNamespace(region_name="us-east-1", client=lambda service: client)
        known = {
            "aws_region": "us-east-1",
            "s3_bucket": "packages",
            "role_name": "annex-function",
            "aws_environment_variables": {"STACK_PREFIX": "annex-"},
        }
        deployment = AwsDeployment("dev", "annex-dev", known | settings, session)
        deployment.__dict__["stack"] = stack
        deployment._put_stack("", "")
        return stack.put_in_turn

    return run


_SILENT = StepFunctions((), may_be_asked=False)


def test_a_stack_refused_for_its_workflow_is_tried_with_the_next_form(deploying, capsys):
    assert deploying(RefusingStack((ITEM_WAITS,)), _SILENT) == [
        TRANSACTION_WAITS,
        TRANSACTION_WAITS_API,
        ITEM_WAITS,
    ]
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3
    assert "refused with the workflow as transaction-waits: " in said[0]
    assert said[-1].startswith("The order workflow is deployed as item-waits: three states")


def test_what_aws_says_beforehand_spares_the_tries(deploying):
    assert deploying(RefusingStack((ITEM_WAITS,)), StepFunctions((ITEM_WAITS,))) == [ITEM_WAITS]


def test_a_stack_refused_for_anything_else_is_not_tried_again(deploying):
    stack = RefusingStack((), resource="CustomerPoolClient")
    with pytest.raises(StackRefused, match="CustomerPoolClient"):
        deploying(stack, _SILENT)
    assert stack.put_in_turn == [TRANSACTION_WAITS]
    quota = StackRefused("bar", "ROLLBACK_COMPLETE", "OrderWorkflow", "StateMachineLimitExceeded")
    assert not is_for_its_form(quota)


def test_a_stack_that_takes_no_form_ends_with_the_last_refusal(deploying):
    stack = RefusingStack(())
    with pytest.raises(StackRefused, match="Nothing of this step was kept"):
        deploying(stack, _SILENT)
    assert stack.put_in_turn == list(FOR_AWS)


def test_the_deployed_form_is_what_the_next_deployment_begins_with(deploying):
    stack = RefusingStack(FOR_AWS, deployed=ITEM_WAITS_API)
    assert deploying(stack, _SILENT) == [ITEM_WAITS_API]


def test_a_team_can_name_the_form_itself(deploying):
    assert deploying(RefusingStack(FOR_AWS), _SILENT, workflow="item-waits") == [ITEM_WAITS]
    with pytest.raises(StackError, match="must be one of transaction-waits, .*, not “fast”"):
        deploying(RefusingStack(FOR_AWS), _SILENT, workflow="fast")
