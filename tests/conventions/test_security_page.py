"""docs/security.md names tests that exist, for every attack that reliability.md lists."""

from __future__ import annotations

import re
from pathlib import Path

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
