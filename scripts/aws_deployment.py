"""One stage of the bar on AWS: what stands around the function that Zappa makes.

Nothing here remembers anything between commands: each step looks at what AWS has and does the rest,
so that a command that was interrupted can be run again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from scripts.cloudformation import CloudStack
from scripts.deployment import build_template
from scripts.machine import StackError

OLD_KEYS_ARE_GOOD_FOR = timedelta(days=30)
"""The life of a customer's cookie."""

OUR_LINES_ONLY = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
"""Without Lambda's own three lines for each call, which would be most of the log's bill."""


@dataclass
class AwsDeployment:
    """A stage of zappa_settings.json in the account that the caller's credentials open.

    session: a boto3 session. zappa: Zappa's own object, for the parts that Zappa makes.
    """

    stage: str
    function_name: str
    settings: Mapping
    session: object
    zappa: object
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cli) -> AwsDeployment:
        """The stage that a running Zappa command is about. Raises StackError when it is not set up."""
        settings = cli.stage_config
        stage = cli.api_stage
        for name in ("aws_region", "s3_bucket"):
            if not settings.get(name):
                raise StackError(
                    f"zappa_settings.json names no {name} yet. Run this first: scripts/deploy init"
                )
        prefix = cli.aws_environment_variables.get("STACK_PREFIX")
        if not prefix or settings.get("role_name") != f"{prefix}function":
            raise StackError(
                f"The stage {stage} is not one to deploy: it needs a STACK_PREFIX in"
                " aws_environment_variables, and role_name must be that prefix and “function”."
            )
        if cli.zappa.aws_region != settings["aws_region"]:
            raise StackError(
                f"AWS_DEFAULT_REGION says {cli.zappa.aws_region}, zappa_settings.json"
                f" {settings['aws_region']}. Unset the one or change the other."
            )
        return cls(
            stage,
            cli.lambda_name,
            settings,
            cli.zappa.boto_session,
            cli.zappa,
            dict(cli.aws_environment_variables),
        )

    @property
    def prefix(self) -> str:
        """Begins the names of all that belongs to this stage."""
        return self.environment["STACK_PREFIX"]

    @cached_property
    def stack(self) -> CloudStack:
        """The stage's own stack; Zappa keeps the API in one named after the function."""
        clients = [self.session.client(name) for name in ("cloudformation", "s3", "dynamodb")]
        return CloudStack(*clients, f"{self.function_name}-bar", self.settings["s3_bucket"])

    # Before Zappa's own work

    def remove_what_was_interrupted(self) -> None:
        """A first deployment that did not get to its end is begun anew: nobody uses it yet."""
        function = self._function()
        if function is None or self._is_connected():
            return
        print("An earlier deployment was interrupted; beginning again.")
        self.zappa.delete_stack(self.function_name, wait=True)
        self.zappa.delete_lambda_function(self.function_name)

    def prepare(self) -> dict[str, str]:
        """Makes bucket and stack, as far as that goes without a function; the function's variables."""
        self._make_bucket()
        self.environment |= self._secret_keys()
        if url := self._public_url():
            self.environment["PUBLIC_URL"] = url
        function = self._function()
        self._put_stack(function["FunctionArn"] if function else "")
        return self.environment

    # After it

    def connect(self) -> None:
        """Tells the function its address, and points rules, mappings and triggers at it."""
        function = self._function()
        if function is None:
            raise StackError(f"There is no function {self.function_name}; run zappa deploy again.")
        url = self._public_url()
        if function["Environment"]["Variables"].get("PUBLIC_URL") != url:
            self._set_variable(function, "PUBLIC_URL", url)
        logging = function.get("LoggingConfig", {})
        if any(logging.get(name) != value for name, value in OUR_LINES_ONLY.items()):
            self._configure(LoggingConfig=OUR_LINES_ONLY)
        self._put_stack(function["FunctionArn"])

    def open_bar(self) -> list[str]:
        """Makes the default shop at the first time; what to tell the person at the terminal."""
        made = self.ask_function("create-shop")
        url = self._public_url()
        lines = [f"The bar is open: {url}/"]
        if made["created"]:
            link = self.ask_function("sign-in-link", role="admin")["link"]
            lines.append(f"Sign in as its admin, once and within 15 minutes: {link}")
        else:
            lines.append(f"Sign-in links: scripts/staff link --stage {self.stage} --role ROLE")
        return lines

    def ask_function(self, job: str, **asked: str) -> dict:
        """Has the function do an operator's job; raises StackError when it does not."""
        answer = self.session.client("lambda").invoke(
            FunctionName=self.function_name, Payload=json.dumps({"operator_job": job, **asked})
        )
        result = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer or not isinstance(result, dict):
            reason = result.get("errorMessage", result) if isinstance(result, dict) else result
            raise StackError(
                f"The function does not start: {reason}. Its log says more:"
                f" zappa tail {self.stage} --since 10m"
            )
        if refused := result.get("refused"):
            raise StackError(refused)
        return result

    # Parts

    def _put_stack(self, function_arn: str) -> None:
        template = build_template(self.environment)
        known = set(json.loads(template)["Parameters"])
        parameters = {
            **self.settings.get("stack_parameters", {}),
            "FunctionArn": function_arn,
            "FunctionName": self.function_name,
        }
        if unknown := set(parameters) - known:
            raise StackError(
                f"stack_parameters in zappa_settings.json: there is no {min(unknown)};"
                f" there are {', '.join(sorted(known))}."
            )
        self.stack.put(template, parameters, self.settings.get("tags", {}))

    def _is_connected(self) -> bool:
        stack = self.stack.describe() or {}
        return any(
            one["ParameterKey"] == "FunctionArn" and one["ParameterValue"]
            for one in stack.get("Parameters", ())
        )

    def _function(self) -> dict | None:
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
        """Where phones find the bar; None until there is an API."""
        if domain := self.settings.get("domain"):
            return f"https://{domain}"
        client = self.session.client("cloudformation")
        try:
            resource = client.describe_stack_resource(
                StackName=self.function_name, LogicalResourceId="ApiV2"
            )
        except client.exceptions.ClientError:
            return None
        api_id = resource["StackResourceDetail"]["PhysicalResourceId"]
        api = self.session.client("apigatewayv2").get_api(ApiId=api_id)
        return f"{api['ApiEndpoint']}/{self.stage}"

    def _make_bucket(self) -> None:
        client = self.session.client("s3")
        name = self.settings["s3_bucket"]
        try:
            client.head_bucket(Bucket=name)
            return
        except client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in ("404", "NoSuchBucket"):
                raise StackError(
                    f"The bucket {name} is not yours to use ({code}). Choose another name:"
                    " scripts/deploy init"
                ) from None
        region = self.settings["aws_region"]
        where = (
            {}
            if region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        client.create_bucket(Bucket=name, **where)
        client.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )

    # The secret key

    @property
    def secret_key_name(self) -> str:
        """The parameter that holds the key; its earlier versions are the keys before it."""
        return f"/{self.prefix.rstrip('-')}/secret-key"

    def _secret_keys(self) -> dict[str, str]:
        """The key, made at the first time, and the ones it has replaced of late."""
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
        """Newest first."""
        client = self.session.client("ssm")
        pages = client.get_paginator("get_parameter_history").paginate(
            Name=self.secret_key_name, WithDecryption=True
        )
        try:
            versions = [one for page in pages for one in page["Parameters"]]
        except client.exceptions.ParameterNotFound:
            return []
        return sorted(versions, key=lambda one: one["Version"], reverse=True)
