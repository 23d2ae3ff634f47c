"""docs/security.md names tests that exist, for every attack, and the rights that the roles have."""

from __future__ import annotations

import json
import re
from pathlib import Path

from scripts.commands.generate_rights import BEGIN, END, ROLES, section
from webapp.stack import build_template_body

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
ATTACKS = [f"A{number}" for number in range(1, 19)]


def _rows() -> dict[str, str]:
    """The rows of the attack table, by the attack's number."""
    return {found[1]: found[0] for found in re.finditer(r"^\| (A\d+) .*\|$", PAGE, re.MULTILINE)}


def _tests() -> set[str]:
    """The names of all tests, those of methods included."""
    return {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }


def test_each_attack_has_its_row():
    assert list(_rows()) == ATTACKS


def test_each_attack_names_a_test_or_says_why_there_is_none():
    for attack, row in _rows().items():
        proof = row.rstrip("| ").rpartition(" | ")[2]
        assert "`test" in proof or proof.startswith("none: "), attack


def test_each_test_that_is_named_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 10
    assert named - _tests() == set()
    for path in re.findall(r"`(tests/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path


def test_the_rights_on_the_page_are_those_of_the_template():
    begin, end = PAGE.index(BEGIN), PAGE.index(END) + len(END)
    assert PAGE[begin:end] == section(), "run scripts/generate_rights, review the diff, commit it"


def test_what_shows_task_tokens_is_said_in_the_text_as_well():
    """The sentences beside the tables name each statement that reaches a task token."""
    shows = re.findall(r"^\| (\w+) \|.* (?:one|every) order's[^|]*\|$", section(), re.MULTILINE)
    sentences = PAGE.split("### Why one role reads task tokens")[1].split("\n#")[0]
    assert shows
    assert [name for name in shows if f"`{name}`" not in sentences] == []


def test_every_role_of_the_template_has_its_table():
    resources = json.loads(build_template_body(300, 900))["Resources"]
    roles = {name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"}
    assert roles == set(ROLES)
