"""The files that editors and hooks read say the same as the project's own settings."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_hooks_run_commands_of_this_clone_and_fetch_nothing():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    repositories = yaml.safe_load(text)["repos"]
    assert repositories and {one["repo"] for one in repositories} == {"local"}
    assert "://" not in text
    for hook in (hook for one in repositories for hook in one["hooks"]):
        assert hook["language"] == "system"
        assert (ROOT / hook["entry"].split()[0]).is_file()
        assert "additional_dependencies" not in hook


def test_editors_and_the_linter_agree_on_lines_and_indents():
    editor = configparser.ConfigParser()
    editor.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]
    assert editor.getint("*", "max_line_length") == ruff["line-length"]
    assert editor.getint("*.py", "indent_size") == ruff.get("indent-width", 4)
