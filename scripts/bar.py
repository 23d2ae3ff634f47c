"""Finds the bar that an operator's command is about: the one on this machine, or a stage on AWS."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from scripts import environment
from scripts.aws.zappa_settings import function_name, read_settings, stage_settings
from scripts.local import deployment
from scripts.machine import StackError

PREFIX = "serverlesspresso-"


@dataclass(frozen=True)
class Bar:
    """The names of a bar's resources, and clients for it.

    client: makes the boto3 client of a service; on AWS with the caller's own credentials.
    environment: variables with which PynamoDB finds the same bar.
    """

    prefix: str
    function: str
    region: str
    client: Callable
    stage: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def chosen_bar(chosen: argparse.Namespace) -> Bar:
    """Returns the bar that these options choose. Raises StackError when there is no such stage."""
    if chosen.stage:
        return on_aws(chosen.stage, chosen.region)
    return running_here(chosen.data)


def running_here(data: Path) -> Bar:
    """Returns the bar on this data folder; ends the process with advice when none is running."""
    return local(environment.running_stack_or_exit(data, environment.OR_A_STAGE))


def local(running: Mapping[str, str]) -> Bar:
    """Returns the bar of a LocalStack with this environment."""
    client = deployment.make_clients(
        running["AWS_ENDPOINT_URL"], running["AWS_ACCESS_KEY_ID"], running["AWS_SECRET_ACCESS_KEY"]
    )
    region = running["AWS_DEFAULT_REGION"]
    return Bar(PREFIX, deployment.FUNCTION, region, client, environment=running)


def on_aws(stage: str, region: str | None) -> Bar:
    """Returns the bar of a stage of zappa_settings.json. Raises StackError when there is none."""
    import boto3

    settings = stage_settings(read_settings(), stage)
    profile = settings.get("profile_name")
    session = boto3.Session(profile_name=profile, region_name=region or settings.get("aws_region"))
    if not session.region_name:
        raise StackError(f"The settings of {stage} name no region. Name it with --region.")
    variables = {"AWS_DEFAULT_REGION": session.region_name}
    return Bar(
        settings.get("aws_environment_variables", {}).get("STACK_PREFIX", PREFIX),
        function_name(settings, stage),
        session.region_name,
        cache(session.client),
        stage,
        variables | ({"AWS_PROFILE": profile} if profile else {}),
    )
