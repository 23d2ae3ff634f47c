"""Which bar an operator's command is about: the one that runs here, or a stage on AWS."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from functools import cache

from scripts import environment
from scripts.environment import ROOT
from scripts.local import deployment
from scripts.machine import StackError
from scripts.options import DEFAULT_DATA, folder

PREFIX = "serverlesspresso-"
SETTINGS = ROOT / "zappa_settings.json"


@dataclass(frozen=True)
class Bar:
    """Names of what belongs to a bar, and clients for it."""

    prefix: str
    function: str
    region: str
    environment: dict[str, str]

    @cache
    def client(self, service: str):
        """A boto3 client; on AWS with the caller's own credentials."""
        import boto3

        local = self.environment
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=local.get("AWS_ENDPOINT_URL"),
            aws_access_key_id=local.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=local.get("AWS_SECRET_ACCESS_KEY"),
        )

    __hash__ = object.__hash__


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose a bar."""
    parser.add_argument("--stage", help="a stage of zappa_settings.json; without it, the local bar")
    parser.add_argument("--region", help="the stage's region, if the settings do not name it")
    parser.add_argument(
        "--data", type=folder, default=DEFAULT_DATA, metavar="DIR", help="the local bar's folder"
    )


def chosen_bar(chosen: argparse.Namespace) -> Bar:
    """Raises StackError with what to do when there is no such bar."""
    return on_aws(chosen.stage, chosen.region) if chosen.stage else running_here(chosen.data)


def running_here(data) -> Bar:
    running = environment.running_stack(data)
    if running is None:
        raise StackError(
            f"No bar is running with the data folder {data}. Start it with scripts/serve, name its"
            " folder with --data, or name a stage on AWS with --stage."
        )
    return local(running)


def local(running: dict[str, str]) -> Bar:
    """The bar of a LocalStack with this environment."""
    region = running["AWS_DEFAULT_REGION"]
    return Bar(PREFIX, deployment.FUNCTION, region, running)


def on_aws(stage: str, region: str | None) -> Bar:
    settings = _stage_settings(stage)
    region = region or settings.get("aws_region") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise StackError(f"The settings of {stage} name no region. Name it with --region.")
    prefix = settings.get("aws_environment_variables", {}).get("STACK_PREFIX", PREFIX)
    function = f"{settings.get('project_name', 'serverlesspresso')}-{stage}"
    return Bar(prefix, function, region, {})


def _stage_settings(stage: str) -> dict:
    try:
        stages = json.loads(SETTINGS.read_text())
    except OSError:
        raise StackError("There is no zappa_settings.json in this copy of the project.") from None
    if stage not in stages:
        known = ", ".join(name for name in stages if name != "base")
        raise StackError(f"zappa_settings.json has no stage {stage}. It has: {known}.")
    settings = stages[stage]
    if parent := settings.get("extends"):
        return _stage_settings(parent) | settings
    return settings
