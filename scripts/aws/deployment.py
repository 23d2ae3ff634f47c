"""One stage of the bar on AWS: everything around the function that Zappa makes.

No state is kept between commands: each step looks at what exists on AWS and does the rest, so that
an interrupted command can be run again.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, partial

from scripts.aws import left_behind
from scripts.aws.asking import ask_function
from scripts.aws.bucket import PackageBucket
from scripts.aws.cloudformation import GOOD_STATUSES, CloudStack, StackRefused
from scripts.aws.template import build_template
from scripts.aws.turn import Turn
from scripts.aws.workflow_choice import (
    definition_in,
    is_for_its_form,
    variant_in,
    variant_named,
    variants_to_try,
)
from scripts.aws.zappa_settings import (
    DOMAIN,
    function_name,
    read_settings,
    refuse_name_of_api,
    stage_settings,
)
from scripts.machine import StackError
from workflows.variants import Variant

OLD_KEYS_ARE_GOOD_FOR = timedelta(days=30)
"""How long a replaced key stays valid: as long as a customer's cookie lives."""

_PAUSES = (1, 2, 4, 8)
OUR_LINES_ONLY = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
"""Leaves out the three lines that Lambda itself writes for each
call; they would dominate the log's bill.
"""


@dataclass
class AwsDeployment:
    """A stage of zappa_settings.json in the account of the caller's credentials.

    session: a boto3 session. zappa: Zappa's own object while one of its commands runs.
    """

    stage: str
    function_name: str
    settings: Mapping
    session: object
    zappa: object = None
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises StackError when the stage is not set up."""
        refuse_name_of_api(self.stage)
        for name in ("aws_region", "s3_bucket"):
            if not self.settings.get(name):
                raise StackError(
                    f"zappa_settings.json names no {name} yet. Run this first:"
                    f" scripts/deploy init --stage {self.stage}"
                )
        self.environment = dict(self.settings.get("aws_environment_variables", {}))
        prefix = self.environment.get("STACK_PREFIX")
        if not prefix or self.settings.get("role_name") != f"{prefix}function":
            raise StackError(
                f"The stage {self.stage} is not one to deploy: it needs a STACK_PREFIX in"
                " aws_environment_variables, and role_name must be that prefix and “function”."
            )
        if not DOMAIN.fullmatch(domain := self.settings.get("domain") or "none.such"):
            raise StackError(
                f"The domain of {self.stage} in zappa_settings.json must be a name such as"
                f" bar.example.com, not “{domain}”."
            )
        if self.session.region_name != self.settings["aws_region"]:
            raise StackError(
                f"AWS_DEFAULT_REGION says {self.session.region_name}, zappa_settings.json"
                f" {self.settings['aws_region']}. Unset the one or change the other."
            )

    @classmethod
    def of(cls, cli) -> AwsDeployment:
        """Returns the stage of a running Zappa command."""
        return cls(
            cli.api_stage, cli.lambda_name, cli.stage_config, cli.zappa.boto_session, cli.zappa
        )

    @classmethod
    def of_stage(cls, stage: str) -> AwsDeployment:
        """Returns the stage of this name, for our own commands."""
        import boto3

        settings = stage_settings(read_settings(), stage)
        session = boto3.Session(
            profile_name=settings.get("profile_name"), region_name=settings.get("aws_region")
        )
        return cls(stage, function_name(settings, stage), settings, session)

    @property
    def prefix(self) -> str:
        """The prefix of the names of everything that belongs to this stage."""
        return self.environment["STACK_PREFIX"]

    @cached_property
    def stack(self) -> CloudStack:
        """The stage's own stack. Zappa keeps the API in another stack, named after the function."""
        client = cache(self.session.client)
        return CloudStack(client, f"{self.function_name}-bar", self.settings["s3_bucket"])

    @cached_property
    def _bucket(self) -> PackageBucket:
        region = self.settings["aws_region"]
        return PackageBucket(self.session.client("s3"), self.settings["s3_bucket"], region)

    @cached_property
    def _turn(self) -> Turn:
        return Turn(self.session.client("s3"), self.settings["s3_bucket"], self.function_name)

    # Before Zappa's own work

    def check(self, command: str) -> None:
        """Raises StackError when Zappa's command does not fit the stage's state;
        changes nothing.
        """
        is_there = self.function() is not None
        if command == "deploy" and is_there and self._is_connected():
            raise StackError(
                f"The stage {self.stage} is deployed already. To bring it up to date, run"
                f" scripts/zappa update {self.stage}"
            )
        if command == "update" and not is_there:
            raise StackError(
                f"The stage {self.stage} is not deployed yet in {self.settings['aws_region']}."
                f" Run this first: scripts/zappa deploy {self.stage}"
            )
        if command == "undeploy" and not is_there and not self._api_id():
            raise StackError(
                f"There is nothing to undeploy. What a stage leaves behind goes with"
                f" scripts/deploy remove --stage {self.stage}"
            )

    def take_turn(self) -> None:
        """Keeps other commands from changing the stage until this one ends. Raises StackError."""
        self._bucket.make()
        self._turn.take()

    def remove_what_was_interrupted(self) -> None:
        """Removes an unfinished first deployment, so that it begins anew; nobody uses it yet."""
        function = self.function()
        if function is None or self._is_connected():
            return
        print("An earlier deployment was interrupted; beginning again.")
        self.zappa.delete_stack(self.function_name, wait=True)
        self.zappa.delete_lambda_function(self.function_name)

    def prepare(self) -> dict[str, str]:
        """Makes the stack, as far as possible without a function; returns the
        function's variables.
        """
        self._bucket.make()
        self.environment |= self._secret_keys()
        if url := self._public_url():
            self.environment["PUBLIC_URL"] = url
        function = self.function()
        self._put_stack(
            function["FunctionArn"] if function else "", self._api_id(), beside_old_code=True
        )
        return self.environment

    # After Zappa's own work

    def connect(self) -> None:
        """Tells the function its address, and points rules, mappings and triggers to
        the function.
        """
        function = self.function()
        if function is None:
            raise StackError(
                f"There is no function {self.function_name}. Run scripts/zappa deploy {self.stage}"
            )
        if not self._api_id():
            raise StackError(
                f"There is no API in front of {self.function_name}. Run scripts/zappa undeploy"
                f" {self.stage} and then scripts/zappa deploy {self.stage}; both keep the data."
            )
        url = self._public_url()
        if function["Environment"]["Variables"].get("PUBLIC_URL") != url:
            self._set_variable(function, "PUBLIC_URL", url)
        logging = function.get("LoggingConfig", {})
        if any(logging.get(name) != value for name, value in OUR_LINES_ONLY.items()):
            self._configure(LoggingConfig=OUR_LINES_ONLY)
        self._put_stack(function["FunctionArn"], self._api_id())

    def disconnect(self) -> None:
        """Removes everything that points to function and API, so that both can be deleted."""
        if self.stack.describe():
            self._put_stack("", "")

    def open_bar(self) -> list[str]:
        """Makes the default shop the first time; returns lines for the person at the terminal."""
        made = self._first_answer("create-shop")
        lines = [f"The bar is open: {self._public_url()}/"]
        if made["created"]:
            lines += self._let_in_first_admin()
        for_screens = f"scripts/staff link --stage {self.stage} --role display"
        return [*lines, f"A screen is signed in with a link: {for_screens}"]

    def _first_answer(self, job: str) -> dict:
        """Asks again after a failure, because a function that has just
        been changed may fail a few times.
        """
        for seconds in _PAUSES:
            try:
                return self.ask_function(job)
            except StackError:
                time.sleep(seconds)
        return self.ask_function(job)

    def _let_in_first_admin(self) -> list[str]:
        email = self.settings.get("first_admin")
        if not email:
            link = self.ask_function("sign-in-link", role="admin")["link"]
            return [f"Sign in as its admin, once and within 15 minutes: {link}"]
        account = self.ask_function("add-person", email=email, role="admin", every_shop=True)
        if not account["password"]:
            return [f"Its admin {email} signs in with the password they have."]
        return [
            f"Its admin {email} signs in at {account['address']}",
            f"Temporary password, shown only this once: {account['password']}",
        ]

    def ask_function(self, job: str, **asked: object) -> dict:
        """Has the function do an operator's job. Raises StackError when it does not."""
        client = self.session.client
        result = ask_function(client, self.stage, self.function_name, job, asked)
        if refused := result.get("refused"):
            raise StackError(refused)
        return result

    # Parts

    def _put_stack(self, function_arn: str, api_id: str, beside_old_code: bool = False) -> None:
        """Brings the stack to the template, with the first form of the workflow that
        AWS accepts.
        """
        parameters = {
            **self.settings.get("stack_parameters", {}),
            "FunctionArn": function_arn,
            "FunctionName": self.function_name,
            "ApiId": api_id,
        }
        refused = None
        for variant in self._variants():
            template = build_template(self.environment, variant)
            self._refuse_unknown(parameters, template)
            try:
                self.stack.put(template, parameters, self.settings.get("tags", {}), beside_old_code)
            except StackRefused as error:
                if not is_for_its_form(error):
                    raise
                print(f"The stack was refused with the workflow as {variant.name}: {error.reason}.")
                refused = error
                continue
            if beside_old_code or refused:
                costs = f": {variant.costs}" if variant.costs else ""
                print(f"The order workflow is deployed as {variant.name}{costs}.")
            return
        raise refused

    @staticmethod
    def _refuse_unknown(parameters: Mapping, template: str) -> None:
        known = set(json.loads(template)["Parameters"])
        if unknown := set(parameters) - known:
            raise StackError(
                f"stack_parameters in zappa_settings.json: there is no {min(unknown)};"
                f" there are {', '.join(sorted(known))}."
            )

    def _variants(self) -> Iterator[Variant]:
        """Yields the forms of the workflow to try in turn; the stack's present form comes first."""
        if named := self.settings.get("workflow"):
            return iter([variant_named(named)])
        kept = None
        # A stack whose creation failed does not prove that AWS accepts its form.
        if (self.stack.describe() or {}).get("StackStatus") in GOOD_STATUSES:
            kept = variant_in(self.stack.deployed_template())
        return variants_to_try(
            self.session.client("stepfunctions"),
            lambda variant: definition_in(build_template(self.environment, variant)),
            kept,
        )

    def _is_connected(self) -> bool:
        stack = self.stack.describe() or {}
        return any(
            one["ParameterKey"] == "FunctionArn" and one["ParameterValue"]
            for one in stack.get("Parameters", ())
        )

    def function(self) -> dict | None:
        """Returns the function's configuration; None when there is no function."""
        client = self.session.client("lambda")
        try:
            return client.get_function_configuration(FunctionName=self.function_name)
        except client.exceptions.ResourceNotFoundException:
            return None

    def _set_variable(self, function: dict, name: str, value: str) -> None:
        variables = function["Environment"]["Variables"] | {name: value}
        self._configure(Environment={"Variables": variables})

    def _configure(self, **settings: object) -> None:
        client = self.session.client("lambda")
        client.get_waiter("function_updated_v2").wait(FunctionName=self.function_name)
        client.update_function_configuration(FunctionName=self.function_name, **settings)
        client.get_waiter("function_updated_v2").wait(FunctionName=self.function_name)

    def _public_url(self) -> str | None:
        """Returns the address of the bar for phones; None until there is an API.

        A team with a CDN or a base path in front sets PUBLIC_URL itself.
        """
        if given := self.settings.get("aws_environment_variables", {}).get("PUBLIC_URL"):
            return given.rstrip("/")
        if domain := self.settings.get("domain"):
            return f"https://{domain}"
        api_id = self._api_id()
        if not api_id:
            return None
        api = self.session.client("apigatewayv2").get_api(ApiId=api_id)
        return f"{api['ApiEndpoint']}/{self.stage}"

    def _api_id(self) -> str:
        """Returns the id of the API that Zappa has made in a stack named after the
        function, or "".
        """
        client = self.session.client("cloudformation")
        try:
            resource = client.describe_stack_resource(
                StackName=self.function_name, LogicalResourceId="ApiV2"
            )
        except client.exceptions.ClientError:
            return ""
        return resource["StackResourceDetail"].get("PhysicalResourceId", "")

    # Removal

    def what_is_left(self, with_data: bool) -> tuple[list[str], list[str]]:
        """Returns what `remove` would delete now, and what it would keep."""
        kept = self._kept()
        goes = [f"the stack {self.stack.name}"] if self.stack.describe() else []
        goes += [f"{key} in the bucket" for key in self._objects()]
        if with_data:
            return goes + [name for name, _ in kept], []
        return goes, [name for name, _ in kept]

    def remove(self, with_data: bool) -> None:
        """Deletes the stack and what deployments left in the
        bucket; with_data: deletes everything.
        """
        kept, has_bucket = self._kept(), self._has_bucket()
        if has_bucket:
            self._turn.take()
        self.stack.delete()
        s3, bucket = self.session.client("s3"), self.settings["s3_bucket"]
        for key in self._objects():
            s3.delete_object(Bucket=bucket, Key=key)
        if has_bucket:
            self._turn.give_back()
        if with_data:
            for _, delete in kept:
                delete()

    def _kept(self) -> list[tuple[str, Callable[[], object]]]:
        """Returns what outlives the stack: a name each, and a function that deletes it for good."""
        client = cache(self.session.client)
        resources = json.loads(build_template(self.environment))["Resources"]
        found = left_behind.find(resources, client)
        kept = []
        for key, identifier in found.items():
            kind = resources[key]["Type"]
            if kind == left_behind.TABLE:
                delete = partial(client("dynamodb").delete_table, **identifier)
                kept.append((f"the table {identifier['TableName']}", delete))
            elif kind == left_behind.POOL:
                name = resources[key]["Properties"]["UserPoolName"]
                delete = partial(client("cognito-idp").delete_user_pool, **identifier)
                kept.append((f"the accounts in {name}", delete))
        if self._key_versions():
            delete = partial(client("ssm").delete_parameter, Name=self.secret_key_name)
            kept.append((f"the secret key {self.secret_key_name}", delete))
        if self._has_bucket() and set(self._all_objects()) <= set(self._objects()):
            bucket = self.settings["s3_bucket"]
            delete = partial(client("s3").delete_bucket, Bucket=bucket)
            kept.append((f"the bucket {bucket}", delete))
        return kept

    def _objects(self) -> list[str]:
        """Returns the packages and templates that an interrupted deployment of this
        stage has left.
        """
        return [key for key in self._all_objects() if key.startswith(f"{self.function_name}-")]

    def _all_objects(self) -> list[str]:
        return self._bucket.objects() if self._has_bucket() else []

    def _has_bucket(self) -> bool:
        """Returns whether there is a bucket that is ours; a foreign
        one holds nothing of this stage.
        """
        try:
            return self._bucket.exists()
        except StackError:
            return False

    # The secret key

    @property
    def secret_key_name(self) -> str:
        """The name of the parameter with the key; its earlier versions are the earlier keys."""
        return f"/{self.prefix.rstrip('-')}/secret-key"

    def _secret_keys(self) -> dict[str, str]:
        """Returns the key, which it makes the first time, and the keys that were
        replaced recently.
        """
        versions = self._key_versions()
        if not versions:
            self.session.client("ssm").put_parameter(
                Name=self.secret_key_name,
                Description="Signs the bar's QR codes and cookies; see docs/security.md",
                Type="SecureString",
                Value=secrets.token_urlsafe(48),
            )
            versions = self._key_versions()
        current, *older = versions
        good, replaced_at = [], current["LastModifiedDate"]
        for one in older:
            if datetime.now(UTC) - replaced_at > OLD_KEYS_ARE_GOOD_FOR:
                break
            good.append(one["Value"])
            replaced_at = one["LastModifiedDate"]
        return {"SECRET_KEY": current["Value"], "SECRET_KEY_FALLBACKS": " ".join(good)}

    def _key_versions(self) -> list[dict]:
        """Returns the versions of the key, newest first."""
        client = self.session.client("ssm")
        pages = client.get_paginator("get_parameter_history").paginate(
            Name=self.secret_key_name, WithDecryption=True
        )
        try:
            versions = [one for page in pages for one in page["Parameters"]]
        except client.exceptions.ParameterNotFound:
            return []
        return sorted(versions, key=lambda one: one["Version"], reverse=True)
