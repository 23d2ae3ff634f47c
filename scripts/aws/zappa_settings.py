"""Reads and writes zappa_settings.json for our own commands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from scripts.environment import ROOT
from scripts.machine import StackError

_STAGE = re.compile("[a-z][a-z0-9]{0,15}")
DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
SETTINGS_FILE = ROOT / "zappa_settings.json"


def read_settings() -> dict:
    """Returns all stages, as they are in the file. Raises StackError when it cannot be read."""
    try:
        return json.loads(SETTINGS_FILE.read_text())
    except (OSError, ValueError) as error:
        raise StackError(f"{SETTINGS_FILE.name} cannot be read: {error}.") from None


def write_settings(settings: dict) -> None:
    """Writes the file always in the same form, so that version control shows only real changes."""
    new = SETTINGS_FILE.with_suffix(".new")
    new.write_text(json.dumps(settings, indent=4, ensure_ascii=False) + "\n")
    new.replace(SETTINGS_FILE)


def stage_settings(settings: dict, stage: str) -> dict:
    """Returns a stage merged with what it extends, as Zappa merges them."""
    own = settings.get(stage)
    if own is None or "extends" not in own:
        stages = [name for name, one in settings.items() if "extends" in one]
        raise StackError(
            f"There is no stage {stage} in {SETTINGS_FILE.name}; there are {', '.join(stages)}."
        )
    return settings[own["extends"]] | own


def function_name(settings: Mapping, stage: str) -> str:
    """Returns the name that Zappa gives to the function of a stage with these settings."""
    from slugify import slugify

    return slugify(f"{settings['project_name']}-{stage}")


def refuse_name_of_api(stage: str) -> None:
    """Raises StackError for v2, which API Gateway would take for its own version."""
    if stage == "v2":
        raise StackError(
            "A stage cannot be called v2, which API Gateway takes for its own version."
        )


def with_new_stage(settings: dict, stage: str) -> dict:
    """Returns the settings with one more stage, which has names of its own. Raises StackError."""
    if stage in settings:
        raise StackError(f"There is a stage {stage} already; leave out --new.")
    if not _STAGE.fullmatch(stage):
        raise StackError(
            "A stage is called by a small letter and up to 15 more small letters and digits, such"
            f" as berlin, not “{stage}”."
        )
    refuse_name_of_api(stage)
    project = settings["base"]["project_name"]
    prefix = f"{project}-{stage}-"
    made = {
        "extends": "base",
        "role_name": f"{prefix}function",
        "aws_environment_variables": {"STACK_PREFIX": prefix},
        "tags": {"application": project, "stage": stage},
    }
    return {**settings, stage: made}
