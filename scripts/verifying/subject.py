"""The bar that is verified: its address, its resources in the account, and the
function's answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from scripts.aws.asking import ask_function
from scripts.aws.endpoints import is_aws
from scripts.aws.template import build_template
from scripts.bar import Bar
from scripts.local import deployment as local_deployment
from scripts.machine import StackError
from scripts.verifying.verdicts import Wrong

PATIENCE_SECONDS = 30
SETTLE_SECONDS = 4
_LOOK_SECONDS = 0.2


@dataclass
class Subject:
    """A deployed bar as the checks see it.

    url: where phones find it, without a trailing slash.
    template: what the deployment made, as this clone builds it.
    ask: has the function do an operator's job.
    relays: whether pages receive live messages from the bar itself and not from IoT Core.
    patience: how many seconds something may take.
    settle: how many seconds pass before something counts as not happening.
    is_patient: whether the checks that take many minutes run, too.
    text_to: a phone number for a text message; "" for none.
    """

    bar: Bar
    url: str
    stack_name: str
    template: Mapping
    ask: Callable[[str, Mapping], dict]
    relays: bool = False
    patience: float = PATIENCE_SECONDS
    settle: float = SETTLE_SECONDS
    is_patient: bool = False
    text_to: str = ""
    tell: Callable[[str], None] = field(default=lambda words: None)

    def client(self, service: str):
        return self.bar.client(service)

    @cached_property
    def is_emulator(self) -> bool:
        """True when something other than AWS answers."""
        return not is_aws(self.client("sts"))

    @cached_property
    def enforces_rights(self) -> bool:
        """False for an emulator that was started without enforcing rights."""
        if not self.is_emulator:
            return True
        import boto3
        from botocore.exceptions import ClientError

        nobody = boto3.client(
            "dynamodb",
            endpoint_url=self.client("dynamodb").meta.endpoint_url,
            region_name=self.bar.region,
            aws_access_key_id="nobody",
            aws_secret_access_key="nobody",
        )
        try:
            nobody.list_tables(Limit=1)
        except ClientError:
            return True
        return False

    @cached_property
    def account(self) -> str:
        return self.client("sts").get_caller_identity()["Account"]

    @property
    def prefix(self) -> str:
        return self.bar.prefix

    def table(self, name: str) -> str:
        return self.prefix + name

    # The stack

    @cached_property
    def physical(self) -> dict[str, str]:
        """The physical names of the stack's resources, by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
            for page in pages.paginate(StackName=self.stack_name)
            for one in page["StackResourceSummaries"]
        }

    def resources(self, kind: str) -> dict[str, dict]:
        """Returns the properties of the template's resources of a
        CloudFormation type, by logical id.
        """
        return {
            name: one.get("Properties", {})
            for name, one in self.template["Resources"].items()
            if one["Type"] == kind
        }

    @cached_property
    def machine(self) -> dict:
        """The deployed workflow, as Step Functions describes it."""
        [name] = self.resources("AWS::StepFunctions::StateMachine")
        return self.client("stepfunctions").describe_state_machine(
            stateMachineArn=self.physical[name]
        )

    @cached_property
    def definition(self) -> dict:
        return json.loads(self.machine["definition"])

    @cached_property
    def function(self) -> dict:
        """The function's configuration."""
        return self.client("lambda").get_function_configuration(FunctionName=self.bar.function)

    @cached_property
    def bus(self) -> str:
        [bus] = self.resources("AWS::Events::EventBus").values()
        return bus["Name"]

    @cached_property
    def dead_letters_url(self) -> str:
        return self.client("sqs").get_queue_url(QueueName=self.table("dead-letters"))["QueueUrl"]

    # Waiting

    def wait(self, holds: Callable[[], object], what: str, seconds: float = 0) -> object:
        """Waits until `holds` returns something true, and returns that. Raises Wrong after too
        long.

        seconds: how long to wait; 0 for the usual patience.
        """
        patience = seconds or self.patience
        end = time.monotonic() + patience
        while True:
            if answer := holds():
                return answer
            if time.monotonic() > end:
                raise Wrong(f"{what} did not happen within {patience:.0f} seconds")
            time.sleep(_LOOK_SECONDS)


def subject_on_aws(bar: Bar, settings: Mapping) -> Subject:
    """Returns the bar of a stage with these settings. Raises StackError when there is none."""
    url = _address(bar, settings)
    variables = settings.get("aws_environment_variables", {})

    def ask(job: str, asked: Mapping) -> dict:
        return ask_function(bar.client, bar.stage, bar.function, job, asked)

    return Subject(bar, url, f"{bar.function}-bar", json.loads(build_template(variables)), ask)


def subject_here(bar: Bar) -> Subject:
    """Returns the bar that runs on this machine."""
    from scripts.commands.staff import ask_here

    return Subject(
        bar,
        bar.environment["PUBLIC_URL"],
        local_deployment.STACK,
        json.loads(build_template(bar.environment)),
        ask_here,
        relays=bool(bar.environment.get("LIVE_RELAY")),
    )


def _address(bar: Bar, settings: Mapping) -> str:
    """Returns the address from the API itself, because the function may have been told
    a wrong one.
    """
    if domain := settings.get("domain"):
        return f"https://{domain}"
    cloudformation = bar.client("cloudformation")
    try:
        found = cloudformation.describe_stack_resource(
            StackName=bar.function, LogicalResourceId="ApiV2"
        )
    except cloudformation.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise StackError(
            f"The stage {bar.stage} is not deployed in {bar.region}. Run this first:"
            f" scripts/zappa deploy {bar.stage}"
        ) from None
    gateway = bar.client("apigatewayv2")
    try:
        api = gateway.get_api(ApiId=found["StackResourceDetail"]["PhysicalResourceId"])
    except gateway.exceptions.NotFoundException:
        raise StackError(
            f"The API in front of {bar.function} is gone. Run scripts/zappa undeploy {bar.stage}"
            f" and then scripts/zappa deploy {bar.stage}; both keep the data."
        ) from None
    return f"{api['ApiEndpoint']}/{bar.stage}"
