"""Puts the bar's AWS side into the emulator: the function, then the stack that points to it.

Slow imports (boto3, the template) are in the functions that need them, so that they run while the
earlier processes are starting: that halves the time of a start.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from scripts.aws.cloudformation import GOOD_STATUSES, CloudStack
from scripts.aws.template import build_template
from scripts.environment import ROOT
from scripts.local import folder

FUNCTION = "serverlesspresso-local"
STACK = "serverlesspresso"
FUNCTION_ROLE_ARN = "arn:aws:iam::000000000000:role/serverlesspresso-function"
REGION = "us-east-1"
TEMPLATE_HASH_TAG = "template-hash"
BUCKET = "serverlesspresso-templates"


def make_clients(endpoint_url: str, key: str, secret: str) -> Callable:
    """Returns a function that makes the emulator's client of a service, once for each service."""
    import boto3
    import botocore.session
    from botocore.config import Config

    # The person's own AWS profile must have no effect here.
    ours = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
    session = boto3.session.Session(key, secret, region_name=REGION, botocore_session=ours)
    config = Config(proxies={}, retries={"total_max_attempts": 3})
    return cache(partial(session.client, endpoint_url=endpoint_url, config=config))


def deploy(
    client: Callable,
    events_url: str,
    environment: dict[str, str],
    settings: dict[str, str],
    record: Path,
) -> None:
    """Deploys the bar into the emulator; does nothing when everything is already there.

    The record says which template came from which sources, so that most starts need not build the
    template. A tag of the stack says which template is deployed.
    """
    function = find_function(client("lambda"))
    if function:
        update_function(client("lambda"), function, events_url)
    cloud_stack = CloudStack(client, STACK, BUCKET)
    stack = cloud_stack.describe()
    inputs = hash_of_inputs(settings)
    last = folder.read_object(record)
    is_known = last.get("inputs") == inputs
    if function and stack and is_known and is_current(stack, last.get("template")):
        return
    template = build_template(environment)
    client("s3").create_bucket(Bucket=BUCKET)
    if not function:
        # The stack brings the role. What points to the function can only be made after it.
        stack = cloud_stack.put(template, parameters(""), {})
        function = create_function(client("lambda"), events_url)
    arn = function["FunctionArn"]
    wanted = hashlib.sha256(f"{arn}\n{template}".encode()).hexdigest()
    if not (stack and is_current(stack, wanted)):
        cloud_stack.put(template, parameters(arn), {TEMPLATE_HASH_TAG: wanted})
    folder.put(record, {"inputs": inputs, "template": wanted})


def parameters(function_arn: str) -> dict[str, str]:
    return {"FunctionArn": function_arn, "FunctionName": FUNCTION}


def hash_of_inputs(settings: dict[str, str]) -> str:
    """Returns a hash that changes whenever the template may have changed.

    Hashing the sources is quicker than building the template.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for package in ("domain", "workflows", "webapp"):
        for file in sorted((ROOT / package).rglob("*.py")):
            digest.update(str(file).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def find_function(client) -> dict | None:
    try:
        return client.get_function_configuration(FunctionName=FUNCTION)
    except client.exceptions.ResourceNotFoundException:
        return None


def create_function(client, url: str) -> dict:
    """Makes the function that stands for Zappa's; its events are posted to our web process."""
    return client.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.12",
        Handler="unused.handler",
        Timeout=30,
        Code={"ZipFile": minimal_zip()},
        **function_settings(url),
    )


def update_function(client, function: dict, url: str) -> None:
    wanted = function_settings(url)
    if any(function.get(name) != value for name, value in wanted.items()):
        client.update_function_configuration(FunctionName=FUNCTION, **wanted)


def function_settings(url: str) -> dict:
    return {
        "Environment": {"Variables": {"MINISTACK_LAMBDA_PROXY_URL": url}},
        "Role": FUNCTION_ROLE_ARN,
    }


def minimal_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "unused.py",
            "def handler(event, context):\n    raise RuntimeError('runs in the web process')\n",
        )
    return file.getvalue()


def is_current(stack: dict, wanted: str) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    return tags.get(TEMPLATE_HASH_TAG) == wanted and stack["StackStatus"] in GOOD_STATUSES
