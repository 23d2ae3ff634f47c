"""What pages are made of is written as `npm run format` writes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.environment import ROOT, node_environment

PRETTIER = "node_modules/prettier/bin/prettier.cjs"


def run(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess:
    """One of the front-end tools, in the project's folder."""
    assert (ROOT / tool).exists(), f"{tool} is missing: `npm ci --ignore-scripts` installs it."
    return subprocess.run(
        ["node", tool, *arguments], cwd=ROOT, env=node_environment(), capture_output=True, text=True
    )


def unformatted_templates(*paths: str | Path) -> list[str]:
    """The templates that the formatter would write otherwise, or why it cannot read them."""
    done = run(PRETTIER, "--list-different", *paths)
    return done.stdout.split() + done.stderr.splitlines()


def test_every_template_is_formatted():
    found = unformatted_templates("templates/**/*.html")
    assert found == [], f"`npm run format` would change {', '.join(found)}"


@pytest.mark.parametrize("template", ["<ul><li>{{ a }}</li>{% if b %}c{% endif %}</ul>", "<p></b>"])
def test_a_packed_or_broken_template_is_found(tmp_path, template):
    file = tmp_path / "packed.html"
    file.write_text(template)
    options = ["--config", ROOT / ".prettierrc.json", "--plugin", "prettier-plugin-jinja-template"]
    found = unformatted_templates(*options, "--parser", "jinja-template", file)
    assert "packed.html" in found[0]
