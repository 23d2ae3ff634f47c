"""The libraries of extensions: each extension lists its own in its requirements.txt.

They are installed wherever the extension is used: by scripts/serve, by scripts/zappa, by the tests,
and in the container image by: python -m scripts.extension_libraries

Uses the standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTENSIONS = ROOT / "webapp" / "extensions"
NOTHING_ELSE = "--no-deps"
"""The list names every package, so pip must not add what a library only recommends."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def names_in(value: str) -> list[str]:
    """Returns the names in an EXTENSIONS variable, split as webapp/settings.py splits them."""
    return list(dict.fromkeys(value.replace(",", " ").split()))


def requirement_files(names: Iterable[str] | None = None) -> list[Path]:
    """Returns the requirements files of these extensions, or of all of them."""
    files = sorted(EXTENSIONS.glob("*/requirements.txt"))
    return [file for file in files if names is None or file.parent.name in names]


def packages(names: Iterable[str]) -> set[str]:
    """Returns the packages that these extensions list."""
    lines = (line for file in requirement_files(names) for line in file.read_text().splitlines())
    found = (_NAME.match(line) for line in lines)
    return {re.sub(r"[-_.]+", "-", one.group()).lower() for one in found if one}


def of_all_stages(settings: Path) -> list[str]:
    """Returns the extensions that any stage of zappa_settings.json names."""
    try:
        stages = json.loads(settings.read_text())
    except (OSError, ValueError):
        return []
    variables = (stage.get("aws_environment_variables", {}) for stage in stages.values())
    return [name for one in variables for name in names_in(one.get("EXTENSIONS", ""))]


def of_package(settings_module: str) -> list[str]:
    """Returns the extensions of the stage for which Zappa has written a zappa_settings.py."""
    for node in ast.parse(settings_module).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ENVIRONMENT_VARIABLES":
            return names_in(ast.literal_eval(node.value).get("EXTENSIONS", ""))
    return []


if __name__ == "__main__":
    files = requirement_files(of_package((ROOT / "zappa_settings.py").read_text()))
    command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", NOTHING_ELSE]
    for file in files:
        command += ["-r", str(file)]
    if files:
        sys.exit(subprocess.run(command).returncode)
