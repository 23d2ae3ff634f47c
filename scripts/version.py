"""The version of this clone. Standard library only: it is read before the environment exists."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def version() -> str:
    """As pyproject.toml says it, the one place where it stands."""
    return tomllib.loads(_PROJECT.read_text())["project"]["version"]
