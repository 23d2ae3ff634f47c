"""What tools find wrong with the code without running it. Each failure is the tool's own words."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def _found_by(tool: str, *arguments: str) -> str:
    """What the tool says; empty when it is content."""
    done = subprocess.run([BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True)
    return f"{tool} {' '.join(arguments)}\n{done.stdout}{done.stderr}" if done.returncode else ""


def _expect_nothing(found: str) -> None:
    if found:
        pytest.fail(found, pytrace=False)


def test_the_linter_finds_nothing():
    _expect_nothing(_found_by("ruff", "check", "--quiet"))


def test_the_formatter_would_change_nothing():
    _expect_nothing(_found_by("ruff", "format", "--check", "--quiet"))


def test_the_types_fit():
    _expect_nothing(_found_by("mypy", "--no-error-summary"))


def _commands() -> list[str]:
    """The commands that stop an old Python with a line of advice."""
    return sorted(
        str(path.relative_to(ROOT))
        for path in (ROOT / "scripts").iterdir()
        if path.is_file() and not path.suffix and "import oldest_python" in path.read_text()
    )


def test_an_old_python_can_read_the_commands_up_to_its_advice():
    commands = _commands()
    assert "scripts/serve" in commands
    oldest_that_ruff_knows = ["--isolated", "--target-version", "py37", "--select", "E9"]
    _expect_nothing(_found_by("ruff", "check", "--quiet", *oldest_that_ruff_knows, *commands))


def test_the_checks_read_the_commands_as_well():
    seen = subprocess.run(
        [BIN / "ruff", "check", "--show-files"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    assert {str(ROOT / command) for command in _commands()} <= set(seen)


def test_a_check_that_finds_something_fails_with_the_tools_words(tmp_path):
    (tmp_path / "careless.py").write_text("import os\n")
    found = _found_by("ruff", "check", "--isolated", str(tmp_path))
    assert "`os` imported but unused" in found
    with pytest.raises(pytest.fail.Exception, match="imported but unused"):
        _expect_nothing(found)
