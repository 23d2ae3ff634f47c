"""What pages are made of is written as `npm run format` writes it, and its linter finds nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from scripts.environment import ROOT, node_environment

PRETTIER = "node_modules/prettier/bin/prettier.cjs"
BIOME = "node_modules/@biomejs/biome/bin/biome"
_COMPLAINT = re.compile(r"^::\w+ title=(.*?),file=(.*?),line=(\d+),.*?::(.*)$", re.MULTILINE)

_BAD = {
    "packed.css": ("a { color: red; top: 0 }\n", "format"),
    "doubled.css": ("a {\n  top: 0;\n  top: 1px;\n}\n", "noDuplicateProperties"),
    "packed.js": ("const a = 1; export { a }\n", "format"),
    "unused.js": ("const unused = 1\n", "noUnusedVariables"),
}


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


def test_a_packed_and_a_broken_template_are_found(tmp_path):
    (tmp_path / "packed.html").write_text("<ul><li>{{ a }}</li>{% if b %}c{% endif %}</ul>")
    (tmp_path / "broken.html").write_text("<p></b>")
    options = ["--config", ROOT / ".prettierrc.json", "--plugin", "prettier-plugin-jinja-template"]
    found = unformatted_templates(*options, "--parser", "jinja-template", tmp_path)
    assert any("packed.html" in one for one in found), found
    assert any("broken.html" in one for one in found), found


def complaints(*paths: str | Path) -> list[str]:
    """What is wrong with stylesheets and scripts: the file and line, the rule and its sentence."""
    done = run(BIOME, "check", "--reporter=github", "--max-diagnostics=none", *paths)
    found = _COMPLAINT.findall(done.stdout)
    assert found or not done.returncode, done.stderr
    return [f"{file}:{line} {rule}: {sentence}" for rule, file, line, sentence in found]


def test_every_stylesheet_and_script_is_formatted_and_passes_the_linter():
    found = complaints()
    assert found == [], "`npm run format` mends what it can:\n" + "\n".join(found)


def test_packed_and_wrong_stylesheets_and_scripts_are_found(tmp_path):
    settings = (ROOT / "biome.jsonc").read_text()
    settings = re.sub(r'"includes": \[.*?\]', '"includes": ["**"]', settings)
    (tmp_path / "biome.jsonc").write_text(settings)
    for name, (text, _) in _BAD.items():
        (tmp_path / name).write_text(text)
    found = complaints(f"--config-path={tmp_path}", tmp_path)
    for name, (_, rule) in _BAD.items():
        assert any(name in one and rule in one for one in found), (name, found)
