"""zappa_settings.json as our own commands read and write it."""

from __future__ import annotations

import json

from scripts.environment import ROOT
from scripts.machine import StackError

SETTINGS_FILE = ROOT / "zappa_settings.json"


def read_settings() -> dict:
    """All stages, as the file has them."""
    try:
        return json.loads(SETTINGS_FILE.read_text())
    except (OSError, ValueError) as error:
        raise StackError(f"{SETTINGS_FILE.name} cannot be read: {error}.") from None


def write_settings(settings: dict) -> None:
    """The same form every time, so that version control shows only what has changed."""
    new = SETTINGS_FILE.with_suffix(".new")
    new.write_text(json.dumps(settings, indent=4, ensure_ascii=False) + "\n")
    new.replace(SETTINGS_FILE)


def stage_settings(settings: dict, stage: str) -> dict:
    """A stage with what it extends, as Zappa merges them."""
    own = settings.get(stage)
    if own is None or "extends" not in own:
        stages = [name for name, one in settings.items() if "extends" in one]
        raise StackError(
            f"There is no stage {stage} in {SETTINGS_FILE.name}; there are {', '.join(stages)}."
        )
    return settings[own["extends"]] | own
