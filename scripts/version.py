"""The version of this clone.

Uses the standard library only, because it is imported before the environment exists.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def version() -> str:
    """Returns the version from pyproject.toml, the only file that holds it."""
    return tomllib.loads(_PROJECT.read_text())["project"]["version"]
